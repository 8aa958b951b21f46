"""Depth that steps where a subject's silhouette is, by a mask of the subject."""

from collections.abc import Mapping
from typing import Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from kornia.filters import gaussian_blur2d, guided_blur
from torch import Tensor

from rackfocus.models.backends import DepthBackend
from rackfocus.models.depth_ensemble import standardised
from rackfocus.types import InputError

SURE = (0.2, 0.8)
"""Below the first the background is certain, above the second the subject."""


class SubjectMask(Protocol):
    """A model of where the subject of a picture is."""

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """How sure it is, 0 to 1, at the size of the image."""
        ...


class SilhouetteDepth:
    """Nearness that steps exactly at the silhouettes that masks are sure of.

    Near a silhouette, what is in the mask gets the nearness of the subject farther inside, and what is not
    that of its surroundings farther outside, where the first is the nearer one. Elsewhere, and where the
    subject is no nearer than what surrounds it, as at its feet, nothing changes.

    Args:
        depth: gives the nearness.
        masks: of subjects, by name; each is applied in turn.
        band_share: how far from the silhouette nearness is replaced, relative to the shorter side.
        least_certainty: a mask counts where the mean of `|2 p - 1|` over it and as much around it is this.
        least_step: by how much the subject is nearer where nearness is replaced, in deviations of the map.

    Raises:
        InputError: a number is out of its range.
    """

    def __init__(
        self,
        depth: DepthBackend,
        masks: Mapping[str, SubjectMask],
        *,
        band_share: float = 0.02,
        least_certainty: float = 0.85,
        least_step: float = 0.05,
    ) -> None:
        if not (0 < band_share < 0.5 and 0 <= least_certainty <= 1 and least_step >= 0):
            raise InputError(
                "band_share must be between 0 and 0.5, least_certainty from 0 to 1 and least_step 0 or more; "
                f"they are {band_share}, {least_certainty} and {least_step}."
            )
        self.depth = depth
        self.masks = dict(masks)
        self.band_share = band_share
        self.least_certainty = least_certainty
        self.least_step = least_step

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """See `rackfocus.models.backends.DepthBackend`."""
        nearness = standardised(self.depth(srgb))
        for mask in self.masks.values():
            certainty = refined(mask(srgb), srgb)
            sure = is_sure(certainty, self.least_certainty)
            nearness = torch.where(sure, self._stepped(nearness, certainty > 0.5), nearness)
        return nearness

    def _stepped(self, nearness: Tensor, inside: Bool[Tensor, "batch 1 height width"]) -> Tensor:
        band_px = max(1, round(self.band_share * min(nearness.shape[-2:])))
        core, beyond = eroded(inside, band_px), eroded(~inside, band_px)
        subject, subject_known = extended(nearness, core, band_px)
        ground, ground_known = extended(nearness, beyond, band_px)
        stepped = torch.where(inside, subject, ground)
        replace = ~(core | beyond) & subject_known & ground_known & (subject > ground + self.least_step)
        return torch.where(replace, stepped, nearness)


def refined(
    certainty: Float[Tensor, "batch 1 height width"], srgb: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch 1 height width"]:
    """A coarse mask brought to the edges of its picture by the guided filter."""
    side = 2 * max(1, round(0.012 * min(srgb.shape[-2:]))) + 1
    return guided_blur(srgb, certainty, side, 1e-4, separable=True).clamp(0, 1)


def is_sure(
    certainty: Float[Tensor, "batch 1 height width"], least: float
) -> Bool[Tensor, "batch 1 1 1"]:
    """Whether a mask holds a subject, of 1 to 80 % of the picture, and little that is neither in nor out."""
    inside = (certainty > 0.5).float()
    share = inside.mean(dim=(1, 2, 3), keepdim=True)
    unsure = ((certainty > SURE[0]) & (certainty < SURE[1])).float().mean(dim=(1, 2, 3), keepdim=True)
    return (share > 0.01) & (share < 0.8) & (unsure < (1 - least) * share)


def eroded(
    mask: Bool[Tensor, "batch 1 height width"], radius_px: int
) -> Bool[Tensor, "batch 1 height width"]:
    """Where a square of this radius holds nothing but the mask; beyond the picture all is mask."""
    side = 2 * radius_px + 1
    return F.max_pool2d((~mask).float(), side, stride=1, padding=radius_px) == 0


def extended(
    values: Float[Tensor, "batch 1 height width"],
    known: Bool[Tensor, "batch 1 height width"],
    reach_px: int,
) -> tuple[Float[Tensor, "batch 1 height width"], Bool[Tensor, "batch 1 height width"]]:
    """Means of the known values nearby, by a Gaussian, and where there are any."""
    side, sigma = 4 * reach_px + 1, (float(reach_px), float(reach_px))
    weight = gaussian_blur2d(known.float(), side, sigma)
    mean = gaussian_blur2d(values * known, side, sigma) / weight.clamp_min(1e-6)
    return mean, weight > 1e-3
