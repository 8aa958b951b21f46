"""AF-Net on disk: a safetensors file with the weights and the arguments that build the network."""

from importlib.resources import files
from pathlib import Path

from rackfocus.models.af_net import AFNet
from rackfocus.models.network_file import built, network_metadata, read_network, save_network
from rackfocus.types import InputError

FORMAT = "rackfocus.af_net"

SHIPPED = "af-net"
"""The name of the network that is part of the package."""


def save_af_net(model: AFNet, path: Path, *, half: bool = False) -> None:
    """Write the network to `path` atomically; `half` stores half precision."""
    save_network(path, model, af_net_metadata(model), half=half)


def af_net_metadata(model: AFNet) -> dict[str, str]:
    """What a file tells about the network."""
    return network_metadata(model, FORMAT)


def load_af_net(name_or_path: str | Path = SHIPPED, *, centre_prior: bool = False) -> AFNet:
    """Load the network of the given name, or a file that `rackfocus train` wrote (its result or one of its
    checkpoints), in evaluation mode; `centre_prior` adds an untrained one if the network has none.

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
    _, architecture, tensors = read_network(path, FORMAT)
    has_prior = architecture.get("centre_prior", False)
    architecture["centre_prior"] = centre_prior or has_prior
    untrained = ["region_network.centre"] if centre_prior and not has_prior else []
    return built(path, lambda: AFNet(**architecture), tensors, untrained=untrained)
