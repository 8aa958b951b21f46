"""Networks on disk: a safetensors file with the weights and the arguments that build the network."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rackfocus.types import InputError
from rackfocus.whole_files import whole_file

VERSION = "1"


def save_network(path: Path, model: nn.Module, kind: str, *, half: bool, **about: str) -> None:
    """Write the network to `path` atomically; `half`: weights (not counts) in half precision."""
    dtype = torch.float16 if half else torch.float32
    tensors = {
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }
    metadata = {"format": kind, "version": VERSION, **about, "architecture": json.dumps(model.architecture)}
    with whole_file(path) as draft:
        save_file(tensors, draft, metadata)


def read_network(path: Path, kind: str) -> tuple[dict[str, str], dict[str, Any], dict[str, Tensor]]:
    """The metadata, the arguments that build the network, and the weights.

    Raises:
        InputError: the file holds no network of this kind in the version known here.
    """
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is not a safetensors file ({error}); give one that `rackfocus train` wrote."
        ) from error
    if (metadata.get("format"), metadata.get("version")) != (kind, VERSION):
        raise InputError(f"{path} holds no {kind} network of version {VERSION}; train or export it anew.")
    return metadata, json.loads(metadata["architecture"]), tensors
