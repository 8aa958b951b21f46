"""Shards hold any data set to the bit, are written once, and training reads them as it reads plain files."""

import dataclasses
import importlib
import itertools
import pkgutil
import tarfile
import typing
from pathlib import Path

import fsspec
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

import rackfocus.data as data_room
from rackfocus.data.apertures.augmentation import RandomView
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.evaluation_samples import Camera, PosedClip
from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.data.gaze.focus_events import FocusEventClip
from rackfocus.data.preparation.sample_bytes import pack, unpack
from rackfocus.data.preparation.shards import Shards, write_shards
from rackfocus.tasks.data import FocusData
from rackfocus.types import FocusTarget, InputError, MissingSplit


class Samples(Dataset):
    """Seven pairs and triplets, the tensors of which are parts of a larger one."""

    def __len__(self):
        return 7

    def __getitem__(self, index):
        images = torch.rand(3, 3, 12, 16, generator=torch.Generator().manual_seed(index))
        if index % 2:
            return FocusSample(f"pair {index}", images[0], images[1], images[1])
        return FocusSample(f"triplet {index}", *images, aperture_ratio=0.1 * index, focal_disparity=-1 / 3)


def same(one, other):
    if isinstance(one, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(same(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@pytest.fixture
def shards(tmp_path):
    write_shards(Samples(), tmp_path / "made", "train", samples_each=3, workers=1)
    return tmp_path / "made"


def test_the_same_samples_in_the_same_order(shards):
    stored = Shards(shards, "train")
    assert len(stored) == 7
    assert all(
        same(stored[place], sample) for place, sample in enumerate(map(Samples().__getitem__, range(7)))
    )
    assert same(stored[-1], Samples()[6])
    assert stored[1].adjusted is stored[1].shallow or stored[1].adjusted.data_ptr() != 0
    with pytest.raises(IndexError):
        stored[7]


def test_a_scene_with_its_truth(raytraced, tmp_path):
    scenes = torch.utils.data.Subset(RaytracedScenes(raytraced, "test"), [0, 1])
    write_shards(scenes, tmp_path, "test", samples_each=2, workers=1)
    stored = Shards(tmp_path, "test")
    assert same(stored[0], scenes[0])
    assert same(stored[1], scenes[1])
    assert stored[0].radiance is not None


def test_clips_with_targets_and_cameras():
    targets = (FocusTarget(1, 2.5, 3.0, (1.0, 2.0, 3.0, 4.0), "gaze"), FocusTarget(0, 0.1, 7.0, until=3))
    frames = torch.rand(2, 3, 4, 5)
    clip = FocusClip("a/000001", frames, (0, 5), (0.0, 1 / 6), (40, 50), frames[:, :1], targets=targets)
    assert same(unpack(*pack(clip)), clip)
    cameras = tuple(Camera(torch.rand(3, 3, dtype=torch.float64), torch.rand(4, 4)) for _ in range(2))
    posed = PosedClip("b", frames, frames[:, :1], frames[:, :1] > 0.5, cameras)
    assert same(unpack(*pack(posed)), posed)


NUMBERS = itertools.count(1)


def data_sets():
    """All loaders of `rackfocus.data` but those that pass on the samples of others."""
    for found in pkgutil.walk_packages(data_room.__path__, f"{data_room.__name__}."):
        module = importlib.import_module(found.name)
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, Dataset) and each.__module__ == module.__name__:
                kind = typing.get_type_hints(each.__getitem__)["return"]
                if dataclasses.is_dataclass(kind):
                    yield each, kind


def made(hint):
    """A value of a type: of a choice the first one."""
    options = [each for each in typing.get_args(hint) if each not in (type(None), Ellipsis)]
    if typing.get_origin(hint) is typing.Literal:
        return options[0]
    if typing.get_origin(hint) is tuple:
        return tuple(map(made, options))
    if options:
        return made(options[0])
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{field.name: made(hints[field.name]) for field in dataclasses.fields(hint)})
    if hasattr(hint, "dim_str"):
        shape = [int(size) if size.isdigit() else 2 for size in hint.dim_str.split()]
        return torch.rand(shape) > 0.5 if hint.dtypes == ["bool"] else torch.rand(shape)
    return next(NUMBERS) if hint is int else {str: "user", float: 0.1, bool: True}[hint]


def test_the_samples_of_every_loader_can_be_stored_but_for_clips_with_scripted_events():
    kinds = {each.__name__: kind for each, kind in data_sets()}
    assert {"RaytracedScenes", "Dhf1k", "NYUv2", "CutOuts", "EBB", "LightFieldSamples"} <= set(kinds)
    assert kinds.pop("FocusEventClips") is FocusEventClip
    for kind in set(kinds.values()):
        sample = made(kind)
        assert all(getattr(sample, field.name) is not None for field in dataclasses.fields(sample))
        assert same(unpack(*pack(sample)), sample), kind
    with pytest.raises(InputError, match="FocusEventClip cannot be stored in shards; use the data as they"):
        pack(FocusEventClip.__new__(FocusEventClip))


def test_a_shard_has_the_layout_of_webdataset(shards):
    with tarfile.open(shards / "train" / "000002.tar") as archive:
        assert archive.getnames() == ["00000006.json", "00000006.safetensors"]


def test_a_run_that_was_stopped_writes_what_is_missing(shards):
    first, last = (shards / "train" / f"00000{number}.tar" for number in (0, 2))
    content, written_ns = last.read_bytes(), first.stat().st_mtime_ns
    last.unlink()
    (shards / "train.json").unlink()
    with pytest.raises(MissingSplit, match=r"train\.json is missing; make the split, or finish it"):
        Shards(shards, "train")
    write_shards(Samples(), shards, "train", samples_each=3, workers=1)
    assert last.read_bytes() == content
    assert first.stat().st_mtime_ns == written_ns
    assert len(Shards(shards, "train")) == 7


def data(train, workers):
    view = RandomView(shorter_side_px=(8, 12), crop_px=8)
    return FocusData(train=train, validation=train, view=view, batch_size=2, workers=workers, seed=5)


def test_training_goes_on_in_the_middle_of_an_epoch_with_two_workers(shards):
    """The batches are those of the plain samples, loaded without workers and without a stop."""
    whole = list(data(Samples(), 0).train_dataloader())
    loader = data(Shards(shards, "train"), 2).train_dataloader()
    begun = iter(loader)
    taken, state = [next(begun), next(begun)], loader.state_dict()
    loader = data(Shards(shards, "train"), 2).train_dataloader()
    loader.load_state_dict(state)
    taken += list(loader)
    assert len(whole) == len(taken) == 4
    assert all(
        torch.equal(*fields) for pair in zip(whole, taken, strict=True) for fields in zip(*pair, strict=True)
    )


def test_any_storage_of_fsspec(shards):
    memory = fsspec.filesystem("memory")
    memory.put(str(shards), "/bucket", recursive=True)
    try:
        assert same(Shards("memory://bucket", "train")[4], Samples()[4])
        memory.rm("/bucket/train/000001.tar")
        with pytest.raises(InputError, match=r"bucket/train/000001\.tar cannot be read"):
            Shards("memory://bucket", "train")[4]
    finally:
        memory.rm("/bucket", recursive=True)
    with pytest.raises(InputError, match="cannot be opened"):
        Shards("nonsense://bucket", "train")


@pytest.mark.parametrize("spoil", ["cut", "list", "format", "kind"])
def test_what_is_damaged_is_a_sentence(spoil, shards):
    listed, shard = shards / "train.json", shards / "train" / "000000.tar"
    if spoil == "cut":
        shard.write_bytes(shard.read_bytes()[:2000])
    elif spoil == "list":
        listed.write_text(listed.read_text()[:-9])
    elif spoil == "format":
        listed.write_text(listed.read_text().replace("rackfocus.shards", "rackfocus.views"))
    else:
        shard.write_bytes(shard.read_bytes().replace(b"FocusSample", b"FocusWindow"))
    with pytest.raises(InputError, match=r"(000000\.tar|train\.json) cannot be read"):
        Shards(shards, "train")[0]


class Paths(Samples):
    def __getitem__(self, index):
        return Path(str(index))


def test_what_is_no_sample_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be stored in shards"):
        write_shards(Paths(), tmp_path, "train", samples_each=3, workers=1)
    assert not list(tmp_path.rglob("*.tar*"))
    with pytest.raises(InputError, match="samples_each must be at least 1"):
        write_shards(Samples(), tmp_path, "train", samples_each=0)
