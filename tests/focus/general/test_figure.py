import numpy as np
import pytest

from rackfocus.focus.general.figure import chest, depths_of, face_figure, nearest_part, upright, whole

WALL, PERSON = 8.0, -2.0


def scene() -> np.ndarray:
    """A wall, and before it somebody of 8 columns and 40 rows; below the ground comes nearer."""
    disparity = np.full((60, 80), WALL)
    disparity[50:] = np.linspace(WALL, -6, 10)[:, None]
    disparity[10:50, 30:38] = PERSON
    return disparity


def test_the_spread_leaves_out_extremes_and_nearness_does_not() -> None:
    depths = depths_of(scene(), (60, 80))
    assert depths.spread == pytest.approx(WALL - PERSON, abs=0.01)
    assert depths.nearness[0, 0] == 0
    assert depths.nearness[-1, 0] == 1
    assert depths.nearness[20, 33] == pytest.approx((WALL - PERSON) / (WALL + 6))


def test_a_face_has_the_figure_below_it() -> None:
    depths = depths_of(scene(), (60, 80))
    box, value = face_figure(np.array([620, 200, 740, 360.0]), depths, (1600, 1200))
    assert value == PERSON
    assert list(box) == [600, 200, 760, 1000]


def test_the_chest_is_below_the_face_unless_something_else_is_there() -> None:
    depths = depths_of(scene(), (60, 80))
    face = np.array([620, 200, 740, 360.0])
    assert list(chest(face, PERSON, depths, (1600, 1200))) == [680, 280 + 2 * 160]
    # Behind a wall, at the edge of the frame, and below it there is no chest.
    assert list(chest(face, WALL, depths, (1600, 1200))) == [680, 280]
    low = face + np.array([0, 700, 0, 700])
    assert list(chest(low, PERSON, depths, (1600, 1200))) == [680, 980]


def test_a_part_is_what_is_nearest_and_in_relief() -> None:
    inside = np.zeros((60, 80), bool)
    inside[10:50, 26:42] = True
    part = nearest_part(inside, depths_of(scene(), (60, 80)))
    assert list(part.near) == [30, 10, 38, 50]
    assert part.disparity == PERSON
    assert part.relief == pytest.approx(1.0, abs=0.01)
    assert 30 <= part.point[0] < 38
    assert part.point[1] == pytest.approx(29.5, abs=1)


def test_a_person_is_all_below_its_nearest_part_and_has_its_point_in_the_chest() -> None:
    disparity = scene()
    disparity[36:50, 30:38] = 1.0
    inside = np.zeros((60, 80), bool)
    inside[2:50, 30:38] = True
    depths = depths_of(disparity, (60, 80))
    person = upright(nearest_part(inside, depths), inside, depths)
    # The legs are farther away; the picture on the wall above the head is of nobody.
    assert list(person.near) == [30, 10, 38, 50]
    assert person.disparity == PERSON
    assert person.point[1] == pytest.approx(21.5, abs=1)


def test_a_picture_on_a_wall_has_no_relief() -> None:
    inside = np.zeros((60, 80), bool)
    inside[10:40, 50:70] = True
    assert whole(inside, depths_of(scene(), (60, 80))).relief == pytest.approx(0, abs=1e-6)
