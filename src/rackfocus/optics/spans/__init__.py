"""The renderer's layers by span kernels, as a torch operator: forward and backward, for CPU and GPU.

It is an operator because `torch.compile` cannot trace it: the number of levels depends on the values of `D`.
"""

import importlib.util
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.field import nodes_of
from rackfocus.optics.levels import FORMULATIONS, MATTE_REACH, Blend, fill_radius
from rackfocus.optics.spans.taps import Taps, layer_taps
from rackfocus.types import LensShape

if TYPE_CHECKING:
    from rackfocus.optics.spans.cpu import Scene

_COMPILERS = {"cpu": "numba", "cuda": "triton"}
_DEVICES = {device for device, compiler in _COMPILERS.items() if importlib.util.find_spec(compiler)}
"""The device types whose compiler (numba or Triton) is installed."""

_SHAPES: dict[str, LensShape] = {}
"""Registered lens shapes by name: torch operators take strings as arguments, not objects."""


def register(shape: LensShape) -> str:
    """Register a shape and return the name to pass to the operator."""
    name = repr(shape)
    _SHAPES[name] = shape
    return name


# All that `torch.compiler.assume_constant_result` does, but for importing torch's compiler. That would be
# more than a quarter of the time that `rackfocus refocus --help` takes.
register._dynamo_marked_constant = True  # type: ignore[attr-defined]


def available(device_type: str) -> bool:
    """Whether there are kernels for a type of device."""
    return device_type in _DEVICES


def blend_layers(
    light: Float[Tensor, "batch 3 height width"],
    disparity: Float[Tensor, "batch 1 height width"],
    formulation: str,
    shape: LensShape,
) -> Float[Tensor, "batch 4 height width"]:
    """As `reference.blend_layers`, with the formulation given by name."""
    keep = torch.is_grad_enabled() and (light.requires_grad or disparity.requires_grad)
    blend: Callable[..., tuple[Tensor, Tensor, Tensor]] = _blend
    if not keep and not torch.compiler.is_compiling():
        # The first call of an operator imports torch's compiler, which takes longer than many renderings.
        blend = _KERNELS[light.device.type]
    return blend(light, disparity, formulation, register(shape), keep)[0]


def _blend_on_cpu(
    light: Tensor, disparity: Tensor, formulation: str, shape: str, keep: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The sums; and for the backward pass, the level that filled the room, and the radius of the fill."""
    from rackfocus.optics.spans.cpu import forward

    fill = _fill(disparity, formulation)
    sums, full = [], []
    for image in range(len(light)):
        scene, taps = _scene(light[image], disparity[image, 0], fill[image, 0], formulation, shape)
        of_image = forward(scene, FORMULATIONS[formulation].blend, taps, keep=keep)
        sums.append(torch.from_numpy(of_image[0]))
        full.append(torch.from_numpy(of_image[1]))
    return _stack(sums), _stack(full), fill if keep else fill.new_empty(len(fill), 1, 0, 0)


def _blend_on_gpu(
    light: Tensor, disparity: Tensor, formulation: str, shape: str, keep: bool
) -> tuple[Tensor, Tensor, Tensor]:
    from rackfocus.optics.spans import gpu

    fill = _fill(disparity, formulation)
    blend = FORMULATIONS[formulation].blend
    sums, full = gpu.forward(light, disparity, fill, blend, _SHAPES[shape], keep=keep)
    return sums, full, fill if keep else fill.new_empty(len(fill), 1, 0, 0)


_KERNELS = {"cpu": _blend_on_cpu, "cuda": _blend_on_gpu}

_blend = torch.library.custom_op(
    "rackfocus::blend_layers", _blend_on_cpu, mutates_args=(), device_types="cpu"
)
_blend.register_kernel("cuda", _blend_on_gpu)


@_blend.register_fake
def _(
    light: Tensor, _disparity: Tensor, formulation: str, _shape: str, keep: bool
) -> tuple[Tensor, Tensor, Tensor]:
    batch, _, height, width = light.shape
    kept = (height, width) if keep and FORMULATIONS[formulation].blend is Blend.COVERAGE else (0, 0)
    return (
        light.new_empty(batch, 4, height, width),
        light.new_empty(batch, 5, *kept),
        light.new_empty(batch, 1, *kept),
    )


@torch.library.custom_op("rackfocus::blend_layers_backward", mutates_args=(), device_types="cpu")
def _blend_backward(
    gradient: Tensor,
    light: Tensor,
    disparity: Tensor,
    sums: Tensor,
    full: Tensor,
    fill: Tensor,
    formulation: str,
    shape: str,
) -> tuple[Tensor, Tensor]:
    from rackfocus.optics.spans.cpu import backward

    by_light, by_disparity = [], []
    for image in range(len(light)):
        scene, taps = _scene(light[image], disparity[image, 0], fill[image, 0], formulation, shape)
        kept = (_array(tensor[image]) for tensor in (sums, full, gradient))
        of_image = backward(scene, FORMULATIONS[formulation].blend, taps, *kept)
        by_light.append(torch.from_numpy(of_image[0]))
        by_disparity.append(torch.from_numpy(of_image[1])[None])
    return _stack(by_light), _stack(by_disparity)


@_blend_backward.register_kernel("cuda")
def _(
    gradient: Tensor,
    light: Tensor,
    disparity: Tensor,
    sums: Tensor,
    full: Tensor,
    fill: Tensor,
    formulation: str,
    shape: str,
) -> tuple[Tensor, Tensor]:
    from rackfocus.optics.spans import gpu

    blend = FORMULATIONS[formulation].blend
    return gpu.backward(light, disparity, fill, blend, _SHAPES[shape], sums, full, gradient)


@_blend_backward.register_fake
def _(_gradient: Tensor, light: Tensor, disparity: Tensor, *_: object) -> tuple[Tensor, Tensor]:
    return torch.empty_like(light), torch.empty_like(disparity)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    light, disparity, ctx.formulation, ctx.shape, _ = inputs
    ctx.save_for_backward(light, disparity, *output)


def _backward(ctx: Any, gradient: Tensor, *_: Tensor | None) -> tuple[Tensor | None, ...]:
    by_light, by_disparity = _blend_backward(gradient, *ctx.saved_tensors, ctx.formulation, ctx.shape)
    return by_light, by_disparity, None, None, None


_blend.register_autograd(_backward, setup_context=_keep)


def _stack(images: list[Tensor]) -> Tensor:
    return images[0][None] if len(images) == 1 else torch.stack(images)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().contiguous().numpy()


def _fill(disparity: Tensor, formulation: str) -> Tensor:
    if not FORMULATIONS[formulation].fill:
        return disparity.new_empty(len(disparity), 1, 0, 0)
    if disparity.device.type != "cpu":
        return fill_radius(disparity)
    from rackfocus.optics.spans import cpu

    return _stack([torch.from_numpy(cpu.fill_radius(_array(image)))[None] for image in disparity[:, 0]])


def _scene(
    light: Tensor, disparity: Tensor, fill: Tensor, formulation: str, shape: str
) -> "tuple[Scene, Taps]":
    """One picture of the batch, and the kernels of all its layers."""
    from rackfocus.optics.spans.cpu import Scene

    lens = _SHAPES[shape]
    height, width = disparity.shape
    soft = FORMULATIONS[formulation].blend is not Blend.COVERAGE
    reach = MATTE_REACH if soft else 1
    lowest, highest = math.floor(disparity.min()) - reach, math.ceil(disparity.max()) + reach
    widest = math.ceil(fill.max()) if fill.numel() else 0
    levels = [*range(lowest, highest + 1), *range(widest + 2 if widest else 0)]
    scene = Scene(
        light=_array(light),
        disparity=_array(disparity),
        fill=_array(fill),
        lowest=lowest,
        levels=highest + 1 - lowest,
        soft=soft,
        nodes=nodes_of(lens),
    )
    return scene, layer_taps(lens, levels, height, width, scene.light.dtype)
