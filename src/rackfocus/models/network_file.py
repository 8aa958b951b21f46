"""Networks on disk: a safetensors file with the weights and the arguments that build the network.

A checkpoint of a training has both, too, among the state of the training.
"""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from rackfocus.types import InputError
from rackfocus.whole_files import whole_file

VERSION = "1"


CHECKPOINT_KEY = "network"
"""Where a checkpoint has `network_metadata`."""
_CHECKPOINT_PREFIX = "model."
"""How the names of the network's weights begin in a checkpoint; the others are of the loss."""


def network_metadata(model: nn.Module, kind: str, **about: str) -> dict[str, str]:
    """What a file tells about its network: its kind, and the arguments that build it."""
    return {"format": kind, "version": VERSION, **about, "architecture": json.dumps(model.architecture)}


def save_network(path: Path, model: nn.Module, metadata: dict[str, str], *, half: bool) -> None:
    """Write the network to `path` atomically; `half`: weights (not counts) in half precision."""
    dtype = torch.float16 if half else torch.float32
    tensors = {
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }
    with whole_file(path) as draft:
        save_file(tensors, draft, metadata)


def read_network(path: Path, kind: str) -> tuple[dict[str, str], dict[str, Any], dict[str, Tensor]]:
    """The metadata, the arguments that build the network, and the weights.

    Of a checkpoint whose training averages the weights (`callbacks=ema`), these are the average.

    Raises:
        InputError: the file holds no network of this kind in the version known here.
    """
    # torch writes checkpoints as zip archives.
    metadata, tensors = _from_checkpoint(path) if zipfile.is_zipfile(path) else _from_safetensors(path)
    if (metadata.get("format"), metadata.get("version")) != (kind, VERSION):
        raise InputError(f"{path} holds no {kind} network of version {VERSION}; train or export it anew.")
    return metadata, json.loads(metadata["architecture"]), tensors


def _from_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is not a safetensors file ({error}); give one that `rackfocus train` wrote."
        ) from error


def _from_checkpoint(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    try:
        checkpoint = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
        metadata, state = checkpoint.get(CHECKPOINT_KEY), checkpoint["state_dict"]
    except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no checkpoint that `rackfocus train` wrote.") from error
    if metadata is None:
        raise InputError(
            f"{path} is of an older version and does not tell its network; go on with its training "
            "(ckpt=last), or give the .safetensors file that it left."
        )
    names = (name for name in state if name.startswith(_CHECKPOINT_PREFIX))
    return metadata, {name.removeprefix(_CHECKPOINT_PREFIX): state[name] for name in names}
