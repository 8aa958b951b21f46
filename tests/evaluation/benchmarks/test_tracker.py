"""Figures of a tracker whose boxes are known."""

import cv2
import numpy as np
import pytest

from rackfocus.evaluation.benchmarks.tracker import markdown, measure_tracker, otb_sequence, overlaps
from rackfocus.focus.trackers.tracker import Tracked
from rackfocus.types import InputError


class Scripted:
    def __init__(self, *answers):
        self.answers = iter(answers)

    def start(self, image, box):
        assert image.shape == (40, 60, 3)
        assert box == (10, 5, 30, 25)

    def follow(self, image, *, is_cut=False):  # noqa: ARG002
        return next(self.answers)


@pytest.fixture
def sequence(tmp_path):
    folder = tmp_path / "still"
    (folder / "img").mkdir(parents=True)
    for number in range(1, 5):
        cv2.imwrite(str(folder / "img" / f"{number:04d}.png"), np.zeros((40, 60, 3), np.uint8))
    (folder / "groundtruth_rect.txt").write_text("10,5,20,20\n10\t5\t20\t20\n10 5 20 20\n10 5 20 20\n")
    return folder


def test_figures(sequence):
    tracker = Scripted(
        Tracked((10, 5, 30, 25), 0.9), Tracked((20, 5, 40, 25), 0.5), Tracked((40, 20, 60, 40), 0.2)
    )
    record = measure_tracker(tracker, "mine", sequence)
    # Overlaps 1, 1, 1/3 and 0: above 20, 20, 7 and 0 of the 21 thresholds.
    assert record.success_auc == pytest.approx((20 + 20 + 7 + 0) / 84)
    assert (record.success_half, record.precision, record.lost, record.wrong) == (0.5, 0.75, 0, 0.25)
    assert (record.sequence, record.tracker, record.frames) == ("still", "mine", 4)
    assert "| still | mine | 0.560 | 0.500 | 0.750 | 0.000 | 0.250 |" in markdown([record])


def test_overlaps_of_apart_and_empty_boxes():
    one = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 5, 5]], float)
    other = np.array([[5, 0, 15, 10], [20, 20, 30, 30], [5, 5, 5, 5]], float)
    np.testing.assert_allclose(overlaps(one, other), [50 / 150, 0, 0])


def test_mistakes(sequence, tmp_path):
    with pytest.raises(InputError, match="holds no sequence of OTB"):
        otb_sequence(tmp_path)
    truth = sequence / "groundtruth_rect.txt"
    truth.write_text("1 2 3 4\n")
    with pytest.raises(InputError, match="has 1 boxes for 4 pictures"):
        otb_sequence(sequence)
    truth.write_text("1 2 x 4\n")
    with pytest.raises(InputError, match="four numbers a line"):
        otb_sequence(sequence)


@pytest.mark.slow
def test_recovery_pays_on_a_camera_that_jumps(shared):
    from rackfocus.focus.trackers.opencv import KCF
    from rackfocus.focus.trackers.recovering import RecoveringTracker

    folder = shared / "data" / "video" / "otb_couple"
    alone, recovering = (
        measure_tracker(tracker, "kcf", folder) for tracker in (KCF(), RecoveringTracker(KCF()))
    )
    assert recovering.success_auc > alone.success_auc + 0.3
    assert recovering.precision > 0.9
    assert recovering.wrong < 0.05
