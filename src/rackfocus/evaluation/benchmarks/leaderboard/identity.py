"""Tells whether a row was measured before: a digest of settings, and of the files and modules they name."""

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rackfocus.models.published.weights import FOLDERS_VARIABLE

PACKAGE = Path(__file__).parents[3]


def identity(settings: Mapping[str, Any]) -> str:
    """A digest of settings.

    It changes with a file that one of them names, by its path or in a folder of `$RACKFOCUS_WEIGHTS`; and
    with the module of a class that one of them names by `_target_`, unless it is of this package. What such a
    module imports does not count.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for key, value in _texts("", settings):
        file = _module(value) if key == "_target_" else _named(value)
        if file is not None:
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


def _texts(key: str, node: Any) -> Iterator[tuple[str, str]]:
    """The values that are text, with their keys, in order."""
    if isinstance(node, Mapping):
        for name in sorted(node):
            yield from _texts(name, node[name])
    elif isinstance(node, list):
        for each in node:
            yield from _texts(key, each)
    elif isinstance(node, str):
        yield key, node


def _named(text: str) -> Path | None:
    """The file that a text names, if it does."""
    folders = [Path(folder) for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder]
    with suppress(OSError):  # It may be too long for a name.
        places = (Path(text), *(folder / text for folder in folders))
        return next((path for path in places if path.is_file()), None)
    return None


def _module(target: str) -> Path | None:
    """The file of the module of a class; `None`: it is of this package, or not found."""
    with suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(target.rpartition(".")[0])
        if spec is not None and spec.origin is not None:
            file = Path(spec.origin)
            return file if file.is_file() and PACKAGE not in file.parents else None
    return None
