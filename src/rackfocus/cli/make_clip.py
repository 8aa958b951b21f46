"""`rackfocus make-clip`: make the refocusable clip of a video."""

from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.ranges import parse_range
from rackfocus.cli.progress import Progress, progress_bar
from rackfocus.cli.refocus import parse_model, parse_part
from rackfocus.cli.runs.provenance import git_revision
from rackfocus.device import choose_device
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.pipelines.clip.make_clip import make_clip

COMPONENTS = ("model", "stabilizer")
"""The parts of the configuration that are recorded in a clip."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("make_clip", run, arguments, positional=("source", "target"))


def run(cfg: DictConfig) -> None:
    """Make the clip `cfg.target` of the video `cfg.source`."""
    with progress_bar("estimating", "frames") as progress:
        frames = make_clip_as_set(cfg, parse_model(cfg), progress)
    told = "" if cfg.part is None else f" of the part {cfg.part}"
    print(f"{cfg.target}: {frames} frames{told}")


def make_clip_as_set(cfg: DictConfig, model: RGBDHDREstimator | str, progress: Progress | None = None) -> int:
    """Make a clip by the settings of `conf/make_clip.yaml`; returns the number of frames in it."""
    first, last = parse_range("frames", cfg.frames)
    plain = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(plain, dict)
    return make_clip(
        cfg.source,
        cfg.target,
        model=model,
        stabilizer=instantiate(cfg.stabilizer),
        network_size_px=cfg.network_size_px,
        first=first,
        last=last,
        fps=cfg.fps,
        damaged=cfg.damaged,
        interlaced=cfg.interlaced,
        hwaccel=cfg.hwaccel,
        device=choose_device(cfg.device),
        part=parse_part(cfg),
        settings={name: plain[name] for name in COMPONENTS},
        revision=git_revision(),
        progress=progress,
    )
