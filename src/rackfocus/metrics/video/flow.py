"""Errors of optical flow, of occlusion masks, and of the motion in rendered frames."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.video.flow.optical_flow import OpticalFlow


def end_point_error(
    flow: Float[Tensor, "2 height width"],
    truth: Float[Tensor, "2 height width"],
    *,
    valid: Bool[Tensor, "height width"] | None = None,
) -> Float[Tensor, ""]:
    """Mean distance of the flow's end points from the true ones, in pixels (Baker et al. 2011)."""
    distance = (flow - truth).square().sum(0).sqrt()
    return distance.mean() if valid is None else distance[valid].mean()


def mean_component_error(
    flow: Float[Tensor, "2 height width"], truth: Float[Tensor, "2 height width"]
) -> Float[Tensor, ""]:
    """Mean absolute difference of the components `x` and `y` of two flows, in pixels.

    The "flow error" of the evaluation script of Any-to-Bokeh (Yang et al. 2026).
    """
    return (flow - truth).abs().mean()


def flow_difference(
    flow: OpticalFlow,
    frames: tuple[Float[Tensor, "3 height width"], Float[Tensor, "3 height width"]],
    true_frames: tuple[Float[Tensor, "3 height width"], Float[Tensor, "3 height width"]],
) -> Float[Tensor, ""]:
    """Mean distance in pixels between the motion in two successive rendered frames and in the two true ones.

    tOF of Chu et al. 2020: it measures temporal artefacts that move differently from the truth. Frames are
    encoded, in 0..1; the same flow method is used for both.
    """
    seen, true = (
        torch.from_numpy(flow(*(_codes(frame) for frame in pair))).permute(2, 0, 1)
        for pair in (frames, true_frames)
    )
    return end_point_error(seen, true)


def _codes(encoded: Float[Tensor, "3 height width"]) -> np.ndarray:
    codes = (encoded.clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(codes.permute(1, 2, 0).cpu().numpy())
