"""RGBD-HDR on disk: a safetensors file with the weights and the arguments that build the network."""

import json
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rackfocus.models.pretrained import PretrainedRGBDHDRNet
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.models.sequential import SequentialRGBDHDRNet
from rackfocus.types import InputError
from rackfocus.whole_files import whole_file

FORMAT = "rackfocus.rgbd_hdr"
VERSION = "1"
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
    dtype = torch.float16 if half else torch.float32
    tensors = {
        name: (tensor.detach().cpu().to(dtype) if tensor.is_floating_point() else tensor.cpu()).contiguous()
        for name, tensor in model.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "network": type(model).__name__,
        "architecture": json.dumps(model.architecture),
    }
    with whole_file(path) as draft:
        save_file(tensors, draft, metadata)


def load_model(name_or_path: str | Path = SHIPPED) -> RGBDHDRNetwork:
    """Load the network of a name in `FILES`, or a file that `rackfocus train` wrote, in evaluation mode.

    Called with sRGB in 0..1, `(B, 3, H, W)`, it returns `RGBDHDR(disparity, log_exposure)`.

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
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is not a safetensors file ({error}); give one that `rackfocus train` wrote."
        ) from error
    network = NETWORKS.get(metadata.get("network", RGBDHDRNet.__name__))
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION) or network is None:
        raise InputError(f"{path} holds no {FORMAT} network of version {VERSION}; train or export it anew.")
    model = network(**json.loads(metadata["architecture"]))
    # Converts half precision to single precision.
    model.load_state_dict(tensors)
    return model.eval()
