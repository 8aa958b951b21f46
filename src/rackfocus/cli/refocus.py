"""`rackfocus refocus`: a deep-focus video in, a shallow-focus video out."""

from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.ranges import parse_range
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.pipelines.refocus import Focus, refocus
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("refocus", run, arguments, positional=("source", "target"))


def run(cfg: DictConfig) -> None:
    """Refocus `cfg.source` into `cfg.target`."""
    first, last = parse_range("frames", cfg.frames)
    with progress_bar("refocusing", "frames") as progress:
        frames = refocus(
            cfg.source,
            cfg.target,
            focus=parse_focus(cfg.focus.x, cfg.focus.y, cfg.focus.disparity),
            lens=instantiate(cfg.lens),
            model=parse_model(cfg),
            renderer=instantiate(cfg.renderer),
            first=first,
            last=last,
            scale=cfg.scale,
            network_size_px=cfg.network_size_px,
            fps=cfg.fps,
            progress=progress,
        )
    print(f"{cfg.target}: {frames} frames at f/{cfg.lens.f_number:g}")


def parse_model(cfg: DictConfig) -> RGBDHDREstimator | str:
    """What estimates: the network of `checkpoint`, or the backends of `model`, filled up by that network.

    Raises:
        InputError: a checkpoint or the weights of a backend cannot be had.
    """
    chosen = [half for half in (cfg.model.depth, cfg.model.hdr) if half is not None]
    if not chosen:
        return str(cfg.checkpoint)
    network = load_model(cfg.checkpoint) if len(chosen) == 1 else None
    return instantiate(cfg.model)(network)


def parse_focus(x: float | None, y: float | None, disparity: float | None) -> Focus:
    """The focus of the settings `focus.x`, `focus.y` and `focus.disparity`.

    Raises:
        InputError: only one coordinate is given, or both a point and a disparity.
    """
    if (x is None) != (y is None):
        raise InputError("A focus point needs both focus.x and focus.y.")
    for name, value in (("x", x), ("y", y), ("disparity", disparity)):
        if value is not None and not isinstance(value, int | float):
            raise InputError(f"focus.{name} must be a number, and is {value!r}.")
    if x is not None and y is not None:
        if disparity is not None:
            raise InputError("Give either a focus point (focus.x, focus.y) or focus.disparity, not both.")
        return (float(x), float(y))
    return None if disparity is None else float(disparity)
