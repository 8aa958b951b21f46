"""`rackfocus annotate`: pick focus targets on a web page, preview the result, annotate a data set."""

import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.app.server.server import serve
from rackfocus.app.server.workspace import Workspace
from rackfocus.app.session.tools import Tools
from rackfocus.cli.command import run_command
from rackfocus.cli.refocus import parse_model
from rackfocus.device import choose_device
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("annotate", run, arguments, positional=("path",), options=("port", "host", "out"))


def run(cfg: DictConfig) -> None:
    """Serve the annotation page for `cfg.path` until interrupted."""
    if not (isinstance(cfg.port, int) and 0 <= cfg.port < 65536):
        raise InputError(f"port must be 0 to 65535, and is {cfg.port}.")

    def ready(address: str) -> None:
        print(f"rackfocus annotate: {address}   (Ctrl-C ends it; everything is saved)", flush=True)
        if cfg.open:
            # In a thread, because some browsers return only when they are closed.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    workspace = Workspace.open(cfg.path, out=cfg.out, tools=make_tools(cfg))
    try:
        serve(workspace, host=str(cfg.host), port=cfg.port, ready=ready)
    finally:
        workspace.close()


def make_tools(cfg: DictConfig) -> Tools:
    """The components that the configuration names; each is made when it is needed."""
    return Tools(
        network=partial(_network, cfg),
        network_size_px=cfg.network_size_px,
        device=choose_device(cfg.device),
        lenses=_made_by_name(cfg.lenses),
        trackers=_made_by_name(cfg.trackers),
        autofocus=_made_by_name(cfg.autofocus),
        stabilizer=partial(instantiate, cfg.stabilizer),
    )


def _network(cfg: DictConfig) -> RGBDHDREstimator:
    model = parse_model(cfg)
    return load_model(model) if isinstance(model, str) else model


def _made_by_name(nodes: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """A factory for each component of a group, by its name."""
    return {str(name): partial(instantiate, node) for name, node in nodes.items()}
