"""The thin-lens renderer F(I, D, E): the reference in plain torch, and the oracle for faster ones.

Notation (Sec. 4.1 of the paper; RENDERER.md):
    I'   radiance, I exp(kE)                                              Eq. 4
    M_d  soft matte of disparity level d, exp(-2.8 (D - d)^2)             Eq. 2
    w_d  M_d / sum_e M_e, a partition of unity
    c_d  (I' w_d) * K_|d|, the level's blurred light                      K_r: disk of radius r, unit sum
    a_d  w_d * K_|d|, the level's blurred coverage
Levels are integers. They reach two past the range of D, else a flat D has no gradient.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.radiometry import apply_log_exposure
from rackfocus.optics.thin_lens import refocus_disparity
from rackfocus.types import InputError, Lens

MATTE_FALLOFF = 2.8
"""`lambda` of Eq. 2."""

MATTE_REACH = 2
"""Levels further than this from a pixel's disparity hold none of it; there `M` is below 1.4e-5."""

OCCLUSION_GAP = 2
"""A level hides only those more than this many levels behind it: neighbours are one surface."""


class _Layer(NamedTuple):
    level: int
    matte: Tensor
    light: Tensor
    coverage: Tensor


def render(
    linear_rgb: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    log_exposure: Float[Tensor, "batch 3 height width"] | None = None,
    *,
    lens: Lens | None = None,
    formulation: str = "transmittance",
) -> Float[Tensor, "batch 3 height width"]:
    """Render a deep-DOF image through a thin lens: `F(I, D, E)`, differentiable in all three.

    Args:
        linear_rgb: the deep-DOF image `I` in linear light, display white = 1.
        disparity: signed disparity `D`, the blur radius in pixels of this image at the reference aperture.
        log_exposure: HDR log exposure `E >= 0` (Eq. 4); none means `I` is radiance already.
        lens: its aperture scales `D`; none means the reference aperture.
        formulation: `transmittance` (the most accurate), `paper` (Eq. 3 as printed) or `weighted_sum`
            (Srinivasan et al. 2018, normalised).

    Returns:
        Linear light as it falls on the sensor; may exceed 1.

    Raises:
        InputError: an image has no pixels, sizes differ, a disparity is not finite, or the formulation is
            unknown.
    """
    _check(linear_rgb, disparity, formulation)
    radiance = linear_rgb if log_exposure is None else apply_log_exposure(linear_rgb, log_exposure)
    if lens is not None:
        disparity = refocus_disparity(disparity, aperture_ratio=lens.aperture_ratio)
    return FORMULATIONS[formulation](radiance, disparity)


class Renderer(nn.Module):
    """`render` with its formulation fixed, for configs.

    Args:
        formulation: see `render`.
    """

    def __init__(self, formulation: str = "transmittance") -> None:
        super().__init__()
        self.formulation = formulation

    def forward(
        self,
        linear_rgb: Float[Tensor, "batch 3 height width"],
        disparity: Float[Tensor, "batch 1 height width"],
        log_exposure: Float[Tensor, "batch 3 height width"] | None = None,
        *,
        lens: Lens | None = None,
    ) -> Float[Tensor, "batch 3 height width"]:
        return render(linear_rgb, disparity, log_exposure, lens=lens, formulation=self.formulation)


def _transmittance(radiance: Tensor, disparity: Tensor) -> Tensor:
    """`sum_d T_d c_d / sum_d T_d a_d`, where `T_d` is what all levels well in front of `d` let through.

    The mean is taken out before the division and put back after it, which changes nothing on paper and
    keeps rounding in the transforms from tinting flat regions.
    """
    mean = radiance.mean(dim=(-2, -1), keepdim=True)
    light = torch.zeros_like(radiance)
    coverage = torch.zeros_like(disparity)
    transmittance = torch.ones_like(disparity)
    in_front: list[tuple[int, Tensor]] = []
    for layer in _layers(radiance - mean, disparity, normalised=True):
        while in_front and layer.level - in_front[0][0] > OCCLUSION_GAP:
            transmittance = transmittance * (1 - in_front.pop(0)[1].clamp(0, 1))
        light = light + transmittance * layer.light
        coverage = coverage + transmittance * layer.coverage
        in_front.append((layer.level, layer.coverage))
    return mean + light / coverage.clamp_min(torch.finfo(coverage.dtype).tiny)


def _weighted_sum(radiance: Tensor, disparity: Tensor) -> Tensor:
    """`sum_d c_d / sum_d a_d`: no occlusion (Srinivasan et al. 2018)."""
    mean = radiance.mean(dim=(-2, -1), keepdim=True)
    light = torch.zeros_like(radiance)
    coverage = torch.zeros_like(disparity)
    for layer in _layers(radiance - mean, disparity, normalised=True):
        light = light + layer.light
        coverage = coverage + layer.coverage
    return mean + light / coverage.clamp_min(torch.finfo(coverage.dtype).tiny)


def _paper(radiance: Tensor, disparity: Tensor) -> Tensor:
    """Eq. 3 as printed, back to front; the mattes do not sum to one, so it loses and gains energy."""
    image = torch.zeros_like(radiance)
    for layer in reversed(list(_layers(radiance, disparity, normalised=False))):
        image = image * (1 - layer.matte) + layer.light
    return image


FORMULATIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "transmittance": _transmittance,
    "paper": _paper,
    "weighted_sum": _weighted_sum,
}


def _layers(radiance: Tensor, disparity: Tensor, *, normalised: bool) -> Iterator[_Layer]:
    """The levels that hold something, front to back, each blurred by its disk.

    Edges replicate. The border is as wide as the largest disk, so the circular convolution never wraps
    into the picture.
    """
    levels = _occupied_levels(disparity)
    border = max(abs(levels[0]), abs(levels[-1]))
    radiance = F.pad(radiance, [border] * 4, mode="replicate")
    padded = F.pad(disparity, [border] * 4, mode="replicate")
    total = sum(_matte(padded, level) for level in levels) if normalised else torch.ones_like(padded)
    height, width = disparity.shape[-2:]
    inside = (..., slice(border, border + height), slice(border, border + width))
    for level in levels:
        matte = _matte(padded, level) / total
        blurred = _blur(torch.cat([radiance * matte, matte], dim=1), abs(level))[inside]
        yield _Layer(level, matte[inside], blurred[:, :3], blurred[:, 3:])


def _occupied_levels(disparity: Tensor) -> list[int]:
    """Integer levels within reach of any pixel, ascending: front to back."""
    floors = disparity.detach().floor().unique().long().tolist()
    reach = range(1 - MATTE_REACH, MATTE_REACH + 1)
    return sorted({floor + step for floor in floors for step in (*reach, -MATTE_REACH)})


def _matte(disparity: Tensor, level: int) -> Tensor:
    """`M(D, d)` of Eq. 2, cut where it vanishes."""
    distance = disparity - level
    return torch.exp(-MATTE_FALLOFF * distance**2) * (distance.abs() <= MATTE_REACH)


def _blur(image: Tensor, radius_px: int) -> Tensor:
    """Circular convolution with the disk."""
    if radius_px == 0:
        return image
    height, width = image.shape[-2:]
    kernel = F.pad(
        disk_kernel(radius_px, dtype=image.dtype).to(image.device),
        (0, width - 2 * radius_px - 1, 0, height - 2 * radius_px - 1),
    ).roll((-radius_px, -radius_px), dims=(0, 1))
    transfer = torch.fft.rfft2(kernel).real  # the disk is even, so its transform is real
    return torch.fft.irfft2(torch.fft.rfft2(image) * transfer, s=(height, width))


def _check(linear_rgb: Tensor, disparity: Tensor, formulation: str) -> None:
    if formulation not in FORMULATIONS:
        raise InputError(f"There is no renderer {formulation!r}; choose one of {', '.join(FORMULATIONS)}.")
    if linear_rgb.shape[-2:] != disparity.shape[-2:] or len(linear_rgb) != len(disparity):
        sizes = f"{tuple(linear_rgb.shape)} and {tuple(disparity.shape)}"
        raise InputError(f"The image and its disparity must be of one size, and are {sizes}.")
    if linear_rgb.numel() == 0:
        raise InputError(f"An image of size {tuple(linear_rgb.shape)} has no pixels to render.")
    if not disparity.isfinite().all():
        bad = int((~disparity.isfinite()).sum())
        raise InputError(f"{bad} of {disparity.numel()} disparities are NaN or infinite; all must be finite.")
