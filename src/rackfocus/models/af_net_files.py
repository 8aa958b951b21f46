"""AF-Net on disk: a safetensors file with the weights and the arguments that build the network."""

import json
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rackfocus.models.af_net import AFNet
from rackfocus.types import InputError
from rackfocus.whole_files import whole_file

FORMAT = "rackfocus.af_net"
VERSION = "1"

SHIPPED = "af-net"
"""The name of the network that is part of the package."""


def save_af_net(model: AFNet, path: Path, *, half: bool = False) -> None:
    """Write the network to `path` atomically; `half` stores half precision."""
    dtype = torch.float16 if half else torch.float32
    tensors = {
        # Counts of batches stay integers.
        name: (tensor.to(dtype) if tensor.is_floating_point() else tensor).cpu().contiguous()
        for name, tensor in model.state_dict().items()
    }
    metadata = {"format": FORMAT, "version": VERSION, "architecture": json.dumps(model.architecture)}
    with whole_file(path) as draft:
        save_file(tensors, draft, metadata)


def load_af_net(name_or_path: str | Path = SHIPPED, *, centre_prior: bool = False) -> AFNet:
    """Load the network of the given name, or a file that `rackfocus train` wrote, in evaluation mode.

    Args:
        name_or_path: name of the network, or a file.
        centre_prior: add an untrained centre prior if the network has none.

    Raises:
        InputError: the file is missing, or is not an AF-Net of the version known here.
    """
    shipped = str(name_or_path) == SHIPPED
    path = Path(str(files("rackfocus") / "weights" / "af_net.safetensors")) if shipped else Path(name_or_path)
    if not path.is_file():
        raise InputError(
            f"There is no checkpoint {path}; give a file that `rackfocus train experiment=af_net` wrote, or "
            f"{SHIPPED!r}."
        )
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is not a safetensors file ({error}); give one that `rackfocus train` wrote."
        ) from error
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
        raise InputError(f"{path} holds no {FORMAT} network of version {VERSION}; train or export it anew.")
    architecture = json.loads(metadata["architecture"])
    has_prior = architecture.get("centre_prior", False)
    model = AFNet(**architecture | {"centre_prior": centre_prior or has_prior})
    if centre_prior and not has_prior:
        tensors["region_network.centre"] = model.state_dict()["region_network.centre"]
    model.load_state_dict(tensors)
    return model.eval()
