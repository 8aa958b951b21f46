"""Errors of disparity maps, optionally after an affine fit where their units are unknown.

Maps may have any shape; `valid` is a mask of where the truth is known. `None`: everywhere.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def disparity_rms(
    disparity: Float[Tensor, "*shape"],
    truth: Float[Tensor, "*shape"],
    *,
    align: bool = False,
    valid: Bool[Tensor, "*shape"] | None = None,
) -> Float[Tensor, ""]:
    """Root mean square error in the truth's units (Scharstein & Szeliski 2002); lower is better.

    Args:
        disparity: the prediction.
        truth: the true disparity.
        align: first apply the scale and shift of `align_affine`, for maps known only up to these.
        valid: where the truth is known.
    """
    if align:
        disparity = align_affine(disparity, truth, valid=valid)
    return (_chosen(disparity, valid) - _chosen(truth, valid)).square().mean().sqrt()


def align_affine(
    disparity: Float[Tensor, "*shape"],
    truth: Float[Tensor, "*shape"],
    *,
    valid: Bool[Tensor, "*shape"] | None = None,
) -> Float[Tensor, "*shape"]:
    """`a * disparity + b` with the `a` and `b` that fit the truth best in the least-squares sense.

    The scale may be negative. A constant map leaves the scale undetermined and becomes the truth's mean.
    """
    known, wanted = _chosen(disparity, valid), _chosen(truth, valid)
    design = torch.stack([known, torch.ones_like(known)], dim=1)
    # The pseudo-inverse also handles a constant map, whose normal equations are singular.
    scale, shift = torch.linalg.pinv(design.T @ design, hermitian=True) @ (design.T @ wanted)
    return (scale * disparity.double() + shift).to(disparity.dtype)


def spread(
    truth: Float[Tensor, "*shape"], *, valid: Bool[Tensor, "*shape"] | None = None
) -> Float[Tensor, ""]:
    """The truth's standard deviation, the aligned error of a constant map; NaN where none is known."""
    known = _chosen(truth, valid)
    return known.std(correction=0) if len(known) else known.new_tensor(torch.nan)


def largest_quarter(disparity: Float[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """The quarter of the pixels with the largest blur `|D|` (Fig. 3C)."""
    size = disparity.abs()
    return size >= size.flatten().quantile(0.75)


def abs_rel(
    nearness: Float[Tensor, "*shape"],
    inverse_depth: Float[Tensor, "*shape"],
    *,
    valid: Bool[Tensor, "*shape"] | None = None,
) -> Float[Tensor, ""]:
    """Mean of `|z - z*| / z*` over depths, as MiDaS does (Ranftl et al. 2020); lower is better.

    Nearness is aligned with the true inverse depth and clamped from below to the smallest true one, which
    bounds the depth by that of the farthest point.

    Args:
        nearness: the prediction, larger is nearer, up to scale and shift.
        inverse_depth: `1 / z*` in any unit, without a shift; pixels of value 0, such as the sky, do not
            count.
        valid: where the truth is known.
    """
    known = inverse_depth > 0 if valid is None else valid & (inverse_depth > 0)
    if not known.any():
        return torch.tensor(torch.nan, dtype=torch.float64)
    wanted = _chosen(inverse_depth, known)
    aligned = _chosen(align_affine(nearness, inverse_depth, valid=known), known).clamp_min(wanted.min())
    return (wanted / aligned - 1).abs().mean()


def _chosen(values: Tensor, valid: Tensor | None) -> Float[Tensor, "pixels"]:
    """The valid values, in double precision for the normal equations."""
    return (values.flatten() if valid is None else values[valid]).double()
