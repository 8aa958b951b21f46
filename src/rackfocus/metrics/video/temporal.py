"""Temporal consistency of maps: change from frame to frame that motion does not explain."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.video.flow.warp import warp


def flow_warped_error(
    values: Float[Tensor, "channel height width"],
    following: Float[Tensor, "channel height width"],
    flow: Float[Tensor, "2 height width"],
    visible: Bool[Tensor, "height width"],
) -> Float[Tensor, ""]:
    """Mean absolute difference of a map and the next frame's, warped to it by the flow; lower is better.

    The optical-flow-warped error (OPW) of Wang et al. 2022, with a mask of visible pixels instead of their
    soft photometric weight: those of known flow, whose point is visible in both frames. The flow leads from
    the frame to the next, in pixels.

    Returns:
        In the unit of the map; NaN if no pixel is visible.
    """
    return (values - warp(following, flow))[:, visible].abs().mean()


def temporal_alignment_error(
    depth: Float[Tensor, "1 height width"],
    following: Float[Tensor, "1 height width"],
    *,
    intrinsics: Float[Tensor, "3 3"],
    motion: Float[Tensor, "4 4"],
    valid: Bool[Tensor, "1 height width"] | None = None,
    following_valid: Bool[Tensor, "1 height width"] | None = None,
) -> Float[Tensor, ""]:
    """Disagreement of two successive depth maps of a static scene; lower is better.

    Each map's points are moved by the camera's motion, from the first camera's coordinates to the second's,
    into the other frame, and compared with the depth that the other map has there: the mean of `|z - z'| /
    z'`, over both directions (TAE, Yang et al. 2024). Depth is above 0, along the camera's axis. Only valid
    points count and are compared with. Maps known up to scale and shift have to be aligned first, with one
    scale and shift for the clip.

    Returns:
        Relative to the depth; NaN if no point of either map is inside the other frame.
    """
    one = torch.ones_like(depth, dtype=torch.bool) if valid is None else valid
    other = torch.ones_like(following, dtype=torch.bool) if following_valid is None else following_valid
    there = _relative_error(depth, one, following, other, intrinsics, motion)
    back = _relative_error(following, other, depth, one, intrinsics, torch.linalg.inv(motion.double()))
    return torch.stack([there, back]).mean()


def frame_change(maps: Float[Tensor, "frame channel height width"]) -> Float[Tensor, ""]:
    """Mean absolute change from frame to frame over the standard deviation of all maps; lower is better.

    Motion of the scene counts too, so only maps of the same clip can be compared. A scale and shift that are
    the same for all frames do not matter, so the output of a relative depth network can be used as it is.

    Returns:
        NaN for fewer than two frames; 0 for constant maps.
    """
    if len(maps) < 2:
        return torch.tensor(torch.nan)
    change = (maps[1:] - maps[:-1]).abs().double().mean()
    return change / maps.double().std(correction=0).clamp_min(torch.finfo(maps.dtype).tiny)


def temporal_change_error(
    frame: Float[Tensor, "channel height width"],
    following: Float[Tensor, "channel height width"],
    true_frame: Float[Tensor, "channel height width"],
    true_following: Float[Tensor, "channel height width"],
) -> Float[Tensor, ""]:
    """Mean of `|(x_{t+1} - x_t) - (y_{t+1} - y_t)|` over pixels (RM, the relation of neighbouring frames).

    A constant error does not count; one that flickers counts in full. Lower is better.
    """
    return ((following - frame) - (true_following - true_frame)).abs().mean()


def _relative_error(
    depth: Tensor, valid: Tensor, other: Tensor, other_valid: Tensor, intrinsics: Tensor, motion: Tensor
) -> Float[Tensor, ""]:
    """The error of the depths of one map's points in the other map's frame, at the nearest pixels."""
    height, width = depth.shape[-2:]
    rows, columns = torch.nonzero(valid[0], as_tuple=True)
    pixels = torch.stack([columns, rows, torch.ones_like(rows)]).double()
    camera = intrinsics.double()
    points = torch.linalg.solve(camera, pixels) * depth[0, rows, columns].double()
    moved = motion.double()[:3, :3] @ points + motion.double()[:3, 3:]
    seen = camera @ moved
    before = seen[2] > 0
    x, y = (torch.where(before, seen[axis] / seen[2], -1.0).round().long() for axis in (0, 1))
    inside = before & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y, moved_depth = x[inside], y[inside], moved[2, inside]
    known = other_valid[0, y, x]
    target = other[0, y, x].double()[known]
    return ((moved_depth[known] - target).abs() / target).mean().to(depth.dtype)
