"""Names for the run that is being made, and for the sweep that it is a job of."""

import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode

from rackfocus.cli.command import run_folder


def sweep_name() -> str | None:
    """The name of the folder of the sweep; `None`: this run is not a job of one."""
    config = HydraConfig.get()
    return Path(config.sweep.dir).name if config.mode == RunMode.MULTIRUN else None


def run_name() -> str:
    """What sets a job of a sweep apart, as `seed=2`; else the name of the folder of the run."""
    parser = OverridesParser.create()
    given = parser.parse_overrides([one for one in sys.argv[1:] if "=" in one and not one.startswith("-")])
    shared = {one.get_key_element() for one in given if not one.is_sweep_override()}
    job = parser.parse_overrides(list(HydraConfig.get().overrides.task))
    own = [str(one.input_line) for one in job if one.get_key_element() not in shared]
    return ", ".join(own) if own and sweep_name() is not None else run_folder().name
