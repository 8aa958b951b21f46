"""Supervision by relative depth, invariant to scale and shift (MiDaS: Ranftl et al. 2020, "Towards Robust
Monocular Depth Estimation").

Prediction and label are both normalised to median 0 and mean absolute deviation 1 (their Eq. 5 and 6),

    p' = (p - median(p)) / mean |p - median(p)|,

then compared by value and by gradients at four scales (Eq. 11), which align the edges.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

SCALES = 4


def relative_depth_loss(
    nearness: Float[Tensor, "batch 1 height width"],
    label: Float[Tensor, "batch 1 height width"],
    *,
    gradient_weight: float = 0.5,
) -> Float[Tensor, ""]:
    """The scale- and shift-invariant loss with gradient matching, of weight `alpha` (Eq. 12); 0 where both
    agree.

    Both are relative inverse depth, larger is nearer; the label is from a teacher model or a composition.
    """
    difference = normalised(nearness) - normalised(label)
    return difference.abs().mean() + gradient_weight * gradient_matching(difference)


def normalised(values: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """Normalise each image to median 0 and mean absolute deviation 1; a constant image gives 0."""
    centred = values - values.flatten(1).median(dim=1).values[:, None, None, None]
    return centred / centred.abs().mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-6)


def gradient_matching(difference: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, ""]:
    """The mean absolute horizontal and vertical step of a difference, summed over `SCALES` sizes (Eq. 11).

    Each size is half of the previous one, averaged.
    """
    total = difference.new_zeros(())
    for _ in range(SCALES):
        if min(difference.shape[-2:]) < 2:
            break
        total = total + difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()
        difference = F.avg_pool2d(difference, 2)
    return total
