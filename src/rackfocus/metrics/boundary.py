"""F1 of depth edges: whether a disparity map has its edges where the scene has them."""

import math

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.metrics.disparity import align_affine, spread

STEP = 0.25
"""An edge is a step of more than this many standard deviations of the truth, over `REACH_PX` pixels."""
REACH_PX = 5
"""Distance of the two pixels of a step, to the right or down."""
TOLERANCE_PX = 2.0


def boundary_f1(
    disparity: Float[Tensor, "height width"],
    truth: Float[Tensor, "height width"],
    *,
    valid: Bool[Tensor, "height width"] | None = None,
) -> Float[Tensor, ""]:
    """F1 of depth edges between pixels whose truth is known, 0 to 1, higher is better.

    Precision and recall of edge pixels (Hu et al. 2019). Unlike there, an edge counts as found within
    `TOLERANCE_PX`, and the prediction, whose units and sign may be unknown, is first aligned with the truth.

    Returns:
        NaN where the truth has no edge.
    """
    known = torch.ones_like(truth, dtype=torch.bool) if valid is None else valid
    aligned = align_affine(disparity, truth, valid=known)
    step = STEP * float(spread(truth, valid=known))
    true_edges, edges = (edge_mask(values, known, step).cpu().numpy() for values in (truth, aligned))
    if not true_edges.any():
        return torch.tensor(math.nan)
    if not edges.any():
        return torch.tensor(0.0)
    precision, recall = _found(edges, true_edges), _found(true_edges, edges)
    return torch.tensor(0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall))


def edge_mask(
    values: Float[Tensor, "height width"], valid: Bool[Tensor, "height width"], step: float
) -> Bool[Tensor, "height width"]:
    """The pixels in the middle of steps of more than `step` over `REACH_PX` pixels."""
    mask = torch.zeros_like(valid)
    middle = REACH_PX // 2
    for edges, known, map_ in ((mask, valid, values), (mask.T, valid.T, values.T)):  # across, then down
        steep = (map_[:, REACH_PX:] - map_[:, :-REACH_PX]).abs() > step
        steep &= known[:, REACH_PX:] & known[:, :-REACH_PX]
        edges[:, middle : middle + steep.shape[1]] |= steep
    return mask


def _found(edges: np.ndarray, others: np.ndarray) -> float:
    """The share of `edges` that are within the tolerance of one of the others."""
    distance = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float((distance[edges] <= TOLERANCE_PX + 1e-3).mean())
