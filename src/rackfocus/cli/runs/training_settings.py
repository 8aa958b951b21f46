"""Checks the settings of a training before its data are read and its network is made."""

import math
from typing import Any

from omegaconf import DictConfig, OmegaConf

from rackfocus.types import InputError

SMALLEST: dict[str, int] = {
    "seed": 0,
    "datamodule.batch_size": 1,
    "datamodule.workers": 0,
    "trainer.accumulate_grad_batches": 1,
    "trainer.max_steps": 1,
}
"""The settings that are whole numbers, and the smallest of each."""
ENDLESS = ("trainer.max_steps", -1)
LARGEST_SEED = 2**32 - 1
"""NumPy's."""


def require_training_settings(cfg: DictConfig) -> None:
    """Check what a training needs whatever is trained.

    Raises:
        InputError: a number is out of its range or none, the schedule has no length, or a split of the data
            or `callbacks.best` is missing.
    """
    for key, smallest in SMALLEST.items():
        value = OmegaConf.select(cfg, key, default=smallest)
        if (key, value) != ENDLESS and (type(value) is not int or value < smallest):
            raise InputError(f"{key} must be a whole number of {smallest} or more, and is {_told(value)}.")
    if cfg.seed > LARGEST_SEED:
        raise InputError(f"seed must be at most {LARGEST_SEED}, and is {cfg.seed}.")
    rate = cfg.learning_rate
    if type(rate) not in (int, float) or not 0 < rate < math.inf:
        raise InputError(f"learning_rate must be a number above 0, such as 1e-4, and is {_told(rate)}.")
    if OmegaConf.select(cfg, "callbacks.best") is None:
        raise InputError("The training needs callbacks.best, which keeps the weights that validated best.")
    require_schedule_length(cfg)
    require_training_splits(cfg)


def require_schedule_length(cfg: DictConfig) -> None:
    """Check that `scheduler=cosine` knows when the learning rate is to be 0.

    Raises:
        InputError: the training has no number of steps.
    """
    length = OmegaConf.select(cfg, "scheduler.T_max", default=1)
    if isinstance(length, int) and length < 1:
        raise InputError(
            f"scheduler.T_max, the steps in which the learning rate falls to 0, is {length}; give it, or "
            "trainer.max_steps."
        )


def require_training_splits(cfg: DictConfig) -> None:
    """Check that a data set is not for evaluation only.

    Raises:
        InputError: the data set has no training or no validation split.
    """
    for split in ("train", "validation"):
        if split not in cfg.data:
            raise InputError(f"The data set has no split {split!r} to train with; choose another data=name.")


def _told(value: Any) -> str:
    """A value as it is typed on the command line."""
    return "null" if value is None else str(value)
