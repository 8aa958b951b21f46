"""How close a disparity map is to the truth."""

import torch
from jaxtyping import Float
from torch import Tensor


def disparity_rms(
    disparity: Float[Tensor, "*shape"], truth: Float[Tensor, "*shape"], *, align: bool = False
) -> Float[Tensor, ""]:
    """Root mean square error in pixels; lower is better.

    Args:
        disparity: the prediction.
        truth: the true disparity.
        align: first apply the scale and shift that fit the truth best in the least-squares sense, for maps
            that are known only up to those.
    """
    disparity, truth = disparity.flatten().double(), truth.flatten().double()
    if align:
        design = torch.stack([disparity, torch.ones_like(disparity)], dim=1)
        # The normal equations' pseudo-inverse: a constant map leaves the scale free, which is no error.
        disparity = design @ (torch.linalg.pinv(design.T @ design, hermitian=True) @ (design.T @ truth))
    return (disparity - truth).square().mean().sqrt()
