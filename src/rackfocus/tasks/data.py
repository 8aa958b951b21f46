"""Batches of samples with reproducible random order and views, for any data set of focus samples."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence, Sized
from typing import Any, ClassVar, NamedTuple, Protocol, cast

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.tasks.preemption import leave_signals_to_the_training
from rackfocus.types import InputError


class FocusBatch(NamedTuple):
    """Samples of one size, stacked. The fields are those of `FocusSample`, without the ground truth."""

    deep: Float[Tensor, "batch 3 height width"]
    shallow: Float[Tensor, "batch 3 height width"]
    adjusted: Float[Tensor, "batch 3 height width"]
    aperture_ratio: Float[Tensor, "batch 1 1 1"]
    focal_disparity: Float[Tensor, "batch 1 1 1"]


class View(Protocol):
    """Augmentation of a sample; the generator is the only source of randomness."""

    def __call__(self, sample: FocusSample, generator: torch.Generator) -> FocusSample: ...


class Draw(NamedTuple):
    """The index of a sample and the epoch, which together determine its view."""

    epoch: int
    place: int


class EpochSampler(DistributedSampler[Draw]):
    """The samples of an epoch in an order determined by its number, distributed to the training processes.

    Lightning calls `set_epoch`, and keeps a sampler that is already distributed; the worker processes get the
    epoch with every draw.

    Args:
        length: number of samples.
        seed: of the order.
        processes: number of training processes. The last ones may repeat a sample of another.
        process: index of this process.
    """

    def __init__(self, length: int, seed: int, *, processes: int = 1, process: int = 0) -> None:
        super().__init__(range(length), processes, process, seed=seed)  # type: ignore[arg-type]
        self.start = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration; a new epoch starts at its beginning."""
        self.go_to(epoch, self.start if epoch == self.epoch else 0)

    def go_to(self, epoch: int, start: int) -> None:
        """Skip the first `start` draws of an epoch in the next iteration."""
        self.epoch, self.start = epoch, start

    def draws(self) -> list[Draw]:
        """All draws of this process in the epoch."""
        order = torch.randperm(len(self.dataset), generator=_generator(self.seed, self.epoch))  # type: ignore[arg-type]
        places = np.resize(order.numpy(), self.total_size)[self.rank :: self.num_replicas]
        return [Draw(self.epoch, place) for place in places.tolist()]

    def __iter__(self) -> Iterator[Draw]:
        return iter(self.draws()[self.start :])


class SameDraws(EpochSampler, SequentialSampler):  # type: ignore[misc]
    """The order of epoch 0 in every epoch, for `trainer.overfit_batches`.

    Lightning replaces any sampler but a `SequentialSampler` then.
    """

    def draws(self) -> list[Draw]:
        """All draws of this process, with the views of epoch 0."""
        epoch, self.epoch = self.epoch, 0
        draws = super().draws()
        self.epoch = epoch
        return draws


class ResumableDataLoader(DataLoader[Any]):
    """Loads batches of draws, with its position as state.

    Lightning stores the state in the checkpoint: a training continued in the middle of an epoch loads only
    the remaining batches.
    """

    sampler: EpochSampler
    taken = 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        self.taken = self.sampler.start // (self.batch_size or 1)
        for batch in super().__iter__():
            self.taken += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """The epoch, and the number of batches taken from it; batches prefetched by workers do not count."""
        if self.taken == len(self):
            return {"epoch": self.sampler.epoch + 1, "batches": 0}
        return {"epoch": self.sampler.epoch, "batches": self.taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue at this position."""
        self.sampler.go_to(state["epoch"], state["batches"] * (self.batch_size or 1))


class _Views(Dataset[Any]):
    """A data set with a view applied, the same in any process."""

    def __init__(
        self,
        dataset: Dataset[Any],
        view: Callable[[Any, torch.Generator], Any],
        seed: int,
        kinds: tuple[type, ...],
    ) -> None:
        self.dataset = dataset
        self.view = view
        self.seed = seed
        self.kinds = kinds

    def __getitem__(self, draw: Draw) -> Any:
        sample = self.dataset[draw.place]
        if not isinstance(sample, self.kinds):
            raise InputError(
                f"The data set gives samples of the kind {type(sample).__name__}, and this training learns "
                f"from {' or '.join(kind.__name__ for kind in self.kinds)}; choose another data=name or "
                "experiment=name."
            )
        return self.view(sample, _generator(self.seed, *draw))


class _WithoutTruth:
    """A view without the ground truth, which is not part of batches and need not be resized."""

    def __init__(self, view: View) -> None:
        self.view = view

    def __call__(self, sample: FocusSample, generator: torch.Generator) -> FocusSample:
        return self.view(dataclasses.replace(sample, disparity=None, radiance=None), generator)


class SeededDataModule(pl.LightningDataModule):
    """Training and validation data.

    The same seed gives the same batches, with any number of workers. To combine data sets, use
    `rackfocus.data.mixture.WeightedMixture` for training and torch's `ConcatDataset` for validation.

    Args:
        train: the training samples.
        validation: the held-out samples, without augmentation.
        view: augmentation of a training sample; the generator is its only source of randomness.
        batch_size: of training; the paper's is 1, more needs a view of fixed size.
        workers: number of loading processes.
        seed: of the order and of the views.

    Attributes:
        KINDS: the classes of samples that can be trained on.
    """

    KINDS: ClassVar[tuple[type, ...]] = (object,)

    def __init__(
        self,
        *,
        train: Dataset[Any],
        validation: Dataset[Any],
        view: Callable[[Any, torch.Generator], Any],
        batch_size: int = 1,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.train = train
        self.validation = validation
        self.view = view
        self.settings: dict[str, Any] = {
            "collate_fn": self.collate,
            "num_workers": workers,
            "persistent_workers": workers > 0,
            "pin_memory": torch.cuda.is_available(),
            "worker_init_fn": leave_signals_to_the_training,
        }
        self.batch_size = batch_size
        self.seed = seed

    @staticmethod
    def collate(samples: Sequence[Any]) -> Any:
        """Make a batch of samples."""
        raise NotImplementedError

    def train_dataloader(self) -> ResumableDataLoader:
        return ResumableDataLoader(
            _Views(self.train, self.view, self.seed, self.KINDS),
            batch_size=self.batch_size,
            sampler=self.draws(0 if self.trainer is None else self.trainer.current_epoch),
            **self.settings,
        )

    def val_dataloader(self) -> DataLoader[Any]:
        return DataLoader(self.validation, batch_size=1, **self.settings)

    def draws(self, epoch: int) -> EpochSampler:
        """The sampler of this process for an epoch."""
        processes, process = (
            (1, 0) if self.trainer is None else (self.trainer.world_size, self.trainer.global_rank)
        )
        overfits = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]
        sampler = SameDraws if overfits else EpochSampler
        draws = sampler(len(cast(Sized, self.train)), self.seed, processes=processes, process=process)
        draws.set_epoch(epoch)
        return draws

    def names(self, epoch: int, batch: int) -> list[str]:
        """The names of the samples of a batch of an epoch."""
        draws = self.draws(epoch).draws()[batch * self.batch_size :][: self.batch_size]
        return [self.train[draw.place].name for draw in draws]


def stack(tensors: Sequence[Tensor]) -> Tensor:
    """Stack tensors of one size.

    Raises:
        InputError: their sizes differ, as those of portrait and landscape do.
    """
    sizes = {tuple(tensor.shape) for tensor in tensors}
    if len(sizes) > 1:
        told = " and ".join(f"{size[-1]}x{size[-2]}" for size in sorted(sizes))
        raise InputError(
            f"The samples of a batch must have one size, and are {told}: set datamodule.batch_size=1, or "
            "datamodule.view.crop_px to the least of datamodule.view.shorter_side_px, which crops squares."
        )
    return torch.stack(list(tensors))


def collate(samples: Sequence[FocusSample]) -> FocusBatch:
    """Stack samples of one size.

    Raises:
        InputError: their sizes differ.
    """

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1, 1)

    return FocusBatch(
        deep=stack([sample.deep for sample in samples]),
        shallow=stack([sample.shallow for sample in samples]),
        adjusted=stack([sample.adjusted for sample in samples]),
        aperture_ratio=column([sample.aperture_ratio for sample in samples]),
        focal_disparity=column([sample.focal_disparity for sample in samples]),
    )


class FocusData(SeededDataModule):
    """Photographs of one scene with different apertures, for RGBD-HDR; see `SeededDataModule`."""

    KINDS = (FocusSample,)
    collate = staticmethod(collate)

    def __init__(self, *, view: View, **settings: Any) -> None:
        super().__init__(view=_WithoutTruth(view), **settings)


def mixed_seed(*numbers: int) -> int:
    """A seed made of these numbers; similar numbers give independent generators."""
    (seed,) = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return int(seed)


def _generator(*numbers: int) -> torch.Generator:
    return torch.Generator().manual_seed(mixed_seed(*numbers))
