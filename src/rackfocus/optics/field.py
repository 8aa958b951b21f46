"""The lens kernel of each level, sampled at the nodes of a grid over the frame where it varies with position.

Between nodes the kernel is interpolated bilinearly.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import LensShape

Nodes = tuple[int, int]
"""Number of columns and rows of the grid."""

FIELD_NODES: Nodes = (9, 7)


def nodes_of(shape: LensShape) -> Nodes:
    """The grid that a lens shape needs: a single node if its kernel is the same at every position."""
    return FIELD_NODES if shape.varies else (1, 1)


def node_shares(
    height: int, width: int, nodes: Nodes, *, dtype: torch.dtype, device: torch.device
) -> Float[Tensor, "node height width"]:
    """The bilinear weight of each node's kernel at each pixel; weights sum to 1; nodes in row-major order."""
    across = _hats(width, nodes[0], dtype=dtype, device=device)
    down = _hats(height, nodes[1], dtype=dtype, device=device)
    return (down[:, None, :, None] * across[None, :, None, :]).flatten(0, 1)


def _hats(size: int, nodes: int, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    position = torch.arange(size, dtype=dtype, device=device) * ((nodes - 1) / max(size - 1, 1))
    return (1 - (position - torch.arange(nodes, dtype=dtype, device=device)[:, None]).abs()).clamp_min(0)


def layer_kernel(
    shape: LensShape, level: int, node: int, height: int, width: int
) -> Float[Tensor, "size size"]:
    """The kernel of one level at one node, float64; rotated by 180 degrees in front of the focal plane."""
    columns, rows = nodes_of(shape)
    half_diagonal = math.hypot(width, height) / 2
    field = (
        _from_middle(node % columns, columns, width) / half_diagonal,
        _from_middle(node // columns, rows, height) / half_diagonal,
    )
    kernel = shape.kernel(abs(level), field=field, dtype=torch.float64)
    return kernel.flip(0, 1) if level < 0 else kernel


def _from_middle(node: int, nodes: int, size: int) -> float:
    return (node / (nodes - 1) - 0.5) * (size - 1) if nodes > 1 else 0.0
