"""Networks on disk: a safetensors file with the weights and the arguments that build the network.

A checkpoint of a training has both, too, among the state of the training.
"""

import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import parse_json
from rackfocus.reading.weights import read_safetensors, read_torch
from rackfocus.types import InputError
from rackfocus.whole_files import whole_file

VERSION = "1"

Network = TypeVar("Network", bound=nn.Module)

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


class _WithoutValues(TorchFunctionMode):
    """Skips what fills tensors, such as `normal_`: on the meta device that would import torch's compiler,
    which takes seconds.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if re.search(r"[^_]_$", func.__name__):
            return args[0] if args else given["tensor"]
        return func(*args, **given)


def built(
    path: Path, make: Callable[[], Network], tensors: dict[str, Tensor], *, untrained: Sequence[str] = ()
) -> Network:
    """A network with the weights of a file, in evaluation mode; half precision becomes single precision.

    It is first made without memory, so that a file that claims a large network costs none.

    Args:
        path: of the file, for the message.
        make: makes the network.
        tensors: its weights.
        untrained: the names of those that keep their initial values.

    Raises:
        InputError: the network cannot be made, or the weights do not fit.
    """
    with reading(path, "holds weights that do not fit the network it describes; train or export it anew."):
        with torch.device("meta"), _WithoutValues():
            shapes = {name: each.shape for name, each in make().state_dict().items() if name not in untrained}
        if {name: each.shape for name, each in tensors.items()} != shapes:
            raise ValueError("other shapes")
        model = make()
        initial = model.state_dict()
        model.load_state_dict({name: initial[name] for name in untrained} | tensors)
    return model.eval()


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
    with reading(path, "does not describe its network; train or export it anew."):
        architecture = parse_json(metadata["architecture"])
        if not isinstance(architecture, dict):
            raise ValueError("no arguments")
    return metadata, architecture, tensors


def _from_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    with reading(path, "is not a safetensors file ({reason}); give one that `rackfocus train` wrote."):
        return read_safetensors(path)


def _from_checkpoint(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    with reading(path, "is no checkpoint that `rackfocus train` wrote."):
        checkpoint = read_torch(path, mmap=True)
        metadata, state = checkpoint.get(CHECKPOINT_KEY), checkpoint["state_dict"]
        if metadata is None:
            raise InputError(
                f"{path} is of an older version and does not tell its network; go on with its training "
                "(ckpt=last), or give the .safetensors file that it left."
            )
        names = (name for name in state if name.startswith(_CHECKPOINT_PREFIX))
        return metadata, {name.removeprefix(_CHECKPOINT_PREFIX): state[name] for name in names}
