"""The frozen values that cross rooms, and the one error that a person is meant to read."""

import math
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Lens:
    """An ideal thin lens with a round aperture.

    Attributes:
        f_number: the aperture to render with; smaller is shallower. Finite and positive.
        reference_f_number: the aperture at which disparity is the blur radius (the paper: f/2).

    Raises:
        InputError: an f-number is zero, negative or not finite.
    """

    f_number: float = 2.0
    reference_f_number: float = 2.0

    def __post_init__(self) -> None:
        for name, value in (("f_number", self.f_number), ("reference_f_number", self.reference_f_number)):
            if not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
                raise InputError(f"lens.{name} must be a positive number such as 2.8, and is {value}.")

    @property
    def aperture_ratio(self) -> float:
        """`alpha` of Sec. 4.1: how much wider this aperture is than the reference one."""
        return self.reference_f_number / self.f_number
