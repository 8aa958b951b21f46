"""The frozen dataclasses that several rooms share, and the exception for mistakes of the user."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


class InputError(ValueError):
    """An input of the user is wrong. The message is one sentence: what, where, what to do.

    The command line prints it without a traceback and exits with code 2.
    """


class MissingSplit(InputError):
    """A data set has nothing of one of its splits; it may have others."""


class BusyOutput(InputError):
    """Another run is writing the output; it can be written when that has finished."""


@dataclass(frozen=True)
class RGBDHDR:
    """The network's estimate for one image: disparity `D` and HDR log exposure `E`.

    Attributes:
        disparity: signed radius of the blur disk in pixels of this image at the reference aperture;
            positive behind the focal plane, negative in front of it.
        log_exposure: `>= 0` per channel; radiance is `linear_rgb * exp(50 * log_exposure)` (Eq. 4).
    """

    disparity: Float[Tensor, "batch 1 height width"]
    log_exposure: Float[Tensor, "batch 3 height width"]


@runtime_checkable
class LensShape(Protocol):
    """The shape of the blur of an out-of-focus point: the image of the aperture.
    `rackfocus.optics.lens_shapes`.

    A shape is immutable and hashable, and its `repr` is unique.

    Attributes:
        varies: whether the kernel depends on the position in the frame.
    """

    @property
    def varies(self) -> bool: ...

    def __hash__(self) -> int: ...

    def kernel(
        self, radius_px: int, *, field: tuple[float, float] = (0.0, 0.0), dtype: torch.dtype = torch.float32
    ) -> Float[Tensor, "size size"]:
        """The blur of a point BEHIND the focal plane, as seen in the photograph.

        In front of the focal plane the kernel is rotated by 180 degrees.

        Args:
            radius_px: the absolute disparity: the shape fits in a disk of this radius. 0 is the identity.
            field: position from the centre of the frame, `x` right and `y` down, in half diagonals.
            dtype: of the result; it is computed in float64.

        Returns:
            Weights `>= 0` of sum 1, `size = 2 * radius_px + 1`.
        """
        ...


@dataclass(frozen=True)
class Lens:
    """A thin lens with an aperture of some size and shape.

    Attributes:
        f_number: the aperture to render with; smaller is shallower. Finite and positive.
        reference_f_number: the aperture at which disparity is the blur radius (the paper: f/2).
        shape: shape and brightness profile of the aperture. `None`: an evenly lit disk.

    Example:
        Disparity is the radius of the blur at f/2; at f/4 blur has half of it:

        >>> import rackfocus
        >>> rackfocus.Lens(f_number=4).aperture_ratio
        0.5

    Raises:
        InputError: an f-number is zero, negative or not finite, or `shape` is no lens shape.
    """

    f_number: float = 2.0
    reference_f_number: float = 2.0
    shape: LensShape | None = None

    def __post_init__(self) -> None:
        for name, value in (("f_number", self.f_number), ("reference_f_number", self.reference_f_number)):
            if not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
                raise InputError(f"lens.{name} must be a positive number such as 2.8, and is {value}.")
        if self.shape is not None and not isinstance(self.shape, LensShape):
            raise InputError(f"lens.shape must be one of those in conf/lens, and is {self.shape!r}.")

    @property
    def aperture_ratio(self) -> float:
        """`alpha` of Sec. 4.1: the diameter of this aperture over that of the reference aperture."""
        return self.reference_f_number / self.f_number


TARGET_SOURCES = ("user", "action", "conversation", "af-net", "track", "gaze")
"""The sources of focus targets; a user's target has priority over all others."""


@dataclass(frozen=True)
class FocusTarget:
    """A new focus target (Sec. 5): from frame `t` on, focus on what is at `(x, y)`.

    A target at frame 0 is the initial focus, not a change.

    Attributes:
        t: index of the frame, from 0.
        x: pixels of the video to the right, pixel centres at integers.
        y: pixels of the video downwards.
        box: left, top, right and bottom pixel of the subject. `None`: unknown.
        source: one of `TARGET_SOURCES`; `gaze` is from the recorded gaze of viewers.
        until: the frame from which it is no longer in force. `None`: until the next target.
        why: why autofocus chose it, in a few words such as `speaks`. Empty: by a user, or unknown.

    Raises:
        InputError: a value is invalid.
    """

    t: int
    x: float
    y: float
    box: tuple[float, float, float, float] | None = None
    source: str = "user"
    until: int | None = None
    why: str = ""

    def __post_init__(self) -> None:
        if self.t < 0:
            raise InputError(f"t must be the index of a frame, from 0, and is {self.t}.")
        for name, value in (("x", self.x), ("y", self.y)):
            if not math.isfinite(value):
                raise InputError(f"{name} must be a finite number of pixels, and is {value}.")
        if self.box is not None:
            left, top, right, bottom = self.box
            if not (all(map(math.isfinite, self.box)) and left <= right and top <= bottom):
                raise InputError(f"box must be left, top, right and bottom in pixels, and is {self.box}.")
        if self.source not in TARGET_SOURCES:
            raise InputError(f"source must be one of {', '.join(TARGET_SOURCES)}, and is {self.source!r}.")
        if self.until is not None and self.until <= self.t:
            raise InputError(f"until must be a frame after t={self.t}, and is {self.until}.")


@dataclass(frozen=True, eq=False)
class FocusTrack:
    """The focus of every frame of a video: the result of look-ahead autofocus (Sec. 5).

    Attributes:
        targets: the new focus targets, in time order.
        points: `(x, y)` of the subject, tracked through the video, in pixels of the source video.
        focal_disparity: the disparity in focus, pulls included, in pixels of the source video.
        confidence: of the tracker in each frame, 0 (the subject is lost) to 1.
        pulls: for each pull of focus, the frame in which it begins, and the frame in which it ends or another
            pull begins.
        warnings: what was missing, each a sentence for a person.
        depth: the least and the greatest disparity of the subject in each frame, in pixels of the source
            video; NaN where it is lost. `None`: not measured.
        cuts: the frames in which a new shot begins.
    """

    targets: tuple[FocusTarget, ...]
    points: Float[np.ndarray, "frame 2"]
    focal_disparity: Float[np.ndarray, " frame"]
    confidence: Float[np.ndarray, " frame"]
    pulls: tuple[tuple[int, int], ...] = ()
    warnings: tuple[str, ...] = ()
    depth: Float[np.ndarray, "frame 2"] | None = None
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True)
class AnnotatedVideo:
    """The identity of the video of an annotation.

    Attributes:
        name: of the file, without its folder.
        sha256: of the file, 64 hexadecimal digits.
        width: in pixels, as displayed.
        height: in pixels, as displayed.
        frames: number of frames.
        fps: average rate, in frames a second.

    Raises:
        InputError: a value is invalid.
    """

    name: str
    sha256: str
    width: int
    height: int
    frames: int
    fps: float

    def __post_init__(self) -> None:
        if not self.name or "/" in self.name or "\\" in self.name:
            raise InputError(f"name must be the name of a file without its folder, and is {self.name!r}.")
        if len(self.sha256) != 64 or not set(self.sha256) <= set("0123456789abcdef"):
            raise InputError(f"sha256 must be 64 hexadecimal digits, and is {self.sha256!r}.")
        for name, value in (("width", self.width), ("height", self.height), ("frames", self.frames)):
            if value < 1:
                raise InputError(f"{name} must be at least 1, and is {value}.")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise InputError(f"fps must be a positive number, and is {self.fps}.")


EASINGS = ("linear", "eased")
"""The time course of a pull: constant speed, as in the paper, or smooth start and end."""


@dataclass(frozen=True)
class FocusPulls:
    """How focus moves from one target to the next.

    Attributes:
        duration_frames: duration of a pull (the paper: 10).
        early_frames: how long before the frame of its target it arrives, for the eye to settle (the paper:
            "slightly").
        easing: one of `EASINGS`.

    Raises:
        InputError: a number of frames is negative, or the easing is unknown.
    """

    duration_frames: int = 10
    early_frames: int = 2
    easing: str = "linear"

    def __post_init__(self) -> None:
        for name, value in (("duration_frames", self.duration_frames), ("early_frames", self.early_frames)):
            if value < 0:
                raise InputError(f"{name} must be 0 or more, and is {value}.")
        if self.easing not in EASINGS:
            raise InputError(f"easing must be one of {', '.join(EASINGS)}, and is {self.easing!r}.")


@dataclass(frozen=True)
class FocusAnnotation:
    """Where and when one video is to be focused. On disk: `rackfocus.load_annotation`.

    Attributes:
        video: the identity of the video.
        targets: the targets of all sources, in time order.
        pulls: how focus moves.
        aperture: the f-number to render with. `None`: not chosen.

    Raises:
        InputError: a target lies outside the video, one source has two at a frame, or the f-number is
            not positive.
    """

    video: AnnotatedVideo
    targets: tuple[FocusTarget, ...] = ()
    pulls: FocusPulls = FocusPulls()
    aperture: float | None = None

    def __post_init__(self) -> None:
        seen: set[tuple[int, str]] = set()
        for number, target in enumerate(self.targets):
            bounds = (("t", target.t, self.video.frames), ("x", target.x, self.video.width),
                      ("y", target.y, self.video.height))  # fmt: skip
            for name, value, size in bounds:
                if not -0.5 <= value <= size - 0.5:
                    raise InputError(
                        f"targets[{number}].{name} must lie in the video, 0 to {size - 1}, and is {value}."
                    )
            if (target.t, target.source) in seen:
                raise InputError(
                    f"targets[{number}].t repeats frame {target.t} for {target.source}; keep one of them."
                )
            seen.add((target.t, target.source))
        if self.aperture is not None and not (math.isfinite(self.aperture) and self.aperture > 0):
            raise InputError(f"aperture must be an f-number such as 2.8, and is {self.aperture}.")
        object.__setattr__(self, "targets", tuple(sorted(self.targets, key=lambda target: target.t)))


@dataclass(frozen=True)
class FocusKeyframe:
    """The disparity in focus and the aperture at one time.

    Attributes:
        at: index of the frame, or seconds from the first frame; see `FocusKeyframes`.
        disparity: the disparity in focus, in pixels of the source video. `None`: not set here.
        f_number: the aperture. `None`: not set here.

    Raises:
        InputError: a value is invalid, or neither is set.
    """

    at: float
    disparity: float | None = None
    f_number: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.at) and self.at >= 0):
            raise InputError(f"the moment must be 0 or later, and is {self.at}.")
        if self.disparity is None and self.f_number is None:
            raise InputError("either disparity or f_number is needed.")
        if self.disparity is not None and not math.isfinite(self.disparity):
            raise InputError(f"disparity must be a finite number of pixels, and is {self.disparity}.")
        if self.f_number is not None and not (math.isfinite(self.f_number) and self.f_number > 0):
            raise InputError(f"f_number must be positive, such as 2.8, and is {self.f_number}.")


@dataclass(frozen=True)
class FocusKeyframes:
    """A manual focus pull. On disk: `rackfocus.focus.annotation.keyframes`.

    Attributes:
        keyframes: in time order.
        in_seconds: whether their times are in seconds; else in frames.

    Raises:
        InputError: there are none, or they are out of order.
    """

    keyframes: tuple[FocusKeyframe, ...]
    in_seconds: bool = False

    def __post_init__(self) -> None:
        if not self.keyframes:
            raise InputError("keyframes must hold at least one.")
        for number, (before, after) in enumerate(pairwise(self.keyframes), start=1):
            if after.at <= before.at:
                raise InputError(f"keyframes[{number}] must come after the one before it.")
