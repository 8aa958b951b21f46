"""How close a disparity map is to the truth; after a fit of scale and shift where its units are unknown.

Maps may have any shape; `valid` is where the truth is known, everywhere when left out.
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
        align: first apply the scale and shift of `align_affine`, for maps that are known only up to those.
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

    The scale may come out negative; a flat map leaves it free, which is no error, and gets the truth's mean.
    """
    known, wanted = _chosen(disparity, valid), _chosen(truth, valid)
    design = torch.stack([known, torch.ones_like(known)], dim=1)
    # The normal equations' pseudo-inverse does not mind a flat map.
    scale, shift = torch.linalg.pinv(design.T @ design, hermitian=True) @ (design.T @ wanted)
    return (scale * disparity.double() + shift).to(disparity.dtype)


def spread(
    truth: Float[Tensor, "*shape"], *, valid: Bool[Tensor, "*shape"] | None = None
) -> Float[Tensor, ""]:
    """The truth's standard deviation: the aligned error of a single plane, which knows nothing."""
    return _chosen(truth, valid).std(correction=0)


def largest_quarter(disparity: Float[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """The quarter of the pixels that are blurred most, where `|D|` is large (Fig. 3C)."""
    size = disparity.abs()
    return size >= size.flatten().quantile(0.75)


def abs_rel(
    nearness: Float[Tensor, "*shape"],
    inverse_depth: Float[Tensor, "*shape"],
    *,
    valid: Bool[Tensor, "*shape"] | None = None,
) -> Float[Tensor, ""]:
    """Mean of `|z - z*| / z*` over depths, as MiDaS does (Ranftl et al. 2020); lower is better.

    Nearness is aligned with the true inverse depth and held to at least the smallest true one: nothing
    counts as farther than the farthest thing.

    Args:
        nearness: the prediction, larger is nearer, up to scale and shift.
        inverse_depth: `1 / z*` in any unit, without a shift; what is 0, as the sky, does not count.
        valid: where the truth is known.
    """
    known = inverse_depth > 0 if valid is None else valid & (inverse_depth > 0)
    if not known.any():
        return torch.tensor(torch.nan, dtype=torch.float64)
    wanted = _chosen(inverse_depth, known)
    aligned = _chosen(align_affine(nearness, inverse_depth, valid=known), known).clamp_min(wanted.min())
    return (wanted / aligned - 1).abs().mean()


def _chosen(values: Tensor, valid: Tensor | None) -> Float[Tensor, "pixels"]:
    """The valid values; single precision would not do for the normal equations."""
    return (values.flatten() if valid is None else values[valid]).double()
