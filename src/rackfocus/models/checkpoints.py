"""RGBD-HDR on disk: a safetensors file with the weights and the arguments that build the network."""

from importlib.resources import files
from pathlib import Path

from rackfocus.models.network_file import VERSION, built, network_metadata, read_network, save_network
from rackfocus.models.pretrained import PretrainedRGBDHDRNet
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.models.sequential import SequentialRGBDHDRNet
from rackfocus.types import InputError

FORMAT = "rackfocus.rgbd_hdr"
RGBDHDRNetwork = RGBDHDRNet | SequentialRGBDHDRNet | PretrainedRGBDHDRNet

NETWORKS = {network.__name__: network for network in (RGBDHDRNet, SequentialRGBDHDRNet, PretrainedRGBDHDRNet)}
"""The networks that a file may contain, by name. Files without a name contain the first one."""

SHIPPED = "rgbd-hdr"
"""The name of the network that is part of the package, the default."""
FILES = {
    SHIPPED: "rgbd_hdr.safetensors",
    "rgbd-hdr-apertures": "rgbd_hdr_apertures.safetensors",
}
"""Files in `weights/` by name. `rgbd-hdr-apertures` was trained by aperture supervision alone (Sec. 4.1)."""


def save_model(model: RGBDHDRNetwork, path: Path, *, half: bool = False) -> None:
    """Write the network to `path` atomically; `half` stores half precision."""
    save_network(path, model, model_metadata(model), half=half)


def model_metadata(model: RGBDHDRNetwork) -> dict[str, str]:
    """What a file tells about the network."""
    return network_metadata(model, FORMAT, network=type(model).__name__)


def load_model(name_or_path: str | Path = SHIPPED) -> RGBDHDRNetwork:
    """Load the network of a name in `FILES`, or a file that `rackfocus train` wrote, in evaluation mode.

    That is its result or, while it runs or was stopped, one of its checkpoints.

    Called with sRGB in 0..1, `(B, 3, H, W)`, it returns `RGBDHDR(disparity, log_exposure)`.

    Example:
        >>> import rackfocus, torch
        >>> estimate = rackfocus.load_model()(torch.full((1, 3, 48, 64), 0.5))
        >>> tuple(estimate.disparity.shape), tuple(estimate.log_exposure.shape)
        ((1, 1, 48, 64), (1, 3, 48, 64))

    Raises:
        InputError: the file is missing, or is not an RGBD-HDR network of a version known here.
    """
    shipped = FILES.get(str(name_or_path))
    path = Path(name_or_path) if shipped is None else Path(str(files("rackfocus") / "weights" / shipped))
    if not path.is_file():
        names = " or ".join(map(repr, FILES))
        raise InputError(
            f"There is no checkpoint {path}; give a file that `rackfocus train` wrote, or {names}."
        )
    metadata, architecture, tensors = read_network(path, FORMAT)
    network = NETWORKS.get(metadata.get("network", RGBDHDRNet.__name__))
    if network is None:
        raise InputError(f"{path} holds no {FORMAT} network of version {VERSION}; train or export it anew.")
    return built(path, lambda: network(**architecture), tensors)
