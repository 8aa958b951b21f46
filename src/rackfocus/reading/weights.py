"""Weights in files of any origin: safetensors, torch's own format, ONNX. None of them runs code.

torch's files are read with `weights_only`, and only if nothing in them is compressed, as `torch.save` writes
them: a small file could unpack to any size.
"""

import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from rackfocus.reading.damage import reading
from rackfocus.types import InputError


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` file, or of a torch file that contains only tensors.

    Raises:
        InputError: the file is neither.
    """
    with reading(path, "cannot be read as weights ({reason}); get the file anew."):
        state = read_safetensors(path)[1] if path.suffix == ".safetensors" else read_torch(path)
        if not isinstance(state, dict) or not all(isinstance(each, Tensor) for each in state.values()):
            raise ValueError("it does not hold named tensors")
        return state


def read_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata and the tensors; to be called within `rackfocus.reading.damage.reading`.

    Raises:
        SafetensorError, OSError: the file is damaged.
    """
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        return file.metadata() or {}, tensors


def read_torch(path: Path, *, mmap: bool = False) -> Any:
    """What `torch.save` wrote, without running code; to be called within `rackfocus.reading.damage.reading`.

    `mmap` leaves the tensors on the disk.

    Raises:
        ValueError: a part of it is compressed.
        UnpicklingError, RuntimeError, EOFError, OSError: it holds more than tensors, or is damaged.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(each.compress_type != zipfile.ZIP_STORED for each in archive.infolist()):
                raise ValueError("it is compressed")
    return torch.load(path, map_location="cpu", mmap=mmap, weights_only=True)


def onnx_session(path: Path, content: bytes, *, threads: int, providers: list[Any]) -> Any:
    """A session of onnxruntime for a network; the package has to be installed.

    Args:
        path: of the file, for the message.
        content: of the file.
        threads: number of CPU threads.
        providers: of onnxruntime, the preferred first.

    Raises:
        InputError: it is no ONNX model that can run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # onnxruntime warns of every unused constant of the file.
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    # onnxruntime's errors have no other common base class.
    except Exception as error:
        raise InputError(f"{path} cannot be read as an ONNX model; get the file anew.") from error
