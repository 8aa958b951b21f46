"""A virtual camera for radiance pictures: exposure, noise, camera curve, 8 bits (Eilertsen et al. 2017).

    image = round(255 * f(clip(exposed + noise))) / 255,    exposed = radiance / white

`white` is the quantile of the radiance at which a randomly drawn share of all values clips, `f` the curve.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.optics.radiometry import linear_to_srgb, luma, srgb_to_linear
from rackfocus.types import InputError


class CameraCurve(Protocol):
    """A camera's encoding of light: elementwise, from 0..1 to 0..1, monotonically increasing."""

    def encode(self, linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Linear light to code values."""
        ...

    def decode(self, encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The inverse of `encode`."""
        ...


class CurveFamily(Protocol):
    """A distribution of camera curves."""

    def draw(self, generator: torch.Generator) -> CameraCurve:
        """Draw a curve."""
        ...


@dataclass(frozen=True)
class SRGBCurve:
    """The sRGB curve, which our networks invert exactly. As a family it contains only itself."""

    def encode(self, linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """See `rackfocus.optics.radiometry.linear_to_srgb`."""
        return linear_to_srgb(linear)

    def decode(self, encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """See `rackfocus.optics.radiometry.srgb_to_linear`."""
        return srgb_to_linear(encoded)

    def draw(self, generator: torch.Generator) -> "SRGBCurve":  # noqa: ARG002 - nothing is left to chance
        """The curve itself."""
        return self


@dataclass(frozen=True)
class SigmoidCurve:
    """`f(H) = (1 + sigma) * H^n / (H^n + sigma)`, HDRCNN's fit to the curves of real cameras.

    `exponent` is `n > 0`; the smaller `sigma > 0`, the more highlights are compressed. As a family it
    contains only itself.
    """

    exponent: float = 0.9
    sigma: float = 0.6

    def encode(self, linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """`f`."""
        power = linear.pow(self.exponent)
        return (1 + self.sigma) * power / (power + self.sigma)

    def decode(self, encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """`f` inverted: `(sigma * e / (1 + sigma - e)) ^ (1 / n)`."""
        return (self.sigma * encoded / (1 + self.sigma - encoded)).pow(1 / self.exponent)

    def draw(self, generator: torch.Generator) -> "SigmoidCurve":  # noqa: ARG002 - nothing is left to chance
        """The curve itself."""
        return self


@dataclass(frozen=True)
class SigmoidCurves:
    """The sigmoids of HDRCNN: both parameters are normally distributed, with these means and standard
    deviations, and bounded away from 0.
    """

    exponent: float = 0.9
    exponent_deviation: float = 0.1
    sigma: float = 0.6
    sigma_deviation: float = 0.1

    def draw(self, generator: torch.Generator) -> SigmoidCurve:
        """Draw a curve."""
        exponent, sigma = torch.randn(2, generator=generator, dtype=torch.float64).tolist()
        return SigmoidCurve(
            max(0.2, self.exponent + self.exponent_deviation * exponent),
            max(0.05, self.sigma + self.sigma_deviation * sigma),
        )


@dataclass(frozen=True)
class Photograph:
    """A photograph by the virtual camera, encoded with `curve`, 0..1 in steps of 1/255.

    `radiance` is without noise, at this exposure: 1 is the smallest value that clips. `clipped` is where
    `image` is white because light plus noise exceeded it.
    """

    image: Float[Tensor, "3 height width"]
    radiance: Float[Tensor, "3 height width"]
    clipped: Bool[Tensor, "3 height width"]
    curve: CameraCurve


class VirtualCamera:
    """Takes clipped 8-bit photographs of radiance pictures.

    Args:
        curves: a camera curve, or a family of them.
        clipped_share: the range of the uniformly drawn share of values to clip. Values are counted over all
            pixels and channels, as in HDRCNN.
        noise: the largest standard deviation of the sensor noise, which is drawn uniformly from 0 to this; in
            linear light.
        saturation: the range of the uniformly drawn gain of saturation. Cameras make colours more saturated,
            which clips single channels, such as the blue of a sky.

    Raises:
        InputError: a share, the noise or the saturation is out of its range.
    """

    def __init__(
        self,
        *,
        curves: CurveFamily,
        clipped_share: tuple[float, float] = (0.05, 0.15),
        noise: float = 0.01,
        saturation: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        low, high = clipped_share
        if not 0 <= low <= high < 1:
            raise InputError(f"clipped_share must be a range within 0 to 1, and is {low} to {high}.")
        if not 0 <= noise < 1:
            raise InputError(f"noise must be from 0 to below 1, and is {noise}.")
        self.curves = curves
        if not 0 <= saturation[0] <= saturation[1]:
            raise InputError(
                f"saturation must be a range from 0 up, and is {saturation[0]} to {saturation[1]}."
            )
        self.clipped_share = (float(low), float(high))
        self.saturation = (float(saturation[0]), float(saturation[1]))
        self.noise = float(noise)

    def photograph(
        self, radiance: Float[Tensor, "3 height width"], generator: torch.Generator, *, name: str
    ) -> Photograph:
        """Take one photograph of linear light `>= 0` on any scale; `name` is for the error message.

        Raises:
            InputError: the picture is black except for what would clip.
        """
        # Nothing is drawn if the range is a single value, so that the pictures of a seed do not change.
        if self.saturation != (1.0, 1.0):
            radiance = self._saturated(radiance, generator)
        low, high = self.clipped_share
        draw = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
        curve = self.curves.draw(generator)
        share = low + (high - low) * draw[0]
        values = radiance.flatten()
        white = values.kthvalue(max(1, round((1 - share) * len(values)))).values
        if white <= 0:
            raise InputError(
                f"{name} is black but for {share:.0%} of it, too little to expose for; leave it out."
            )
        exposed = radiance / white
        noise = torch.randn(exposed.shape, generator=generator) * (self.noise * draw[1])
        caught = exposed + noise
        image = torch.round(curve.encode(caught.clamp(0, 1)) * 255) / 255
        return Photograph(image=image, radiance=exposed, clipped=caught >= 1, curve=curve)

    def _saturated(
        self, radiance: Float[Tensor, "3 height width"], generator: torch.Generator
    ) -> Float[Tensor, "3 height width"]:
        low, high = self.saturation
        gain = low + (high - low) * float(torch.rand((), generator=generator, dtype=torch.float64))
        grey = luma(radiance[None])[0]
        return (grey + gain * (radiance - grey)).clamp_min(0)
