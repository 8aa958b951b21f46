"""The parts of the rows by their names: what is built in, and what configurations make."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from rackfocus.device import CPU
from rackfocus.evaluation.benchmarks.leaderboard.entry import NONE, PROGRAMS, TRUTH
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method
from rackfocus.evaluation.benchmarks.renderer_peers.torch_methods import forward
from rackfocus.evaluation.images.baselines import Backends, Network, NoHDR, Nothing, Predictor
from rackfocus.focus.modes import Finder
from rackfocus.models.backends import CompositeEstimator, RGBDHDREstimator, TimedDepthBackend
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError


class Parts:
    """Makes each part once, when the first row needs it; what cannot be made is not tried twice.

    Args:
        networks: checkpoints of networks that give both disparity and light, by their names for rows.
        make: makes what a configuration names, from the kind of part (`depth`, `hdr`, `renderer`,
            `autofocus`) and its name; it raises an `InputError` if that cannot be made.
        network_size_px: the longer side of what the networks see; `None`: not reduced.
        device: on which the networks run.
    """

    def __init__(
        self,
        networks: Mapping[str, str],
        make: Callable[[str, str], Any],
        *,
        network_size_px: int | None = 384,
        device: torch.device = CPU,
    ) -> None:
        self._networks = networks
        self._make = make
        self._network_size_px = network_size_px
        self._device = device
        self._made: dict[tuple[str, str], Any] = {}

    def predictor(self, kind: str, name: str) -> Predictor | None:
        """What finds disparity (`depth`) or light (`hdr`) in a photograph; `None`: it is the truth.

        A network is the same object for both.

        Raises:
            InputError: it cannot be made.
        """
        if name == TRUTH:
            return None
        return self._once("network" if name in (NONE, *self._networks) else kind, name, self._predictor)

    def estimator(self, name: str) -> RGBDHDREstimator | None:
        """What finds the disparity of the frames of a clip; `None`: it is the truth.

        Raises:
            InputError: it cannot be made, or finds no disparity.
        """
        found = self.predictor("depth", name)
        if isinstance(found, Network):
            return found.model
        if isinstance(found, Backends):
            return CompositeEstimator(depth=found.depth, hdr=NoHDR())
        if found is not None:
            raise InputError(f"depth={name} gives no disparity to focus by; name a depth model or {TRUTH}.")
        return None

    def renderer(self, name: str) -> Method:
        """A renderer as those of `rackfocus benchmark renderer`, which clock themselves.

        Raises:
            InputError: it cannot be made, or is not installed.
        """
        method: Method = self._once("renderer", name, self._renderer)
        if (why := method.missing()) is not None:
            raise InputError(why)
        return method

    def finder(self, name: str) -> Finder | None:
        """What finds focus targets; `None`: focus never moves.

        Raises:
            InputError: it cannot be made.
        """
        return None if name == NONE else self._once("autofocus", name, self._make)

    def _once(self, kind: str, name: str, make: Callable[[str, str], Any]) -> Any:
        if (kind, name) not in self._made:
            try:
                self._made[kind, name] = make(kind, name)
            except InputError as error:
                self._made[kind, name] = error
        made = self._made[kind, name]
        if isinstance(made, InputError):
            raise InputError(str(made))
        return made

    def _predictor(self, kind: str, name: str) -> Predictor:
        if name == NONE:
            return Nothing(name)
        if name in self._networks:
            return Network(name, load_model(self._networks[name]), self._network_size_px, self._device)
        part = self._make(kind, name)
        if isinstance(part, TimedDepthBackend):
            raise InputError(f"{kind}={name} needs to know the frame of a video; here are photographs.")
        return Backends(name, **{kind: part})

    def _renderer(self, kind: str, name: str) -> Method:
        return PROGRAMS[name] if name in PROGRAMS else Method(name, name, forward(self._make(kind, name)))
