import math

import numpy as np
import pytest

from rackfocus.evaluation.autofocus.agreement import Agreement, agreement
from rackfocus.evaluation.autofocus.agreement_table import agreement_rows, mean_row
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusTarget, InputError

VIDEO = AnnotatedVideo("a.mp4", "0" * 64, 300, 400, 100, 10)  # the diagonal is 500


def annotated(*targets: tuple[int, float, float], video: AnnotatedVideo = VIDEO) -> FocusAnnotation:
    return FocusAnnotation(video, tuple(FocusTarget(*target) for target in targets))


def test_by_hand():
    one = annotated((0, 10, 10), (30, 100, 100), (60, 50, 50))
    other = annotated((0, 10, 60), (33, 130, 140), (90, 50, 50))
    found = agreement(one, other)
    # 30 and 33 are one, 3 frames of 10 a second; 60 and 90 are 3 s apart. Places: 50 and 50 of 500.
    assert found == Agreement(1, 1, 1, 9.0, 0.1, found.focal_levels)
    assert math.isnan(found.focal_levels)
    back = agreement(other, one)
    assert (back.timing_frames, back.apart_share) == (found.timing_frames, found.apart_share)


def test_with_oneself():
    one = annotated((0, 10, 10), (30, 100, 100))
    assert agreement(one, one, focal_disparity=(np.ones(100), np.ones(100))) == Agreement(1, 0, 0, 0, 0, 0)


def test_the_tolerance():
    one, other = annotated((30, 1, 1)), annotated((40, 1, 1))
    assert agreement(one, other, tolerance_s=1.0).matched == 1
    assert agreement(one, other, tolerance_s=0.9).matched == 0


def test_focal_levels_are_the_mean_over_frames():
    one = annotated((0, 10, 10))
    curves = np.zeros(100), np.repeat([0.0, 3.0], 50)
    assert agreement(one, one, focal_disparity=curves).focal_levels == pytest.approx(1.5 / (400 / 384))


def test_only_decisions_that_count_are_compared():
    weak = FocusTarget(50, 1, 1, source="action")
    assert agreement(FocusAnnotation(VIDEO, (weak,)), annotated()).only_one == 1
    # A user's outranks it.
    assert agreement(FocusAnnotation(VIDEO, (FocusTarget(0, 1, 1), weak)), annotated()).only_one == 0


def test_nothing_in_common():
    found = agreement(annotated(), annotated((30, 1, 1)))
    assert (found.matched, found.only_one, found.only_other) == (0, 0, 1)
    assert math.isnan(found.timing_frames)
    assert math.isnan(found.apart_share)


def test_different_videos():
    other = annotated(video=AnnotatedVideo("b.mp4", "1" * 64, 300, 400, 100, 10))
    with pytest.raises(InputError, match=r"different videos, a\.mp4 and b\.mp4"):
        agreement(annotated(), other)
    with pytest.raises(InputError, match="No video is annotated by both"):
        agreement_rows({"a": annotated()}, {"a": other})


def test_a_table_of_those_that_both_annotated():
    second = AnnotatedVideo("b.mp4", "1" * 64, 300, 400, 100, 10)
    one = {"a": annotated((30, 1, 1)), "b": annotated((20, 1, 1), video=second)}
    other = {"x": annotated((34, 1, 1))}
    rows = agreement_rows(one, other)
    assert [(row["video"], row["|Δt|"], row["matched"]) for row in rows] == [("a", 12, 1)]
    assert mean_row(rows)["|Δt|"] == 12
    assert mean_row(rows)["video"] == "mean of 1"
