"""Scores of saliency maps against recorded gaze, as DHF1K computes them (Wang et al. 2018).

Notation: `saliency` is the prediction, of any scale; `fixations` is the number of fixations of each pixel, of
which only zero or nonzero matters; `density` is the map of blurred fixations. All have the same shape, which
may be any. A frame without fixations has no score: NaN. A constant map has the scores of chance: AUC .5, NSS
and CC 0.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

SCORES = ("AUC-J", "SIM", "s-AUC", "CC", "NSS")
"""The scores in the order of DHF1K's tables; higher is better for all."""
THRESHOLD_STEP = 0.1
"""Step of the thresholds of s-AUC, as a share of the map's range, as in the code of Borji and of DHF1K."""


def auc_judd(saliency: Float[Tensor, "*shape"], fixations: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """AUC-J: the area under the ROC whose thresholds are the values at the fixated pixels (Judd et al. 2009).

    Negatives are all other pixels. The authors' code adds noise to break ties; here tied pixels share one
    threshold, which gives the expected value of that.

    Returns:
        0 to 1; .5 is chance.
    """
    fixated = fixations.flatten() > 0
    positive, negative = saliency.flatten()[fixated], saliency.flatten()[~fixated]
    return _area(positive, negative, positive.unique().flip(0))


def auc_shuffled(
    saliency: Float[Tensor, "*shape"], fixations: Float[Tensor, "*shape"], others: Float[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """s-AUC: the area under the ROC against pixels that are fixated in other videos (Zhang et al. 2008).

    So a map of the centre, where people look in any video, is not better than chance. `fixations` and
    `others` count those of each pixel. Thresholds are a tenth of the map's range apart. The authors' code
    averages over a hundred random draws of as many negatives as there are fixations; here all negatives count
    at once, which is the expected value.

    Returns:
        0 to 1; .5 is chance.
    """
    values = _stretched(saliency).flatten()
    thresholds = torch.arange(1.0, -THRESHOLD_STEP / 2, -THRESHOLD_STEP, dtype=values.dtype)
    # Slightly lower, so that a value of exactly .3 reaches the threshold of .3.
    return _area(values[fixations.flatten() > 0], values[others.flatten() > 0], thresholds - 1e-9)


def similarity(saliency: Float[Tensor, "*shape"], density: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """SIM: the overlap of two maps, each shifted to begin at 0 and scaled to sum 1 (Judd et al. 2012).

    Returns:
        0 to 1; 1 for equal maps.
    """
    if not density.any():
        return _nothing()
    one, other = _stretched(saliency), _stretched(density)
    return torch.minimum(one / one.sum(), other / other.sum()).sum()


def correlation(saliency: Float[Tensor, "*shape"], density: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """CC: Pearson's correlation of the two maps, -1 to 1."""
    if not density.any():
        return _nothing()
    return (_standardised(saliency) * _standardised(density)).sum() / (saliency.numel() - 1)


def nss(saliency: Float[Tensor, "*shape"], fixations: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """NSS: the mean over the fixated pixels of the map, normalised to mean 0 and standard deviation 1.

    Peters et al. 2005. 0 is chance.
    """
    return _standardised(saliency)[fixations > 0].mean()


def saliency_scores(
    saliency: Float[Tensor, "*shape"],
    fixations: Float[Tensor, "*shape"],
    density: Float[Tensor, "*shape"],
    others: Float[Tensor, "*shape"],
) -> dict[str, Float[Tensor, ""]]:
    """All scores of one frame by their names in `SCORES`; NaN without fixations."""
    scores = (
        auc_judd(saliency, fixations),
        similarity(saliency, density),
        auc_shuffled(saliency, fixations, others),
        correlation(saliency, density),
        nss(saliency, fixations),
    )
    return dict(zip(SCORES, scores, strict=True))


class SaliencyScore(Metric):
    """Means of `saliency_scores` over frames, without the frames that have no fixations."""

    full_state_update = False
    totals: Tensor
    frames: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name in ("totals", "frames"):
            zero = torch.zeros(len(SCORES), dtype=torch.float64)
            self.add_state(name, zero, dist_reduce_fx="sum")

    def update(
        self,
        saliency: Float[Tensor, "frame 1 height width"],
        fixations: Float[Tensor, "frame 1 height width"],
        density: Float[Tensor, "frame 1 height width"],
        others: Float[Tensor, "1 height width"],
    ) -> None:
        """Add the frames of a video; `others` are the fixations of other videos, resized to this one."""
        for planes in zip(saliency, fixations, density, strict=True):
            scores = torch.stack([score.double() for score in saliency_scores(*planes, others).values()])
            self.totals += scores.nan_to_num(0.0)
            self.frames += scores.isfinite()

    def compute(self) -> dict[str, Float[Tensor, ""]]:
        """By the names in `SCORES`; NaN where no frame counted."""
        return dict(zip(SCORES, self.totals / self.frames, strict=True))


def _area(
    positive: Float[Tensor, " positives"],
    negative: Float[Tensor, " negatives"],
    thresholds: Float[Tensor, " thresholds"],
) -> Float[Tensor, ""]:
    """The area under the ROC curve of decreasing thresholds, linear between points, from (0, 0) to (1, 1)."""
    if not len(positive) or not len(negative):
        return _nothing()
    zero = torch.zeros(1, dtype=torch.float64)
    hits, false_alarms = (
        torch.cat([zero, _shares_above(values, thresholds), zero + 1]) for values in (positive, negative)
    )
    return torch.trapezoid(hits, false_alarms)


def _shares_above(values: Tensor, thresholds: Tensor) -> Float[Tensor, " thresholds"]:
    """The share of the values that are at least each threshold."""
    below = torch.searchsorted(values.sort().values, thresholds.contiguous())
    return 1 - below.double() / len(values)


def _stretched(values: Tensor) -> Tensor:
    """Scaled to 0..1 in double precision; a constant map is 1 everywhere, which is a valid distribution."""
    values = values.double()
    span = values.max() - values.min()
    return (values - values.min()) / span if span > 0 else torch.ones_like(values)


def _standardised(values: Tensor) -> Tensor:
    """Normalised to mean 0 and standard deviation 1; a constant map is 0."""
    deviation = values.double() - values.double().mean()
    spread = deviation.std()
    return deviation / spread if spread > 0 else torch.zeros_like(deviation)


def _nothing() -> Float[Tensor, ""]:
    return torch.tensor(torch.nan, dtype=torch.float64)
