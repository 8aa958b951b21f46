"""Finds published weights: in folders of the user, in the cache, or at their official address."""

import hashlib
import os
import textwrap
import tomllib
import urllib.error
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from rackfocus.types import InputError

FOLDERS_VARIABLE = "RACKFOCUS_WEIGHTS"


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """A file of `weights.toml`: its authors, its digest (empty: unknown), and its address, if it has one;
    `instead` is what does without it, for the error message.
    """

    source: str
    sha256: str = ""
    address: str | None = None
    instead: str = ""


PUBLISHED = {
    name: PublishedWeights(**about)
    for name, about in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
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
    if published.instead:
        advice += f", or {published.instead}"
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
