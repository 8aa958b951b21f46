"""Photographs computed from light fields, stored for fast loading by `rackfocus prepare views`.

    <root>/views.json                 the settings of the data set that they were made of
    <root>/<split>/<field>.safetensors
    <root>/<split>.json               the light fields in order, and the number of samples of each

The file of a light field has the tensors `deep` and `shallow`, float32, `(3, height, width)`, and for each
sample that is no pair `adjusted_<place>`; its metadata describe the samples. The list of a split is written
when all of its files are there.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.types import InputError, MissingSplit
from rackfocus.whole_files import write_whole

SUFFIX = ".safetensors"
FORMAT = {"format": "rackfocus.views", "version": 1}


class PreparedViews(Dataset[FocusSample]):
    """The samples of a split, bit for bit those of the data set that they were made of, in the same order.

    Raises:
        InputError: the split is not there or not finished (`MissingSplit`), or its list is damaged; on
            access, a file is missing or damaged.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        index = _list_file(Path(root), split)
        if not index.is_file():
            raise MissingSplit(
                f"{index} is missing; make the split, or finish it, by `rackfocus prepare views`."
            )
        try:
            about = json.loads(index.read_text(encoding="utf-8"))
            if {key: about[key] for key in FORMAT} != FORMAT:
                raise ValueError
            self.files = [view_file(Path(root), split, name) for name in about["light_fields"]]
            self.samples_each = int(about["samples_each"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{index} cannot be read as a list of light fields; run `rackfocus prepare views` again."
            ) from error

    def __len__(self) -> int:
        return len(self.files) * self.samples_each

    def __getitem__(self, index: int) -> FocusSample:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        number, place = divmod(index % len(self), self.samples_each)
        file = self.files[number]
        if not file.is_file():
            raise InputError(f"{file} is missing; run `rackfocus prepare views` again.")
        try:
            with safe_open(file, "pt") as stored:
                about = json.loads(stored.metadata()["samples"])[place]
                shallow = stored.get_tensor("shallow")
                return FocusSample(
                    name=about["name"],
                    deep=stored.get_tensor("deep"),
                    shallow=shallow,
                    adjusted=shallow if about["is_pair"] else stored.get_tensor(f"adjusted_{place}"),
                    aperture_ratio=about["aperture_ratio"],
                    focal_disparity=about["focal_disparity"],
                )
        except (SafetensorError, OSError, ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{file} is damaged; delete it and run `rackfocus prepare views` again."
            ) from error


def view_file(root: Path, split: str, name: str) -> Path:
    """The file of a light field."""
    return root / split / f"{name}{SUFFIX}"


def write_views(samples: Sequence[FocusSample], file: Path) -> None:
    """Write the samples of one light field, which share `deep` and `shallow`, atomically."""
    tensors = {"deep": samples[0].deep, "shallow": samples[0].shallow}
    about: list[dict[str, Any]] = []
    for place, sample in enumerate(samples):
        is_pair = sample.adjusted is sample.shallow
        if not is_pair:
            tensors[f"adjusted_{place}"] = sample.adjusted
        about.append(
            {
                "name": sample.name,
                "is_pair": is_pair,
                "aperture_ratio": sample.aperture_ratio,
                "focal_disparity": sample.focal_disparity,
            }
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, save(tensors, {"samples": json.dumps(about)}))


def write_list(root: Path, split: str, names: Sequence[str], *, samples_each: int) -> None:
    """Write the list of a split all of whose files are there."""
    about = FORMAT | {"samples_each": samples_each, "light_fields": list(names)}
    write_whole(_list_file(root, split), json.dumps(about, indent=1).encode())


def _list_file(root: Path, split: str) -> Path:
    return root / f"{split}.json"
