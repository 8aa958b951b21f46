"""What the evaluation sets give: pictures with the truth about their light, distances or motion."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.types import InputError

DisparityUnit = Literal["stereo px", "1/m", "relative"]
"""`stereo px`: the shift between two views in pixels of the image. `1/m`: the inverse of depth.
`relative`: an unknown `a * (1 / depth) + b`; compare after a fit of `a` and `b`."""


@dataclass(frozen=True)
class HDRSample:
    """A photograph that clips, and the light that it clipped.

    Attributes:
        name: which picture.
        image: what a network sees: encoded, 0..1 in steps of 1/255.
        radiance: the true linear light at the exposure of `image`, `>= 0`, unclipped; display white is 1.
        clipped: where `image` reached white and no longer tells the radiance, channel by channel.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
    clipped: Bool[Tensor, "3 height width"]


@dataclass(frozen=True)
class DisparitySample:
    """A picture and how near everything is.

    This is stereo's disparity: `>= 0` and larger when NEARER. The disparity `D` of `rackfocus` is an affine
    function of it, with a negative slope.

    Attributes:
        name: which picture.
        image: encoded sRGB in 0..1.
        disparity: in `unit`; 0 where it is not valid.
        valid: where the truth is known.
        unit: see `DisparityUnit`.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    disparity: Float[Tensor, "1 height width"]
    valid: Bool[Tensor, "1 height width"]
    unit: DisparityUnit


@dataclass(frozen=True)
class SilhouetteSample:
    """A picture and the mask of a subject that is nearer than what surrounds it.

    Attributes:
        name: which picture.
        image: encoded sRGB in 0..1.
        mask: true on the subject.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    mask: Bool[Tensor, "1 height width"]


@dataclass(frozen=True)
class VideoSample:
    """Successive frames of a video of which nothing else is known.

    Attributes:
        name: which video.
        images: encoded sRGB in 0..1.
    """

    name: str
    images: Float[Tensor, "frame 3 height width"]


@dataclass(frozen=True)
class PictureToFocus:
    """A picture to be looked at, of which no truth is known, and where its subject is.

    Attributes:
        name: which picture.
        image: encoded sRGB in 0..1.
        point: `(x, y)` of the subject in pixels of the picture.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    point: tuple[float, float]


@dataclass(frozen=True)
class FlowSample:
    """Two frames and the motion between them.

    Attributes:
        name: which frames.
        first: encoded sRGB in 0..1.
        second: the frame after it.
        flow: what is at `(x, y)` in `first` is at `(x, y) + flow` in `second`; pixels, `x` right, `y` down;
            0 where it is not known.
        occluded: what is seen in `first` and hidden, or out of the frame, in `second`.
        valid: where the flow is known and may be judged. What is occluded may be valid.
    """

    name: str
    first: Float[Tensor, "3 height width"]
    second: Float[Tensor, "3 height width"]
    flow: Float[Tensor, "2 height width"]
    occluded: Bool[Tensor, "1 height width"]
    valid: Bool[Tensor, "1 height width"]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in the world.

    Attributes:
        intrinsics: from camera space (metres: `x` right, `y` down, `z` forward) to pixels, centres at
            integers.
        camera_to_world: its pose, a rigid motion.
    """

    intrinsics: Float[Tensor, "3 3"]
    camera_to_world: Float[Tensor, "4 4"]


@dataclass(frozen=True)
class PosedClip:
    """Successive frames of a scene that stands still, with depth, and where the camera was.

    Attributes:
        name: which frames.
        images: encoded sRGB in 0..1.
        depth: metres along the axis of the camera; 0 where it is not valid.
        valid: where the depth is known.
        cameras: one a frame.
    """

    name: str
    images: Float[Tensor, "frame 3 height width"]
    depth: Float[Tensor, "frame 1 height width"]
    valid: Bool[Tensor, "frame 1 height width"]
    cameras: tuple[Camera, ...]


def require_size(path: object, tensor: Tensor, like: Tensor, other: object) -> None:
    """Refuse a file that does not cover the same pixels as another.

    Args:
        path: the file that `tensor` was read from.
        tensor: its pixels, `(..., height, width)`.
        like: the pixels that it belongs to.
        other: the file of `like`.

    Raises:
        InputError: their sizes differ; it names both files.
    """
    (height, width), (rows, columns) = tensor.shape[-2:], like.shape[-2:]
    if (height, width) != (rows, columns):
        raise InputError(
            f"{path} is {width}x{height} pixels where {other} is {columns}x{rows}; get the data set again."
        )
