"""The thin-lens renderer F(I, D, E), as a function and as a module. `levels` documents the maths."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.optics import reference, spans
from rackfocus.optics.lens_shapes import Disk
from rackfocus.optics.levels import FORMULATIONS as _BLENDED
from rackfocus.optics.radiometry import apply_log_exposure
from rackfocus.optics.thin_lens import refocus_disparity
from rackfocus.types import InputError, Lens

FORMULATIONS = (*_BLENDED, "paper")
"""The ways to blend levels, the most accurate first."""


def render(
    linear_rgb: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    log_exposure: Float[Tensor, "batch 3 height width"] | None = None,
    *,
    lens: Lens | None = None,
    aperture_ratio: float | Float[Tensor, "#batch 1 1 1"] = 1.0,
    focal_disparity: float | Float[Tensor, "#batch 1 1 1"] = 0.0,
    formulation: str = "coverage",
) -> Float[Tensor, "batch 3 height width"]:
    """Render a deep-DOF image through a thin lens: `F(I, D, E)`, differentiable in all three.

    Args:
        linear_rgb: the deep-DOF image `I` in linear light, display white = 1.
        disparity: signed disparity `D`, the blur radius in pixels of this image at the reference aperture.
        log_exposure: HDR log exposure `E >= 0` (Eq. 4). `None`: `I` is already radiance.
        lens: its aperture scales `D`, its shape is that of the blur. `None`: a disk at the reference
            aperture.
        aperture_ratio: diameter of the aperture over that of the lens, `>= 0`; one number, or one an image.
        focal_disparity: the disparity that comes into focus, in pixels of this image at the reference
            aperture; one number, or one an image. See `refocus_disparity`.
        formulation: `coverage` (the most accurate), `transmittance` (normalised levels, product of
            transmittances), `weighted_sum` (Srinivasan et al. 2018, normalised) or `paper` (Eq. 3 as
            printed). `optics.levels` defines them.

    Returns:
        Linear light on the sensor; may exceed 1.

    Example:
        A point three pixels of disparity behind the focal plane becomes a disk with a radius of three pixels,
        and at f/6 with a radius of one; its light stays the same:

        >>> import rackfocus, torch
        >>> point = torch.zeros(1, 3, 9, 9)
        >>> point[..., 4, 4] = 1.0
        >>> disparity = torch.full((1, 1, 9, 9), 3.0)
        >>> for lens in (rackfocus.Lens(f_number=2), rackfocus.Lens(f_number=6)):
        ...     blurred = rackfocus.render(point, disparity, lens=lens)[0, 0]
        ...     print(int((blurred[4] > 0.001).sum()), round(float(blurred.sum()), 3))
        7 1.0
        3 1.0

    Raises:
        InputError: an image has no pixels, sizes differ, a disparity is not finite, or the formulation is
            unknown.
    """
    disparity = _through(lens, disparity, aperture_ratio, focal_disparity)
    return _render(linear_rgb, disparity, log_exposure, lens, formulation, by_reference=False)


def render_reference(
    linear_rgb: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    log_exposure: Float[Tensor, "batch 3 height width"] | None = None,
    *,
    lens: Lens | None = None,
    aperture_ratio: float | Float[Tensor, "#batch 1 1 1"] = 1.0,
    focal_disparity: float | Float[Tensor, "#batch 1 1 1"] = 0.0,
    formulation: str = "coverage",
) -> Float[Tensor, "batch 3 height width"]:
    """As `render`, in plain torch: slow, the reference for `render`, and differentiable more than once."""
    disparity = _through(lens, disparity, aperture_ratio, focal_disparity)
    return _render(linear_rgb, disparity, log_exposure, lens, formulation, by_reference=True)


class Renderer(nn.Module):
    """`render` with a fixed formulation, as a module for configs.

    Args:
        formulation: see `render`.
    """

    def __init__(self, formulation: str = "coverage") -> None:
        super().__init__()
        self.formulation = formulation

    def forward(
        self,
        linear_rgb: Float[Tensor, "batch 3 height width"],
        disparity: Float[Tensor, "batch 1 height width"],
        log_exposure: Float[Tensor, "batch 3 height width"] | None = None,
        *,
        lens: Lens | None = None,
        aperture_ratio: float | Float[Tensor, "#batch 1 1 1"] = 1.0,
        focal_disparity: float | Float[Tensor, "#batch 1 1 1"] = 0.0,
    ) -> Float[Tensor, "batch 3 height width"]:
        return render(
            linear_rgb,
            disparity,
            log_exposure,
            lens=lens,
            aperture_ratio=aperture_ratio,
            focal_disparity=focal_disparity,
            formulation=self.formulation,
        )


def _through(
    lens: Lens | None, disparity: Tensor, aperture_ratio: float | Tensor, focal_disparity: float | Tensor
) -> Tensor:
    """The disparity as the lens is set; `alpha D + beta` of Sec. 4.1."""
    if lens is not None:
        aperture_ratio = aperture_ratio * lens.aperture_ratio
    return refocus_disparity(disparity, aperture_ratio=aperture_ratio, focal_disparity=focal_disparity)


def _render(
    linear_rgb: Tensor,
    disparity: Tensor,
    log_exposure: Tensor | None,
    lens: Lens | None,
    formulation: str,
    *,
    by_reference: bool,
) -> Tensor:
    _check(linear_rgb, disparity, formulation)
    radiance = linear_rgb if log_exposure is None else apply_log_exposure(linear_rgb, log_exposure)
    shape = lens.shape if lens is not None and lens.shape is not None else Disk()
    kind = radiance.dtype
    if kind.itemsize < torch.float32.itemsize:
        radiance = radiance.float()  # sums of many pixels need full precision
    disparity = disparity.to(radiance.dtype)
    if formulation == "paper":
        return reference.paper(radiance, disparity, shape).to(kind)
    # The mean is subtracted before the division and added after it. The result is the same in exact
    # arithmetic, and rounding does not tint flat regions.
    mean = radiance.mean(dim=(-2, -1), keepdim=True)
    light = radiance - mean
    del radiance  # a picture's memory, while layers are blended
    if by_reference or not spans.available(light.device.type):
        sums = reference.blend_layers(light, disparity, _BLENDED[formulation], shape)
    else:
        sums = spans.blend_layers(light, disparity, formulation, shape)
    coverage = sums[:, 3:].clamp_min(torch.finfo(sums.dtype).tiny)
    return torch.addcdiv(mean, sums[:, :3], coverage).to(kind)


def _check(linear_rgb: Tensor, disparity: Tensor, formulation: str) -> None:
    if formulation not in FORMULATIONS:
        raise InputError(f"There is no renderer {formulation!r}; choose one of {', '.join(FORMULATIONS)}.")
    if linear_rgb.shape[-2:] != disparity.shape[-2:] or len(linear_rgb) != len(disparity):
        sizes = f"{tuple(linear_rgb.shape)} and {tuple(disparity.shape)}"
        raise InputError(f"The image and its disparity must be of one size, and are {sizes}.")
    if linear_rgb.numel() == 0:
        raise InputError(f"An image of size {tuple(linear_rgb.shape)} has no pixels to render.")
    if torch.compiler.is_compiling():
        return  # reading values would break the graph of torch.compile
    # A sum is finite or not several times as fast; where it overflows, the values are examined.
    if not (disparity.sum().isfinite() or disparity.isfinite().all()):
        bad = int((~disparity.isfinite()).sum())
        raise InputError(f"{bad} of {disparity.numel()} disparities are NaN or infinite; all must be finite.")
