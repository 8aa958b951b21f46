"""What a session works with: everything that can be exchanged, by the names that the page shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from rackfocus.focus.modes import target_finder
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.target_finder import TargetFinder
from rackfocus.focus.trackers.opencv import KCF
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError, Lens
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.stabilizer import Stabilizer

NAMED = ("action", "conversation", "general", "af_net")
"""What needs no configuration."""


@dataclass(frozen=True)
class Tools:
    """Each is made when it is needed; the command line makes them of `conf`.

    Attributes:
        network: estimates disparity and HDR.
        network_size_px: the longer side of what it sees.
        lenses: by the shape of their aperture.
        trackers: follow subjects.
        autofocus: sets of detectors, or AF-Net.
        stabilizer: for the final video.
    """

    network: Callable[[], RGBDHDREstimator] = load_model
    network_size_px: int | None = 384
    lenses: Mapping[str, Callable[[], Lens]] = field(default_factory=lambda: {"disk": Lens})
    trackers: Mapping[str, Callable[[], Tracker]] = field(
        default_factory=lambda: {"kcf": lambda: RecoveringTracker(KCF())}
    )
    autofocus: Mapping[str, Callable[[], SceneSpecific | TargetFinder]] = field(
        default_factory=lambda: {mode: partial(target_finder, mode) for mode in NAMED}
    )
    stabilizer: Callable[[], Stabilizer] = look_ahead_stabilizer


def chosen(what: str, name: str, among: Mapping[str, Callable[[], object]]) -> str:
    """A name that is among those there are.

    Raises:
        InputError: it is not.
    """
    if name not in among:
        raise InputError(f"There is no {what} {name!r}; choose one of {', '.join(among)}.")
    return name
