"""Optical flow of a static scene, computed from depth and camera motion."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.data.evaluation_samples import Camera


def rigid_flow(
    depth: Float[Tensor, "1 height width"], first: Camera, second: Camera
) -> tuple[Float[Tensor, "2 height width"], Bool[Tensor, "1 height width"]]:
    """The flow from a frame to another: pixels are projected by their depth into the world and into the
    other.

    Returns the flow in pixels (`x` right, `y` down; 0 where it is unknown), and where it is known: where the
    depth (metres along the axis of the camera) is above 0 and the point is in front of the second camera.
    Occlusion is not computed.
    """
    height, width = depth.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64), torch.arange(width, dtype=torch.float64), indexing="ij"
    )
    pixels = torch.stack([x, y, torch.ones_like(x)]).flatten(1)
    points = torch.linalg.solve(first.intrinsics.double(), pixels) * depth.double().flatten()
    motion = torch.linalg.solve(second.camera_to_world.double(), first.camera_to_world.double())
    moved = second.intrinsics.double() @ (motion[:3, :3] @ points + motion[:3, 3:])
    known = (depth.flatten() > 0) & (moved[2] > 0)
    target = moved[:2] / torch.where(known, moved[2], 1.0)
    flow = torch.where(known, target - pixels[:2], 0.0)
    return flow.unflatten(1, (height, width)).to(depth.dtype), known.view(1, height, width)
