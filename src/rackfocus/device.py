"""The device that a job runs on: chosen by name, and what happens when its memory is full."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from rackfocus.types import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

AUTO = "auto"
CPU = torch.device("cpu")

_log = logging.getLogger(__name__)


def choose_device(name: str | torch.device = AUTO) -> torch.device:
    """The device of this name.

    Args:
        name: `cpu`, `cuda`, `cuda:1`, `mps`; or `auto`, which takes the first that is there of `cuda`, `mps`
            and `cpu`, and logs which one that is. A device is returned as it is, if it is there.

    Raises:
        InputError: there is no such name, or no such device in this machine.
    """
    if name == AUTO:
        device = choose_device("cuda" if _gpus() else "mps" if torch.backends.mps.is_available() else "cpu")
        _log.info("device=auto takes %s.", device_identity(device))
        return device
    if not re.fullmatch(r"cpu|cuda(:\d+)?|mps(:0)?", str(name)):
        raise InputError(f"device must be auto, cpu, cuda, cuda:1 (the second GPU) or mps, and is {name}.")
    device = torch.device(name)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(
            f"device={name} is not there: torch {torch.__version__} finds no GPU of Apple's in this machine; "
            "use device=auto or device=cpu."
        )
    if device.type == "cuda":
        gpus = _gpus()
        if (device.index or 0) >= gpus:
            found = "no CUDA GPU" if not gpus else "one CUDA GPU" if gpus == 1 else f"{gpus} CUDA GPUs"
            raise InputError(
                f"device={name} is not there: torch {torch.__version__} finds {found} in this machine; "
                "use device=auto or device=cpu."
            )
        if device.index is None:
            # By its number: each thread has a current GPU of its own.
            return torch.device("cuda", torch.cuda.current_device())
    return device


def device_identity(device: torch.device) -> str:
    """A text that differs between devices whose results may differ in their last digits."""
    return f"cuda, {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def upload(values: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host on a device.

    The copy to a CUDA GPU is made from pinned memory, and runs while the host goes on.
    """
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def download(values: Tensor) -> Tensor:
    """A tensor of any device on the host. Waits for the work that makes it."""
    if not values.is_cuda:
        return values.cpu()
    # Without blocking, torch copies to pinned memory, several times as fast.
    host = values.to(CPU, non_blocking=True)
    torch.cuda.current_stream(values.device).synchronize()
    return host


class Batches:
    """Applies a job to several items at once; to fewer, from then on, if memory does not suffice.

    Args:
        size: how many items at once, at first.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(
        self, job: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]
    ) -> list[Result]:
        """The result for each item, in order.

        Raises:
            torch.OutOfMemoryError: the memory does not suffice for one item.
        """
        done: list[Result] = []
        while len(done) < len(items):
            try:
                done += job(items[len(done) : len(done) + self.size])
                continue
            except torch.OutOfMemoryError:
                if self.size == 1:
                    raise
            # Behind the `except`: until its end, the error keeps what was allocated.
            self.size //= 2
            torch.cuda.empty_cache()
        return done


@contextmanager
def telling_full_memory(device: torch.device) -> Iterator[None]:
    """Report that the memory of a device does not suffice as an error for people.

    Raises:
        InputError: it does not suffice.
    """
    try:
        yield
    except RuntimeError as error:
        # On MPS this error has no class of its own.
        full = isinstance(error, torch.OutOfMemoryError) or "MPS backend out of memory" in str(error)
        if not full:
            raise
        raise InputError(
            f"The memory of {device} does not suffice, for one frame at a time neither; make the frames or "
            "network_size_px smaller, end other programs that use it, or use device=cpu."
        ) from error


def _gpus() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
