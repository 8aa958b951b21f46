"""The splits of the group `data`: the keys with a `_target_`."""

from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.types import InputError, MissingSplit


def split_configs(cfg: DictConfig) -> dict[str, DictConfig]:
    """The configurations of the splits by name.

    Raises:
        InputError: there is none.
    """
    splits = {
        str(key): node
        for key, node in cfg.data.items()
        if isinstance(node, DictConfig) and "_target_" in node
    }
    if not splits:
        name = HydraConfig.get().runtime.choices["data"]
        raise InputError(f"conf/data/{name}.yaml names no split; give it a train, validation or test.")
    return splits


def present_splits(cfg: DictConfig) -> dict[str, Any]:
    """The data sets of the splits that are there, by name.

    Raises:
        MissingSplit: none is.
    """
    opened = {split: open_split(node) for split, node in split_configs(cfg).items()}
    there = {split: dataset for split, dataset in opened.items() if not isinstance(dataset, MissingSplit)}
    if not there:
        raise next(why for why in opened.values() if isinstance(why, MissingSplit))
    return there


def open_split(node: DictConfig) -> Any:
    """The data set of a split, or `MissingSplit` where the data have nothing of it."""
    try:
        return instantiate(node)
    except InstantiationException as error:
        if isinstance(error.__cause__, MissingSplit):
            return error.__cause__
        raise
