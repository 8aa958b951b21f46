"""The loss of AF-Net: focus regions, and the times of new focus targets (Sec. 5.3).

A focus region is a density over the pixels of a frame; a softmax turns the network's logits into one. Three
measures of saliency (Bylinskii et al. 2019) compare two densities; as losses, lower is better.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

EPSILON = 1e-8

Maps = Float[Tensor, "frame 1 height width"]


class AFNetTerms(NamedTuple):
    """The terms before weighting, each 0 where no label is known, and their weighted sum."""

    region: Float[Tensor, ""]
    time: Float[Tensor, ""]
    total: Float[Tensor, ""]


class AFNetLoss(nn.Module):
    """`region_weight * L_region + time_weight * L_time`.

    Args:
        region: the loss of a frame's focus region: `kullback_leibler`, `scanpath_saliency`, `correlation`.
        region_weight: weight of the focus regions.
        time_weight: weight of the new focus targets.
        window_s: standard deviation of the window around the time of a target: predictions that are early or
            late by less are nearly as good.
        positive_weight: weight of frames at a target relative to others: targets are rare.
    """

    def __init__(
        self,
        region: Callable[[Maps, Maps], Float[Tensor, " frame"]],
        *,
        region_weight: float = 1.0,
        time_weight: float = 4.0,
        window_s: float = 0.2,
        positive_weight: float = 4.0,
    ) -> None:
        super().__init__()
        self.region = region
        self.region_weight = region_weight
        self.time_weight = time_weight
        self.window_s = window_s
        self.positive_weight = positive_weight

    def forward(
        self,
        region_logits: Float[Tensor, "batch frame 1 height width"],
        target_logits: Float[Tensor, "batch frame"],
        *,
        regions: Float[Tensor, "batch frame 1 height width"],
        new_target: Float[Tensor, "batch frame"],
        times_s: Float[Tensor, "batch frame"],
    ) -> AFNetTerms:
        """Compare predictions with labels.

        Args:
            region_logits: of `AFNet`.
            target_logits: of `AFNet`.
            regions: densities; all 0: unknown.
            new_target: 1 where a new focus target begins, else 0; NaN: unknown.
            times_s: of the frames.
        """
        seen = regions.flatten(2).sum(2) > 0
        region = (
            self.region(region_logits[seen], regions[seen]).mean() if seen.any() else 0 * region_logits.sum()
        )
        known = new_target.isfinite()
        losses = F.binary_cross_entropy_with_logits(
            target_logits,
            soft_window(new_target, times_s, window_s=self.window_s),
            pos_weight=target_logits.new_tensor(self.positive_weight),
            reduction="none",
        )
        time = losses[known].mean() if known.any() else 0 * target_logits.sum()
        return AFNetTerms(region, time, self.region_weight * region + self.time_weight * time)


def soft_window(
    new_target: Float[Tensor, "batch frame"], times_s: Float[Tensor, "batch frame"], *, window_s: float
) -> Float[Tensor, "batch frame"]:
    """1 where a new focus target begins, with a Gaussian around it; overlapping ones are combined by `max`.

    `new_target` is 1 where one begins, else 0; NaN counts as 0. `window_s` is the standard deviation.
    """
    apart = times_s[:, :, None] - times_s[:, None]
    near = torch.exp(-(apart**2) / (2 * window_s**2))
    return (near * (new_target == 1)[:, None]).amax(2)


def kullback_leibler(logits: Maps, density: Maps) -> Float[Tensor, " frame"]:
    """`KL(density || softmax(logits))` of each frame, in nats."""
    truth = density.flatten(1)
    return (torch.xlogy(truth, truth) - truth * logits.flatten(1).log_softmax(1)).sum(1)


def scanpath_saliency(logits: Maps, density: Maps) -> Float[Tensor, " frame"]:
    """Minus NSS: the expectation of the normalised prediction under the density."""
    prediction = logits.flatten(1).softmax(1)
    deviation, mean = torch.std_mean(prediction, 1, keepdim=True, correction=0)
    return -((prediction - mean) / (deviation + EPSILON) * density.flatten(1)).sum(1)


def correlation(logits: Maps, density: Maps) -> Float[Tensor, " frame"]:
    """Minus CC: Pearson's correlation of the predicted and the true density over the pixels."""
    one, other = logits.flatten(1).softmax(1), density.flatten(1)
    one, other = one - one.mean(1, keepdim=True), other - other.mean(1, keepdim=True)
    return -(one * other).sum(1) / (one.norm(dim=1) * other.norm(dim=1) + EPSILON)
