"""Timing of focus changes: the paper's test of AF-Net (Sec. 6.2), and baselines without learning.

A clip has 100 frames at 30 a second, in which focus changes once: the frame with the highest probability is
the answer, and |Δt| its distance from the truth. Lengths are in seconds, and |Δt| in frames of 30 a second,
at any frame rate. An answer is a probability for each sampled frame, so that chance is evaluated without
sampling.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.gaze.focus_clip import Sampling
from rackfocus.evaluation.autofocus.focus_table import PAPER_FPS
from rackfocus.focus.decisions import decisions
from rackfocus.types import FocusAnnotation

CLIP = Sampling(window=20, stride=5)
"""Every fifth of 100 frames; successive clips start 25 frames apart."""
TIMELY_FRAMES = 15
"""Half a second: what the paper counts as in time."""

Frames = Float[Tensor, "frame 3 height width"]
Answer = Float[Tensor, " frame"]
Timer = Callable[[Frames], Answer]
"""Computes the probability that focus changes at each of the sampled frames of a clip; sums to 1."""


@dataclass(frozen=True)
class TimedClip:
    """The sampled frames of a clip, and the frame of the video where focus changes. `None`: it does not."""

    frames: tuple[int, ...]
    target: int | None


def timed_clips(annotation: FocusAnnotation) -> list[TimedClip]:
    """The clips of a video; clips with two changes of focus are left out, since the answer is ambiguous.

    A change at the first frame of a clip does not count.
    """
    video = annotation.video
    changes = [each.start for each in decisions(annotation.targets) if each.start == each.target.t]
    length = CLIP.window * CLIP.step_frames(video.fps)
    clips = []
    for frames in CLIP.windows(video.frames, video.fps):
        inside = [t for t in changes if frames[0] < t < frames[0] + length]
        if len(inside) < 2:
            clips.append(TimedClip(frames, inside[0] if inside else None))
    return clips


def timing(answer: Answer, frames: Sequence[int], target: int, fps: float) -> tuple[float, float]:
    """|Δt| in frames of 30 a second, and the probability that it is within `TIMELY_FRAMES`.

    `frames` are the indices in the video of the sampled frames, `target` is the frame at which focus changes.
    """
    apart = (torch.tensor(frames, dtype=torch.float64) - target).abs() / fps * PAPER_FPS
    # Slightly more, so that exactly half a second counts at any frame rate.
    timely = (apart <= TIMELY_FRAMES + 1e-6).double()
    return (answer.double() * apart).sum().item(), (answer.double() * timely).sum().item()


def most_probable(values: Answer) -> Answer:
    """All probability on the frame with the largest value, the first of them."""
    answer = torch.zeros(len(values))
    answer[values.argmax()] = 1
    return answer


def chance(frames: Frames) -> Answer:
    """A uniform distribution over the frames."""
    return torch.full((len(frames),), 1 / len(frames))


def middle(frames: Frames) -> Answer:
    """The middle frame, independent of the content: the best constant answer."""
    return most_probable(-(torch.arange(len(frames)) - (len(frames) - 1) / 2).abs())


def motion_peak(frames: Frames) -> Answer:
    """The frame with the largest change from the previous frame."""
    return most_probable(motion_energy(frames))


def motion_rise(frames: Frames) -> Answer:
    """The frame with the largest increase of the change between frames."""
    energy = motion_energy(frames)
    return most_probable(energy - torch.cat([energy[:1], energy[:-1]]))


def motion_energy(frames: Frames) -> Float[Tensor, " frame"]:
    """Mean absolute difference of each frame from the previous one; the first has that of the second."""
    energy = frames.diff(dim=0).abs().mean((1, 2, 3))
    return torch.cat([energy[:1], energy]) if len(energy) else torch.zeros(len(frames))


BASELINES: dict[str, Timer] = {
    "chance": chance,
    "centre": middle,
    "motion peak": motion_peak,
    "motion rise": motion_rise,
}
