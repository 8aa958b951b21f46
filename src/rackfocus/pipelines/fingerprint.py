"""A text that identifies a job: it is equal for two jobs only if all of their settings are equal."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rackfocus.device import device_identity
from rackfocus.version import __version__


def fingerprint(**settings: Any) -> str:
    """JSON of all settings with their parts, and of the version of this package."""
    told = {"rackfocus": __version__} | {key: _told(each) for key, each in settings.items()}
    return json.dumps(told, indent=1, sort_keys=True)


def file_identity(path: Path) -> dict[str, Any]:
    """The path, sizes and modification times of a file, or of a folder and the files in it."""
    entries = sorted(path.iterdir()) if path.is_dir() else [path]
    stats = [(entry.name, entry.stat()) for entry in entries]
    return {
        "path": str(path.absolute()),
        "files": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
    }


def device_settings(device: torch.device) -> dict[str, str]:
    """The setting that identifies a job's device; none for a CPU, whose jobs were identified without it."""
    return {} if device.type == "cpu" else {"device": device_identity(device)}


def _told(value: Any, above: tuple[int, ...] = ()) -> Any:
    """JSON-compatible description of a value: the class of a component with its attributes or `identity()`,
    the sha256 of tensors.

    Args:
        value: anything.
        above: the `id` of each object that contains it, to detect circular references.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path | Fraction | torch.dtype | torch.device):
        return str(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Tensor | np.ndarray):
        return _digest(torch.as_tensor(value))
    if id(value) in above:
        return "itself"
    above = (*above, id(value))
    if isinstance(value, Mapping):
        return {str(key): _told(each, above) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_told(each, above) for each in value]
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, nn.Module):
        # Names that begin with _ are torch's own: submodules and weights, which are described below.
        settings = {key: each for key, each in vars(value).items() if not key.startswith("_")}
        parts = {key: _told(each, above) for key, each in value.named_children()}
        weights = {key: _digest(each) for key, each in value.state_dict().items() if "." not in key}
        return [name, _told(settings, above), parts, weights]
    if callable(identity := getattr(value, "identity", None)):
        return [name, _told(identity(), above)]
    if is_dataclass(value):
        return [name, {field.name: _told(getattr(value, field.name), above) for field in fields(value)}]
    return [name, _told(getattr(value, "__dict__", {}), above)]


def _digest(tensor: Tensor) -> str:
    # Flattened first: a tensor without dimensions, such as the counter of a batch norm, has no view as bytes.
    data = tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(data).hexdigest()
