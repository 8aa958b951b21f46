"""The frozen values that cross rooms, and the one error that a person is meant to read."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor


class InputError(ValueError):
    """Something that the user gave is wrong. The message is one sentence: what, where, what to do.

    The command line prints it without a traceback and exits with code 2.
    """


@dataclass(frozen=True)
class RGBDHDR:
    """What the network says of one image: disparity `D` and HDR log exposure `E`.

    Attributes:
        disparity: signed radius of the blur disk in pixels of this image at the reference aperture;
            positive behind the focal plane, negative in front of it.
        log_exposure: `>= 0` per channel; radiance is `linear_rgb * exp(50 * log_exposure)` (Eq. 4).
    """

    disparity: Float[Tensor, "batch 1 height width"]
    log_exposure: Float[Tensor, "batch 3 height width"]


@runtime_checkable
class LensShape(Protocol):
    """What a point of light becomes out of focus: the image of the aperture. `rackfocus.optics.lens_shapes`.

    A shape is immutable and hashable, and its `repr` tells it from every other one.

    Attributes:
        varies: whether the kernel depends on where in the frame it is.
    """

    @property
    def varies(self) -> bool: ...

    def __hash__(self) -> int: ...

    def kernel(
        self, radius_px: int, *, field: tuple[float, float] = (0.0, 0.0), dtype: torch.dtype = torch.float32
    ) -> Float[Tensor, "size size"]:
        """The blur of a point BEHIND the focal plane, as seen in the photograph.

        In front of it the same kernel is turned by 180 degrees.

        Args:
            radius_px: the disparity's size: the shape fits in a disk of this radius. 0 is the identity.
            field: where in the frame, from its centre, `x` right and `y` down, in half diagonals.
            dtype: of the result; it is computed in float64.

        Returns:
            Weights `>= 0` of unit sum, `size = 2 * radius_px + 1`.
        """
        ...


@dataclass(frozen=True)
class Lens:
    """A thin lens with an aperture of some size and shape.

    Attributes:
        f_number: the aperture to render with; smaller is shallower. Finite and positive.
        reference_f_number: the aperture at which disparity is the blur radius (the paper: f/2).
        shape: the aperture's shape and how evenly it is lit; none is the disk.

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
        """`alpha` of Sec. 4.1: how much wider this aperture is than the reference one."""
        return self.reference_f_number / self.f_number
