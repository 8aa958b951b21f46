"""Samples of the evaluation sets: pictures with true light, depth or motion."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.types import InputError

DisparityUnit = Literal["stereo px", "1/m", "relative"]
"""`stereo px`: the shift between two views in pixels of the image. `1/m`: the inverse of depth.
`relative`: `a * (1 / depth) + b` with unknown `a` and `b`, which have to be fitted for comparison."""


@dataclass(frozen=True)
class HDRSample:
    """A photograph that clips, and its true light.

    Attributes:
        name: identifies the picture.
        image: the network's input: encoded, 0..1 in steps of 1/255.
        radiance: the true linear light at the exposure of `image`, `>= 0`, unclipped; display white is 1.
        clipped: where a channel of `image` is white and its radiance is unknown from it.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
    clipped: Bool[Tensor, "3 height width"]


@dataclass(frozen=True)
class DisparitySample:
    """A picture (encoded sRGB in 0..1) and its disparity in `unit`, as known from stereo; 0 where it is not
    valid.

    This is stereo's disparity: `>= 0` and larger when NEARER. The disparity `D` of `rackfocus` is an affine
    function of it, with a negative slope.
    """

    name: str
    image: Float[Tensor, "3 height width"]
    disparity: Float[Tensor, "1 height width"]
    valid: Bool[Tensor, "1 height width"]
    unit: DisparityUnit


@dataclass(frozen=True)
class SilhouetteSample:
    """A picture, encoded sRGB in 0..1, and the mask of a subject that is nearer than its surroundings."""

    name: str
    image: Float[Tensor, "3 height width"]
    mask: Bool[Tensor, "1 height width"]


@dataclass(frozen=True)
class VideoSample:
    """Successive frames of a video, encoded sRGB in 0..1, without labels."""

    name: str
    images: Float[Tensor, "frame 3 height width"]


@dataclass(frozen=True)
class Picture:
    """A photograph, encoded sRGB in 0..1, of which nothing else is known."""

    name: str
    image: Float[Tensor, "3 height width"]


@dataclass(frozen=True)
class PictureToFocus:
    """A picture for visual inspection, encoded sRGB, and the position `(x, y)` of its subject."""

    name: str
    image: Float[Tensor, "3 height width"]
    point: tuple[float, float]


@dataclass(frozen=True)
class FlowSample:
    """Two frames and the motion between them.

    Attributes:
        name: identifies the frames.
        first: encoded sRGB in 0..1.
        second: the next frame.
        flow: what is at `(x, y)` in `first` is at `(x, y) + flow` in `second`; pixels, `x` right, `y` down;
            0 where it is unknown.
        occluded: pixels of `first` that are hidden, or outside the frame, in `second`.
        valid: where the flow is known. Occluded pixels may be valid.
    """

    name: str
    first: Float[Tensor, "3 height width"]
    second: Float[Tensor, "3 height width"]
    flow: Float[Tensor, "2 height width"]
    occluded: Bool[Tensor, "1 height width"]
    valid: Bool[Tensor, "1 height width"]


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with its pose in the world, a rigid motion.

    Intrinsics lead from camera space (metres: `x` right, `y` down, `z` forward) to pixels, centres at
    integers.
    """

    intrinsics: Float[Tensor, "3 3"]
    camera_to_world: Float[Tensor, "4 4"]


@dataclass(frozen=True)
class PosedClip:
    """Successive frames of a static scene, encoded sRGB in 0..1, with depth and the camera of each.

    Depth is in metres along the axis of the camera; 0 where it is not valid.
    """

    name: str
    images: Float[Tensor, "frame 3 height width"]
    depth: Float[Tensor, "frame 1 height width"]
    valid: Bool[Tensor, "frame 1 height width"]
    cameras: tuple[Camera, ...]


def require_size(path: object, tensor: Tensor, like: Tensor, other: object) -> None:
    """Check that what was read from `path` has the height and width of `like`, which was read from `other`.

    Raises:
        InputError: their sizes differ; it names both files.
    """
    (height, width), (rows, columns) = tensor.shape[-2:], like.shape[-2:]
    if (height, width) != (rows, columns):
        raise InputError(
            f"{path} is {width}x{height} pixels where {other} is {columns}x{rows}; get the data set again."
        )
