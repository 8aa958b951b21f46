"""The components that can be chosen in a session, by the names that the page shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import torch

from rackfocus.device import CPU
from rackfocus.focus.modes import Finder, target_finder
from rackfocus.focus.trackers.opencv import KCF
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError, Lens
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.stabilizer import Stabilizer

NAMED = ("action", "conversation", "general", "af_net")
"""The autofocus modes that need no configuration."""


@dataclass(frozen=True)
class Tools:
    """Factories of components, called when a component is needed; the command line makes them from `conf`.

    Attributes:
        network: makes the estimator of disparity and HDR.
        network_size_px: the longer side of the network's input.
        lenses: make lenses, by the name of the aperture's shape.
        trackers: make trackers, by their names.
        autofocus: make sets of detectors or AF-Net, by the names of the modes.
        stabilizer: makes the stabiliser for the final video.
        device: on which networks run and the final video is made.
    """

    network: Callable[[], RGBDHDREstimator] = load_model
    network_size_px: int | None = 384
    lenses: Mapping[str, Callable[[], Lens]] = field(default_factory=lambda: {"disk": Lens})
    trackers: Mapping[str, Callable[[], Tracker]] = field(
        default_factory=lambda: {"kcf": lambda: RecoveringTracker(KCF())}
    )
    autofocus: Mapping[str, Callable[[], Finder]] = field(
        default_factory=lambda: {mode: partial(target_finder, mode) for mode in NAMED}
    )
    stabilizer: Callable[[], Stabilizer] = look_ahead_stabilizer
    device: torch.device = CPU


def chosen(what: str, name: str, among: Mapping[str, Callable[[], object]]) -> str:
    """Check that a name is among the available ones, and return it.

    Raises:
        InputError: there is no such name.
    """
    if name not in among:
        raise InputError(f"There is no {what} {name!r}; choose one of {', '.join(among)}.")
    return name
