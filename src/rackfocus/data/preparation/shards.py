"""Samples of any data set in few large files, on any storage: for training sets that no disk holds.

    <root>/shards.json           the settings of the data set that they were made of
    <root>/<split>/000000.tar    of each sample <number>.json and <number>.safetensors, as of WebDataset
    <root>/<split>.json          where the samples are in the shards; written when all of these are there

A sample is fetched by its place, so order, mixtures and the middle of an epoch are what they are with plain
files. WebDataset itself reads shards from their beginnings and shuffles what it holds, whose state cannot be
stored; LitData stores it, in a sampler and loader of its own that know neither views nor mixtures, and brings
torchvision and the clients of several clouds.
"""

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fsspec.core import url_to_fs
from torch.utils.data import Dataset

from rackfocus.data.preparation.sample_bytes import pack, unpack
from rackfocus.jobs.run_jobs import run_jobs
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import parse_json
from rackfocus.types import InputError, MissingSplit
from rackfocus.whole_files import whole_file, write_whole

FORMAT = {"format": "rackfocus.shards", "version": 1}


class Shards(Dataset[Any]):
    """The samples of a split, bit for bit those of the data set that they were made of, in the same order.

    Args:
        root: a folder, or what else fsspec opens, such as `s3://bucket/set` (with s3fs installed).
        split: its name.

    Raises:
        InputError: the split is not there or not finished (`MissingSplit`), or its list is damaged; on
            access, a shard is missing or damaged.
    """

    def __init__(self, root: str | Path, split: str) -> None:
        try:
            self.files, self.root = url_to_fs(str(root))
        except (ImportError, ValueError) as error:
            raise InputError(f"{root} cannot be opened ({error}); give a folder or fsspec's URL.") from error
        self.split = split
        listed = Path(self.root, f"{split}.json")
        with reading(listed, "cannot be read as a list of shards; run `rackfocus prepare shards` again."):
            if not self.files.isfile(str(listed)):
                raise MissingSplit(
                    f"{listed} is missing; make the split, or finish it, by `rackfocus prepare shards`."
                )
            about = parse_json(self.files.cat_file(str(listed)).decode())
            if {key: about[key] for key in FORMAT} != FORMAT:
                raise ValueError
            self.places = np.array(about["samples"], np.int64).reshape(-1, 5)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        shard, about, about_size, tensors, tensors_size = map(int, self.places[index])
        file = Path(self.root, self.split, _file_name(shard))
        with reading(
            file, "cannot be read ({reason}); bring it anew, or run `rackfocus prepare shards` again."
        ):
            content = self.files.cat_file(str(file), start=about, end=tensors + tensors_size)
            return unpack(content[:about_size], content[tensors - about :])


@dataclass(frozen=True)
class ShardJob:
    """A shard with some samples of a data set; see `rackfocus.jobs.job.Job`."""

    dataset: Dataset[Any]
    places: range
    file: Path

    @property
    def name(self) -> str:
        """That of the file."""
        return self.file.name

    @property
    def steps(self) -> int:
        """The number of samples."""
        return len(self.places)

    def is_done(self) -> bool:
        """Whether the file exists, which is complete."""
        return self.file.is_file()

    def run(self, report: Callable[[int], None]) -> None:
        """Load the samples, and write them."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self.file) as draft, tarfile.open(draft, "w") as archive:
            for done, place in enumerate(self.places, start=1):
                for suffix, content in zip(("json", "safetensors"), pack(self.dataset[place]), strict=True):
                    entry = tarfile.TarInfo(f"{place:08d}.{suffix}")
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
                report(done)


def write_shards(
    dataset: Dataset[Any],
    root: Path,
    split: str,
    *,
    samples_each: int,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write the shards of a split that are not there yet, then its list.

    Args:
        dataset: the split as it is.
        root: the folder that `Shards` reads, here or where it is brought to.
        split: its name.
        samples_each: the number of samples in a shard.
        workers: number of processes. `None`: one for each core.
        progress: called with the numbers of samples done and in all.

    Raises:
        InputError: a sample cannot be read or stored, or a number is not positive.
    """
    if samples_each < 1:
        raise InputError(f"samples_each must be at least 1, and is {samples_each}.")
    count = len(dataset)  # type: ignore[arg-type]
    starts = range(0, count, samples_each)
    jobs = [
        ShardJob(dataset, range(count)[start : start + samples_each], root / split / _file_name(number))
        for number, start in enumerate(starts)
    ]
    run_jobs(jobs, workers=workers, progress=lambda _name, done, total: progress(done, total))
    places = [place for number, job in enumerate(jobs) for place in _places(number, job.file)]
    write_whole(root / f"{split}.json", json.dumps(FORMAT | {"samples": places}).encode())


def _file_name(number: int) -> str:
    return f"{number:06d}.tar"


def _places(number: int, file: Path) -> list[tuple[int, int, int, int, int]]:
    """Of each sample: its shard, where its JSON begins, how long that is, and the same of its safetensors."""
    with tarfile.open(file) as archive:
        entries = archive.getmembers()
    return [
        (number, about.offset_data, about.size, tensors.offset_data, tensors.size)
        for about, tensors in zip(entries[::2], entries[1::2], strict=True)
    ]
