"""Our renderer and its reference, on tensors: forward, and forward with gradients."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory
from rackfocus.evaluation.benchmarks.renderer_peers.method import (
    DisparityMap,
    Memory,
    Opener,
    Picture,
    Run,
    Session,
)
from rackfocus.optics.renderer import render, render_reference

RenderFunction = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""`(linear_rgb, disparity, log_exposure) -> linear_rgb`."""


def ours(linear_rgb: Tensor, disparity: Tensor, log_exposure: Tensor | None) -> Tensor:
    """The renderer of the package."""
    return render(linear_rgb, disparity, log_exposure)


def formulated(formulation: str) -> RenderFunction:
    """Our renderer in another formulation."""
    return partial(render, formulation=formulation)


def oracle(linear_rgb: Tensor, disparity: Tensor, log_exposure: Tensor | None) -> Tensor:
    """The same formula in plain torch: a Fourier transform for each level, gradients by autograd."""
    return render_reference(linear_rgb, disparity, log_exposure)


class CudaMemory:
    """Measures the peak memory allocated on the GPU."""

    def __init__(self) -> None:
        self._before = 0

    def start(self) -> None:
        """Set the currently allocated memory as the base."""
        torch.cuda.reset_peak_memory_stats()
        self._before = torch.cuda.memory_allocated()

    def peak_bytes(self) -> int:
        """The peak since `start` minus the base."""
        return torch.cuda.max_memory_allocated() - self._before


def no_gpu() -> str | None:
    """Why the GPU cannot be measured. `None`: it can."""
    return None if torch.cuda.is_available() else "There is no CUDA GPU."


def forward(function: RenderFunction, device: str = "cpu") -> Opener:
    """Sessions that render without gradients."""

    @contextmanager
    def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
        image, blur = _tensors(linear, disparity, device)

        def run() -> Run:
            with torch.inference_mode():
                start = _now(device)
                picture = function(image, blur, None)
                seconds = _now(device) - start
                return Run(_array(picture), seconds)

        yield Session(run, _memory(device))

    return opened


def backward(function: RenderFunction, device: str = "cpu") -> Opener:
    """Sessions that render and compute gradients of the sum by image, disparity and log exposure."""

    @contextmanager
    def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
        image, blur = _tensors(linear, disparity, device)
        inputs = [tensor.requires_grad_() for tensor in (image, blur, torch.zeros_like(image))]
        weights = torch.linspace(0.5, 1.5, image.numel(), device=device).view_as(image)

        def run() -> Run:
            start = _now(device)
            picture = function(*inputs)
            torch.autograd.grad((picture * weights).sum(), inputs)
            seconds = _now(device) - start
            return Run(_array(picture.detach()), seconds)

        yield Session(run, _memory(device))

    return opened


def _tensors(linear: Picture, disparity: DisparityMap, device: str) -> tuple[Tensor, Tensor]:
    image = torch.from_numpy(np.ascontiguousarray(linear.transpose(2, 0, 1)))[None]
    return image.to(device), torch.from_numpy(disparity)[None, None].to(device)


def _array(picture: Tensor) -> Picture:
    return picture[0].permute(1, 2, 0).cpu().numpy()


def _now(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return perf_counter()


def _memory(device: str) -> Memory:
    return CudaMemory() if device == "cuda" else ProcessMemory(os.getpid())
