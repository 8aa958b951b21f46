"""Edge-aware smoothness of disparity."""

from jaxtyping import Float
from torch import Tensor


def edge_aware_smoothness(
    disparity: Float[Tensor, "batch 1 height width"], srgb: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, ""]:
    """`|dD/dx| exp(-|dI/dx|) + |dD/dy| exp(-|dI/dy|)`, the mean over pixels (Sec. 4.1, L_smooth).

    Derivatives are forward differences; `|dI|` is the mean over the channels of the encoded image in 0..1,
    as in Godard et al. 2017. A picture of a single row or column has no derivative across it.
    """
    total = disparity.new_zeros(())
    for axis in (-1, -2):
        if disparity.shape[axis] > 1:
            edge = srgb.diff(dim=axis).abs().mean(dim=1, keepdim=True)
            total = total + (disparity.diff(dim=axis).abs() * (-edge).exp()).mean()
    return total
