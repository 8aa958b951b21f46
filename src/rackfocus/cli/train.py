"""`rackfocus train`: RGBD-HDR from aperture and focal triplets."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.models.checkpoints import save_model
from rackfocus.tasks.rgbd_hdr import RGBDHDRTask
from rackfocus.types import InputError

WEIGHTS_FILE = "rgbd_hdr.safetensors"
METRICS_FILE = "metrics/metrics.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("train", run, arguments)


def run(cfg: DictConfig) -> None:
    """Train, and say where the weights are."""
    weights = train(cfg, run_folder())
    print(f"\nThe best weights by validation: {weights}\nTry them: rackfocus evaluate checkpoint={weights}")


def train(cfg: DictConfig, folder: Path) -> Path:
    """Train as `cfg` says; write the weights that validated best into `folder` and return their path.

    Raises:
        InputError: the data or the checkpoint to resume from is missing, or nothing was validated.
    """
    _quieten_lightning()
    require_training_splits(cfg)
    record_provenance(cfg, folder)
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.resume is not None and not Path(cfg.resume).is_file():
        raise InputError(f"There is no checkpoint {cfg.resume} to resume from.")
    data = instantiate(cfg.datamodule)
    task = RGBDHDRTask(instantiate(cfg.model), instantiate(cfg.loss), cfg.learning_rate)
    callbacks = {name: instantiate(callback) for name, callback in cfg.callbacks.items()}
    trainer: pl.Trainer = instantiate(
        cfg.trainer,
        callbacks=list(callbacks.values()),
        logger=[instantiate(logger) for logger in cfg.logger.values()],
        default_root_dir=str(folder),
    )
    trainer.fit(task, data, ckpt_path=cfg.resume)
    if trainer.interrupted:
        raise KeyboardInterrupt
    best = callbacks["best"].best_model_path
    if not best:
        raise InputError("Training ended before its first validation; raise trainer.max_steps.")
    task.load_state_dict(torch.load(best, weights_only=True)["state_dict"])
    save_model(task.model, folder / WEIGHTS_FILE)
    return folder / WEIGHTS_FILE


def require_training_splits(cfg: DictConfig) -> None:
    """Refuse a data set that is for evaluation only.

    Raises:
        InputError: it has no training or no validation split.
    """
    for split in ("train", "validation"):
        if split not in cfg.data:
            raise InputError(f"The data set has no split {split!r} to train with; choose another data=name.")


def _quieten_lightning() -> None:
    """Leave out its advertisements, and its warnings about its own code."""
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*LeafSpec.*", module="pytorch_lightning")
    warnings.filterwarnings("ignore", message=".*does not have many workers.*", module="pytorch_lightning")
