"""The renderer's layers in plain torch: slow, differentiable by autograd, the reference for the fast kernels.

Each level is blurred by a Fourier transform of the whole picture. It runs on any device.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.field import layer_kernel, node_shares, nodes_of
from rackfocus.optics.levels import (
    MATTE_REACH,
    OCCLUSION_GAP,
    ROOM_SLACK,
    Blend,
    Formulation,
    Shares,
    fill_radius,
    matte,
)
from rackfocus.types import LensShape

Layer = tuple[int, Tensor]
"""A level with its blurred light and coverage, `(batch, 4, height, width)`."""


def blend_layers(
    light: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    formulation: Formulation,
    shape: LensShape,
) -> Float[Tensor, "batch 4 height width"]:
    """`sum_d s_d c_d` (three channels) and `sum_d s_d a_d` (the fourth); see `levels`."""
    layers = _layers(light, disparity, formulation.shares, shape)
    if formulation.blend is Blend.TRANSMITTANCE:
        return _through(layers)
    if formulation.blend is Blend.COVERAGE:
        return _into_room([*layers, *_fill_layers(light, disparity, formulation, shape)])
    total = torch.zeros_like(torch.cat([light, disparity], dim=1))
    for _, layer in layers:
        total = total + layer
    return total


def paper(
    radiance: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    shape: LensShape,
) -> Float[Tensor, "batch 3 height width"]:
    """Eq. 3 as printed, back to front; not normalised, so the output is darker or brighter than the input."""
    mattes = _layers(radiance, disparity, lambda padded: lambda level: matte(padded, level), shape)
    image = torch.zeros_like(radiance)
    for level, layer in reversed(list(mattes)):
        image = image * (1 - matte(disparity, level)) + layer[:, :3]
    return image


def _through(layers: Iterator[Layer]) -> Tensor:
    """Dim each level by `T_d`, the transmittance of the levels well in front of it."""
    total: Tensor | float = 0.0
    transmittance: Tensor | float = 1.0
    in_front: list[Layer] = []
    for level, layer in layers:
        while in_front and level - in_front[0][0] > OCCLUSION_GAP:
            transmittance = transmittance * (1 - in_front.pop(0)[1][:, 3:].clamp(0, 1))
        total = total + transmittance * layer
        in_front.append((level, layer))
    assert isinstance(total, Tensor)
    return total


def _into_room(layers: list[Layer]) -> Tensor:
    """Give each level the room that the levels in front of it leave."""
    total = torch.zeros_like(layers[0][1])
    room = torch.full_like(total[:, 3:], 1 + ROOM_SLACK)
    for _, layer in layers:
        coverage = layer[:, 3:]
        full = coverage > room
        share = torch.where(full, room / torch.where(full, coverage, 1), 1)
        total = total + share * layer
        room = torch.where(full, 0, room - coverage)
    return total


def _fill_layers(
    light: Tensor, disparity: Tensor, formulation: Formulation, shape: LensShape
) -> Iterator[Layer]:
    """The layers of the fill, which lie behind all levels."""
    radius = fill_radius(disparity)
    if not radius.any():
        return iter(())

    def shares(padded: Tensor) -> Shares:
        of_level = formulation.shares(padded)
        return lambda level: of_level(level) * (padded > 0)

    return _layers(light, radius, shares, shape)


def _layers(
    light: Tensor, disparity: Tensor, shares: Callable[[Tensor], Shares], shape: LensShape
) -> Iterator[Layer]:
    """The levels that may contain pixels, front to back, each blurred by the lens kernel.

    Borders are padded by replication, as wide as the largest kernel, so that the circular convolution does
    not wrap around into the picture.
    """
    levels = _occupied_levels(disparity)
    border = max(abs(levels[0]), abs(levels[-1]))
    height, width = disparity.shape[-2:]
    columns, rows = nodes_of(shape)
    at_nodes = node_shares(height, width, (columns, rows), dtype=light.dtype, device=light.device)
    at_nodes, light, disparity = (
        F.pad(image, [border] * 4, mode="replicate") for image in (at_nodes[None], light, disparity)
    )
    of_level = shares(disparity)
    for level in levels:
        share = of_level(level)
        source = torch.cat([light * share, share], dim=1)
        layer = torch.zeros_like(source)
        for node in range(columns * rows):
            kernel = layer_kernel(shape, level, node, height, width).to(light)
            layer = layer + _convolve(source * at_nodes[:, node : node + 1], kernel)
        yield level, layer[..., border : border + height, border : border + width]


def _occupied_levels(disparity: Tensor) -> list[int]:
    """Integer levels within reach of any pixel, ascending: front to back."""
    floors = disparity.detach().floor().unique().long().tolist()
    return sorted({floor + step for floor in floors for step in range(-MATTE_REACH, MATTE_REACH + 2)})


def _convolve(image: Tensor, kernel: Tensor) -> Tensor:
    """Circular convolution."""
    radius = len(kernel) // 2
    if radius == 0:
        return image
    height, width = image.shape[-2:]
    kernel = F.pad(kernel, (0, width - 2 * radius - 1, 0, height - 2 * radius - 1))
    transfer = torch.fft.rfft2(kernel.roll((-radius, -radius), dims=(0, 1)))
    return torch.fft.irfft2(torch.fft.rfft2(image) * transfer, s=(height, width))
