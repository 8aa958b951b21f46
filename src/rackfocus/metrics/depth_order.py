"""Whether a depth map knows what is in front of what, whatever its units."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

PAIRS = 50_000
LEAST_DIFFERENCE = 0.05
"""Pairs closer than this share of the truth's range (2nd to 98th percentile) are not asked about."""


def whdr(
    nearness: Float[Tensor, "*shape"],
    truth: Float[Tensor, "*shape"],
    *,
    generator: torch.Generator,
    valid: Bool[Tensor, "*shape"] | None = None,
) -> Float[Tensor, ""]:
    """The share of random pairs of pixels whose order in depth is wrong; 0 to 1, lower is better.

    WHDR of Chen et al. 2016 (Depth in the Wild, DIW), all weights 1, asked of those of `PAIRS` pairs whose
    truth differs clearly. The usual threshold is on the ratio of two depths, which a map without scale and
    shift does not have: here it is on their difference, relative to the range. A tie counts as half wrong, so
    a single plane gets 0.5.

    Args:
        nearness: the prediction, larger is nearer.
        truth: the same, true, up to a positive scale and a shift.
        generator: draws the pairs.
        valid: where the truth is known.

    Returns:
        NaN where no pair differs clearly.
    """
    known = torch.ones_like(truth, dtype=torch.bool) if valid is None else valid
    predicted, wanted = nearness[known], truth[known]
    if len(wanted) < 2:
        return torch.tensor(torch.nan)
    first, second = torch.randint(len(wanted), (2, PAIRS), generator=generator).to(wanted.device)
    ordered = wanted.sort().values
    low, high = ordered[round(0.02 * (len(ordered) - 1))], ordered[round(0.98 * (len(ordered) - 1))]
    difference = wanted[first] - wanted[second]
    clear = difference.abs() > LEAST_DIFFERENCE * (high - low)
    agreement = torch.sign(difference) * torch.sign(predicted[first] - predicted[second])
    return ((1 - agreement) / 2)[clear].mean()
