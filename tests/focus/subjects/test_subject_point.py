import numpy as np
import pytest

from rackfocus.focus.subjects.subject_point import REACH, STEPS, subject_point
from rackfocus.focus.trackers.subject_colours import SubjectColours

WALL, SHIRT = (40, 90, 160), (240, 240, 240)
BOX = (20.0, 10.0, 60.0, 50.0)


def scene(first=30, end=50):
    """A white subject in these columns of a box, before a wall."""
    image = np.full((60, 80, 3), WALL, np.uint8)
    image[10:50, first:end] = SHIRT
    return image


COLOURS = SubjectColours(scene(), BOX)


def test_amid_the_subject_the_point_stays():
    for point in ((40.0, 30.0), (24.0, 12.0), (59.5, 49.5)):
        assert subject_point(point, BOX, scene(20, 60), COLOURS) == pytest.approx(point)


def test_beside_the_subject_it_is_moved_onto_it():
    x, y = subject_point((34.0, 30.0), BOX, scene(36, 50), COLOURS)
    assert 36 < x < 50
    assert y == pytest.approx(30)
    # From the other side as well.
    assert 36 < subject_point((52.0, 30.0), BOX, scene(36, 50), COLOURS)[0] < 50


def test_the_same_by_brute_force():
    image = scene(36, 50)
    image[np.random.default_rng(0).random(image.shape[:2]) < 0.5] = WALL
    likely = COLOURS.likely(image)
    at = np.array([33.0, 21.0])
    for _ in range(STEPS):
        sums = np.zeros((2, 3))
        for row in range(10, 50):
            for column in range(20, 60):
                x, y = column + 0.5, row + 0.5
                around = np.exp(-0.5 * np.square((np.array([x, y]) - at) / (REACH * 40)).sum())
                sums[0] += around * likely[row, column] * np.array([x, y, 1])
                sums[1] += around * np.array([x, y, 1])
        own, every = sums[:, :2] / sums[:, 2:]
        at += own - every
    assert subject_point((33.0, 21.0), BOX, image, COLOURS) == pytest.approx(at)


def test_a_large_box_is_sampled():
    large, box = scene(36, 52).repeat(8, 0).repeat(8, 1), tuple(8 * edge for edge in BOX)
    x, y = subject_point((8 * 34.0, 8 * 30.0), box, large, COLOURS)
    assert (x / 8, y / 8) == pytest.approx(subject_point((34.0, 30.0), BOX, scene(36, 52), COLOURS), abs=0.2)


@pytest.mark.parametrize("box", [(-30.0, 5.0, -10.0, 20.0), (90.0, 70.0, 99.0, 80.0), BOX])
def test_where_nothing_is_like_the_subject_the_point_stays(box):
    assert subject_point((5.0, 6.0), box, np.full((60, 80, 3), (0, 255, 0), np.uint8), COLOURS) == (5.0, 6.0)
    # A point outside its box, such as a chest below a face, stays where it is relative to it.
    assert subject_point((34.0, 51.0), BOX, scene(36, 50), COLOURS) == (34.0, 51.0)
    assert subject_point((900.0, -900.0), box, scene(), COLOURS) == (900.0, -900.0)
