"""Stops training at the first loss or gradient that is not finite, and saves the batch and the network."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from safetensors.torch import save_file
from torch import Tensor

from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import parse_json
from rackfocus.reading.weights import read_safetensors
from rackfocus.tasks.clips import ClipBatch
from rackfocus.tasks.data import FocusBatch, SeededDataModule
from rackfocus.tasks.mixed_batches import KindBatch, LightBatch, NearnessBatch, SceneBatch
from rackfocus.tasks.task import Task
from rackfocus.types import InputError


@dataclass(frozen=True)
class SavedBatch:
    """A batch (a list if it contains samples of several kinds) with the names of its samples, its epoch, and
    the number of optimizer steps before it.
    """

    batch: FocusBatch | ClipBatch | list[KindBatch]
    names: list[str]
    epoch: int
    step: int


class StopOnNonFinite(pl.Callback):
    """Stops training before the weights are updated by values that are not finite.

    It saves `batch.safetensors` (see `load_batch`) and the network before the update to `dirpath`. Gradients
    in fp16 are not checked: they overflow now and then, and Lightning skips such a step.
    """

    def __init__(self, *, dirpath: str) -> None:
        self.folder = Path(dirpath)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Store the batch."""
        del trainer, pl_module
        self.batch, self.index = batch, batch_idx

    def on_before_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor) -> None:
        """Check the loss.

        Raises:
            InputError: it is not finite.
        """
        if not loss.isfinite():
            self._stop("loss", trainer, pl_module)

    def on_after_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Check the gradient.

        Raises:
            InputError: it is not finite.
        """
        gradients = [value.grad for value in pl_module.parameters() if value.grad is not None]
        scaled = getattr(trainer.precision_plugin, "scaler", None) is not None
        if not scaled and not torch.nn.utils.get_total_norm(gradients).isfinite():
            self._stop("gradient", trainer, pl_module)

    def _stop(self, what: str, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        data: SeededDataModule = trainer.datamodule  # type: ignore[attr-defined]
        names = data.names(trainer.current_epoch, self.index)
        self.folder.mkdir(parents=True, exist_ok=True)
        about = {
            "names": json.dumps(names),
            "epoch": str(trainer.current_epoch),
            "step": str(trainer.global_step),
        }
        tensors = {name: values.cpu().contiguous() for name, values in _named(self.batch).items()}
        save_file(tensors, self.folder / "batch.safetensors", about)
        assert isinstance(module, Task)
        module.save_weights(self.folder / module.WEIGHTS_FILE)
        raise InputError(
            f"The {what} of step {trainer.global_step + 1} ({', '.join(names)}) is not finite: the batch and "
            f"the network before it are in {self.folder}, checkpoints are from before; lower learning_rate "
            "or set trainer.gradient_clip_val."
        )


def _named(batch: Any) -> dict[str, Tensor]:
    """The tensors of a batch by name; prefixed by the index of the part if there are several kinds."""
    if not isinstance(batch, list):
        return batch._asdict()
    return {
        f"{number}.{name}": values
        for number, part in enumerate(batch)
        for name, values in part._asdict().items()
    }


def _batch(tensors: dict[str, Tensor]) -> Any:
    """The batch whose tensors have these names."""
    parts: dict[str, dict[str, Tensor]] = {}
    for name, values in tensors.items():
        number, _, field = name.rpartition(".")
        parts.setdefault(number, {})[field] = values
    batches = [_kind(part)(**part) for _, part in sorted(parts.items())]
    return batches[0] if "" in parts else batches


def _kind(tensors: dict[str, Tensor]) -> Any:
    kinds = (ClipBatch, FocusBatch, SceneBatch, NearnessBatch, LightBatch)
    for kind in kinds:
        if set(kind._fields) == set(tensors):
            return kind
    raise ValueError("no batch has these tensors")


def load_batch(path: str | Path) -> SavedBatch:
    """Read a batch saved by `StopOnNonFinite`.

    Raises:
        InputError: there is no such file.
    """
    if not Path(path).is_file():
        raise InputError(f"There is no batch {path}; give the batch.safetensors of a training that stopped.")
    with reading(Path(path), "is no batch that a training saved ({reason})."):
        about, tensors = read_safetensors(Path(path))
        names = parse_json(about["names"])
        return SavedBatch(_batch(tensors), names, int(about["epoch"]), int(about["step"]))
