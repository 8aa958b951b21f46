"""Samples into batches, for any data set of focus samples."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rackfocus.data.sample import FocusSample


class FocusBatch(NamedTuple):
    """Samples of one size, stacked. The fields are those of `FocusSample`, without the truth."""

    deep: Float[Tensor, "batch 3 height width"]
    shallow: Float[Tensor, "batch 3 height width"]
    adjusted: Float[Tensor, "batch 3 height width"]
    aperture_ratio: Float[Tensor, "batch 1 1 1"]
    focal_disparity: Float[Tensor, "batch 1 1 1"]


class _Views(Dataset[FocusSample]):
    """A data set seen through a view."""

    def __init__(self, dataset: Dataset[FocusSample], view: Callable[[FocusSample], FocusSample]) -> None:
        self.dataset = dataset
        self.view = view

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> FocusSample:
        return self.view(self.dataset[index])


class FocusData(pl.LightningDataModule):
    """Training and validation data.

    Args:
        train: the training samples.
        validation: the held-out samples, seen whole.
        view: what training sees of a sample.
        batch_size: the paper's is 1; more needs a view of fixed size.
        workers: processes that load beside the training.
    """

    def __init__(
        self,
        *,
        train: Dataset[FocusSample],
        validation: Dataset[FocusSample],
        view: Callable[[FocusSample], FocusSample],
        batch_size: int = 1,
        workers: int = 0,
    ) -> None:
        super().__init__()
        self.train = train
        self.validation = validation
        self.view = view
        self.loader = partial(
            DataLoader, collate_fn=collate, num_workers=workers, persistent_workers=workers > 0
        )
        self.batch_size = batch_size

    def train_dataloader(self) -> DataLoader[FocusSample]:
        return self.loader(_Views(self.train, self.view), batch_size=self.batch_size, shuffle=True)

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
