"""Samples into batches, for any data set of focus samples."""

import dataclasses
from collections.abc import Iterator, Sequence, Sized
from functools import partial
from typing import NamedTuple, Protocol, cast

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from rackfocus.data.sample import FocusSample


class FocusBatch(NamedTuple):
    """Samples of one size, stacked. The fields are those of `FocusSample`, without the truth."""

    deep: Float[Tensor, "batch 3 height width"]
    shallow: Float[Tensor, "batch 3 height width"]
    adjusted: Float[Tensor, "batch 3 height width"]
    aperture_ratio: Float[Tensor, "batch 1 1 1"]
    focal_disparity: Float[Tensor, "batch 1 1 1"]


class View(Protocol):
    """What training sees of a sample; the generator decides all that is random in it."""

    def __call__(self, sample: FocusSample, generator: torch.Generator) -> FocusSample: ...


class Draw(NamedTuple):
    """Which sample, and in which epoch: the two that decide its view."""

    epoch: int
    place: int


class ShuffledDraws(Sampler[Draw]):
    """The samples of an epoch in an order that its number decides.

    Lightning calls `set_epoch`; the worker processes get the epoch with every draw.
    """

    def __init__(self, length: int, seed: int) -> None:
        self.length = length
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """What the next iteration is decided by."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Draw]:
        order = torch.randperm(self.length, generator=_generator(self.seed, self.epoch))
        return (Draw(self.epoch, place) for place in order.tolist())


class _Views(Dataset[FocusSample]):
    """A data set seen through a view, the same in whichever process."""

    def __init__(self, dataset: Dataset[FocusSample], view: View, seed: int) -> None:
        self.dataset = dataset
        self.view = view
        self.seed = seed

    def __getitem__(self, draw: Draw) -> FocusSample:
        # Batches leave the truth out, so it need not be resized either.
        sample = dataclasses.replace(self.dataset[draw.place], disparity=None, radiance=None)
        return self.view(sample, _generator(self.seed, *draw))


class FocusData(pl.LightningDataModule):
    """Training and validation data.

    The same seed gives the same batches, with any number of workers. Several data sets are one data set here:
    `rackfocus.data.mixture.Mixture` for training, torch's `ConcatDataset` for validation.

    Args:
        train: the training samples.
        validation: the held-out samples, seen whole.
        view: what training sees of a sample.
        batch_size: the paper's is 1; more needs a view of fixed size.
        workers: processes that load beside the training.
        seed: of the order and of the views.
    """

    def __init__(
        self,
        *,
        train: Dataset[FocusSample],
        validation: Dataset[FocusSample],
        view: View,
        batch_size: int = 1,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.train = train
        self.validation = validation
        self.view = view
        self.loader = partial(
            DataLoader,
            collate_fn=collate,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
        )
        self.batch_size = batch_size
        self.seed = seed

    def train_dataloader(self) -> DataLoader[FocusSample]:
        draws = ShuffledDraws(len(cast(Sized, self.train)), self.seed)
        if self.trainer is not None:
            # Workers begin to load before Lightning sets the epoch of a training that is resumed.
            draws.set_epoch(self.trainer.current_epoch)
        return self.loader(
            _Views(self.train, self.view, self.seed), batch_size=self.batch_size, sampler=draws
        )

    def val_dataloader(self) -> DataLoader[FocusSample]:
        return self.loader(self.validation, batch_size=1)


def collate(samples: Sequence[FocusSample]) -> FocusBatch:
    """Stack samples of one size."""

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)

    return FocusBatch(
        deep=torch.stack([sample.deep for sample in samples]),
        shallow=torch.stack([sample.shallow for sample in samples]),
        adjusted=torch.stack([sample.adjusted for sample in samples]),
        aperture_ratio=column([sample.aperture_ratio for sample in samples]),
        focal_disparity=column([sample.focal_disparity for sample in samples]),
    )


def _generator(*numbers: int) -> torch.Generator:
    """A generator of its own for these numbers: neighbours differ as much as any others."""
    (seed,) = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(seed))
