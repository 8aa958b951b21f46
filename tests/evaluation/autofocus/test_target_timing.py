import numpy as np
import pytest
import torch

from rackfocus.evaluation.autofocus.target_timing import (
    BASELINES,
    TIMELY_FRAMES,
    chance,
    middle,
    most_probable,
    motion_peak,
    motion_rise,
    timed_clips,
    timing,
)
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusTarget


def annotated(*times: int, frames: int = 100, fps: float = 30.0, source: str = "user") -> FocusAnnotation:
    video = AnnotatedVideo("a.mp4", "0" * 64, 64, 36, frames, fps)
    return FocusAnnotation(video, tuple(FocusTarget(t, 1.0, 1.0, source=source) for t in times))


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_a_clip_is_as_long_at_any_rate(fps):
    (clip,) = timed_clips(annotated(0, round(2 * fps), frames=round(100 / 30 * fps), fps=fps))
    assert len(clip.frames) == 20
    assert clip.target == 2 * fps
    apart, timely = timing(middle(torch.zeros(20, 3, 2, 2)), clip.frames, clip.target, fps)
    # The middle one of 20 is the tenth, at 1.5 s.
    assert apart == pytest.approx(15, abs=30 / fps)
    assert timely == (apart <= TIMELY_FRAMES + 1e-6)


def test_clips_with_one_change_with_none_and_with_more():
    # 200 frames: clips begin at 0, 25, 50, 75 and 100, each 100 frames long.
    clips = timed_clips(annotated(0, 30, 110, frames=200))
    assert [(clip.frames[0], clip.target) for clip in clips] == [(0, 30), (50, 110), (75, 110), (100, 110)]
    assert [clip.target for clip in timed_clips(annotated(0, frames=100))] == [None]
    assert [clip.target for clip in timed_clips(annotated(0, 99))] == [99]


def test_a_change_at_the_first_frame_of_a_clip_is_none_in_it():
    clips = timed_clips(annotated(0, 25, frames=125))
    assert [(clip.frames[0], clip.target) for clip in clips] == [(0, 25), (25, None)]


def test_a_short_video_is_one_short_clip():
    (clip,) = timed_clips(annotated(0, 20, frames=40))
    assert (clip.frames, clip.target) == (tuple(range(0, 40, 5)), 20)
    (single,) = timed_clips(annotated(0, frames=1))
    assert (single.frames, single.target) == ((0,), None)


def test_timing_by_hand():
    answer = torch.tensor([0.5, 0.0, 0.0, 0.5])
    # 10 frames a second: 0 and 1.5 s from a change at 1 s, in frames of 30.
    assert timing(answer, (0, 5, 10, 15), 10, 10.0) == (pytest.approx((30 + 15) / 2), 0.5)
    assert timing(most_probable(torch.tensor([0.1, 0.3, 0.3])), (0, 5, 10), 10, 30.0) == (5, 1)


def test_chance_is_the_mean_over_many_throws():
    frames = tuple(range(0, 100, 5))
    expected = timing(chance(torch.zeros(20, 3, 1, 1)), frames, 62, 30.0)
    thrown = np.abs(np.random.default_rng(0).choice(frames, 20000) - 62)
    assert expected == pytest.approx((thrown.mean(), (thrown <= 15).mean()), rel=0.02)


def test_motion():
    frames = torch.zeros(8, 3, 4, 4)
    frames[3:] = 0.4
    frames[6], frames[7] = 0.9, 0.2  # changes of .4 at frame 3, .5 at frame 6 and .7 at frame 7
    assert motion_peak(frames).argmax() == 7
    assert motion_rise(frames).argmax() == 6
    still = torch.zeros(5, 3, 4, 4)
    still[2:] = 1
    assert motion_peak(still).argmax() == motion_rise(still).argmax() == 2


@pytest.mark.parametrize("count", [1, 2, 3, 20])
@pytest.mark.parametrize("name", BASELINES)
def test_every_answer_sums_to_one(name, count, generator):
    answer = BASELINES[name](torch.rand(count, 3, 6, 8, generator=generator))
    assert answer.shape == (count,)
    assert answer.sum().item() == pytest.approx(1)
