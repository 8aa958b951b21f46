"""`rackfocus train`: train RGBD-HDR on aperture and focal triplets, or AF-Net on clips."""

import errno
import logging
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.types import RunMode
from hydra.utils import get_class, instantiate
from lightning_fabric.plugins.environments import SLURMEnvironment
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.utilities import rank_zero_only
from pytorch_lightning.utilities.exceptions import MisconfigurationException, SIGTERMException

import __main__
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.configs.own_configs import BY_OPTION
from rackfocus.cli.runs.provenance import git_revision, record_provenance
from rackfocus.cli.runs.resume import LAST, checkpoint_to_resume, resumed_arguments
from rackfocus.cli.runs.training_settings import require_training_settings
from rackfocus.reading.damage import reading
from rackfocus.reading.weights import read_torch
from rackfocus.tasks.data import SeededDataModule
from rackfocus.tasks.preemption import Preempted, queue_again
from rackfocus.tasks.processes import end_together
from rackfocus.tasks.task import Task
from rackfocus.types import InputError

METRICS_FILE = "metrics/metrics.csv"
TERMINATED = 143
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    try:
        arguments = resumed_arguments(arguments)
    except InputError as error:
        print(f"rackfocus train: {error}", file=sys.stderr)
        return 2
    return run_command("train", run, arguments)


def run(cfg: DictConfig) -> float | None:
    """Train, and print the path of the weights; if interrupted, print how to resume.

    Returns the best validation score, for a sweeper that looks for settings; `None`: nothing was validated.
    """
    folder = run_folder()
    try:
        weights, score = train(cfg, folder)
    except (KeyboardInterrupt, SIGTERMException) as stop:
        if isinstance(stop, Preempted):
            queue_again(stop.received)
        rank_zero_only(_print_resume_hint)(folder)
        if isinstance(stop, SIGTERMException):
            sys.exit(TERMINATED)
        raise
    if weights is not None:
        task: type[Task] = get_class(cfg.task._target_)
        use = task.TRY.format(shlex.quote(str(weights)), data=shlex.join(data_arguments(cfg)))
        rank_zero_only(print)(f"\nThe best weights by validation: {weights}\nTry them: {use}")
    return score


def train(cfg: DictConfig, folder: Path) -> tuple[Path | None, float | None]:
    """Train by a configuration; write the weights with the best validation to `folder`.

    Returns their path and their score. A trial (`debug=fdr`, `debug=rate`) keeps nothing and has neither.
    Without a validation (`trainer.limit_val_batches=0`) the weights are those of the last step, without a
    score.

    Raises:
        InputError: a setting is wrong, the data or the checkpoint to resume is missing, a loss is not finite,
            or the disk is full.
        KeyboardInterrupt: interrupted by Ctrl-C.
        SIGTERMException: terminated by the signal SIGTERM, or (`Preempted`) asked for its place by a queue.
    """
    _quieten_lightning()
    require_training_settings(cfg)
    rank_zero_only(record_provenance)(cfg, folder)
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    checkpoint = checkpoint_to_resume(cfg.ckpt, folder)
    data = instantiate(cfg.datamodule)
    task: Task = instantiate(cfg.task)(
        instantiate(cfg.model), instantiate(cfg.loss), scheduler=instantiate(cfg.get("scheduler"))
    )
    if checkpoint is not None:
        _require_fit(checkpoint, task)
    callbacks = {name: instantiate(callback) for name, callback in cfg.callbacks.items()}
    trainer = _trainer(cfg, list(callbacks.values()), folder)
    facts = about_run(cfg, task)
    for logger in trainer.loggers:
        logger.log_hyperparams(facts)
    _fit(trainer, task, data, checkpoint)
    if "rate_finder" in callbacks:
        return None, None
    if cfg.trainer.get("fast_dev_run"):
        rank_zero_only(print)("\nA step and a validation ran to their end; nothing of them is kept.")
        return None, None
    best, score = callbacks["best"].best_model_path, callbacks["best"].best_model_score
    if not best:
        rank_zero_only(print)("\nNothing was validated: the weights are those of the last step.")
    kept = torch.load(best or folder / LAST, map_location="cpu", weights_only=True)
    task.load_state_dict(kept["state_dict"])
    if trainer.is_global_zero:
        task.save_weights(folder / task.WEIGHTS_FILE)
    return folder / task.WEIGHTS_FILE, None if score is None else float(score)


def about_run(cfg: DictConfig, task: Task) -> dict[str, Any]:
    """What loggers show beside the scores: the resolved settings, the git revision, the number of weights."""
    settings: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    weights = sum(parameter.numel() for parameter in task.model.parameters())
    return {**settings, "git_revision": git_revision(), "parameters": weights}


def data_arguments(cfg: DictConfig) -> list[str]:
    """The arguments by which `rackfocus evaluate` measures on the data that were trained on.

    The test split, its default, where there is one; otherwise what was validated on.
    """
    hydra = HydraConfig.get()
    own = [source.path for source in hydra.runtime.config_sources if source.provider == BY_OPTION]
    chosen = [each for each in hydra.overrides.task if each.startswith(("data.", "data@"))]
    split = [] if "test" in cfg.data else ["split=validation"]
    return [
        *(f"--config-dir={path}" for path in own),
        f"data={hydra.runtime.choices['data']}",
        *chosen,
        *split,
    ]


def _trainer(cfg: DictConfig, callbacks: list[pl.Callback], folder: Path) -> pl.Trainer:
    """Lightning's Trainer.

    Raises:
        InputError: it refuses its settings.
    """
    loggers = [instantiate(logger) for logger in cfg.get("logger", {}).values()]
    try:
        trainer: pl.Trainer = instantiate(
            cfg.trainer,
            callbacks=callbacks,
            logger=loggers,
            default_root_dir=str(folder),
            plugins=[*map(instantiate, cfg.trainer.get("plugins") or ()), *_queue()],
        )
    except InstantiationException as error:
        if not isinstance(error.__cause__, MisconfigurationException | ValueError):
            raise
        refusal = " ".join(str(error.__cause__).split()).rstrip(".!")
        raise InputError(
            f"Lightning's Trainer refuses its settings ({refusal}); they are those of trainer=cpu, gpu or "
            "ddp, and `rackfocus train --cfg job -p trainer` prints them."
        ) from error
    return trainer


def _queue() -> list[SLURMEnvironment]:
    """That of SLURM, without the checkpoint that Lightning would write in the middle of a step."""
    return [SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else []


def _fit(trainer: pl.Trainer, task: Task, data: SeededDataModule, checkpoint: Path | None) -> None:
    """Run Lightning's `fit`; an interruption raises `KeyboardInterrupt` or `SIGTERMException`."""
    if trainer.strategy.launcher is not None:
        # Lightning starts the processes of other devices by the `__main__` module of this process.
        __main__.__spec__ = __spec__
    end_together(trainer)
    try:
        trainer.fit(task, data, ckpt_path=checkpoint, weights_only=True)
    except SIGTERMException:
        raise
    except SystemExit:
        # Lightning turns Ctrl-C into this exception.
        raise KeyboardInterrupt from None
    except RuntimeError as error:
        # Workers receive SIGTERM as well; Lightning may report their exit before it handles its own signal.
        if trainer.received_sigterm:
            raise SIGTERMException from error
        if str(error).startswith("DataLoader worker"):
            raise InputError(
                "A process that loads data was ended from outside, as happens where memory is short; lower "
                "datamodule.workers and go on (ckpt=last)."
            ) from error
        raise
    except MisconfigurationException as error:
        monitor = getattr(trainer.checkpoint_callback, "monitor", None)
        if monitor is None or monitor in trainer.callback_metrics:
            raise InputError(" ".join(str(error).split())) from error
        scores = sorted(name for name in trainer.callback_metrics if name.startswith("validation/"))
        raise InputError(
            f"callbacks.best.monitor={monitor} is no score of this training; choose one of "
            f"{', '.join(scores)}."
        ) from error
    except OSError as error:
        if error.errno in FULL_DISK:
            raise InputError(
                f"The disk of {trainer.default_root_dir} is full; make room and go on (ckpt=last), for "
                "checkpoints are whole."
            ) from error
        raise


def _require_fit(checkpoint: Path, task: Task) -> None:
    """Check that a file is a checkpoint, and of this network."""
    with reading(checkpoint, "is no checkpoint that `rackfocus train` wrote."):
        state = read_torch(checkpoint, mmap=True)["state_dict"]
        found = {name: tensor.shape for name, tensor in state.items()}
    if found != {name: tensor.shape for name, tensor in task.state_dict().items()}:
        raise InputError(f"{checkpoint} is of another network; give the settings that it was trained with.")


def _print_resume_hint(folder: Path) -> None:
    if not (folder / LAST).is_file():
        print(f"\nTraining was stopped before its first checkpoint in {folder}.", file=sys.stderr)
    elif HydraConfig.get().mode == RunMode.MULTIRUN:
        sweep = HydraConfig.get().sweep.dir
        print(f"\nTo go on: the same command with hydra.sweep.dir={sweep} ckpt=last", file=sys.stderr)
    else:
        print(f"\nTo go on: rackfocus train ckpt=last hydra.run.dir={folder}", file=sys.stderr)


def _quieten_lightning() -> None:
    """Suppress Lightning's advertisements, and its warnings on its own code and on resuming elsewhere."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    abouts = ("LeafSpec", "not have many workers", "exists and is not empty", "dirpath has changed")
    # Of an epoch that is shorter than the interval of logged steps, which goes on over epochs.
    for about in (*abouts, "is smaller than the logging interval"):
        warnings.filterwarnings("ignore", message=f".*{about}.*", module="pytorch_lightning")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
