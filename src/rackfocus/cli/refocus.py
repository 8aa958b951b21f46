"""`rackfocus refocus`: turn a deep-focus video into a shallow-focus video."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.configs.ranges import parse_range
from rackfocus.cli.progress import Progress, progress_bar
from rackfocus.device import choose_device
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.focus.annotation.keyframes import load_keyframes
from rackfocus.focus.aperture import AUTOMATIC
from rackfocus.focus.modes import Finder, target_finder
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.pipelines.focusing.given_focus import Focus
from rackfocus.pipelines.photograph import is_photograph
from rackfocus.pipelines.preview import preview
from rackfocus.pipelines.refocus import refocus
from rackfocus.types import FocusKeyframes, InputError, Lens


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    given = ["preview=true" if argument == "--preview" else argument for argument in arguments]
    return run_command("refocus", run, given, positional=("source", "target"))


def run(cfg: DictConfig) -> None:
    """Refocus `cfg.source` into `cfg.target`, or each of the sources of a pattern."""
    model = parse_model(cfg)
    for source, target in matches(cfg.source, cfg.target):
        if cfg.preview:
            _preview(cfg, source, target, model)
        else:
            _refocus(cfg, source, target, model)


def matches(source: str, target: str) -> list[tuple[str, str]]:
    """The source and the target, or those of each file that a pattern such as `photos/*.jpg` matches.

    In the name of the target, `*` stands for the name of the source without its suffix.

    Raises:
        InputError: no file matches, or all targets have the same name.
    """
    if Path(source).exists() or not any(mark in source for mark in "*?"):
        return [(source, target)]
    found = sorted(Path(source).parent.glob(Path(source).name))
    if not found:
        raise InputError(f"No file matches {source}; change the pattern.")
    if "*" not in Path(target).name:
        raise InputError(
            f"{target} is one name for the {len(found)} files that match {source}; put * for their names."
        )
    folder, name = Path(target).parent, Path(target).name
    return [(str(each), str(folder / name.replace("*", each.stem))) for each in found]


def _preview(cfg: DictConfig, source: str, target: str, model: RGBDHDREstimator | str) -> None:
    if cfg.autofocus is not None:
        raise InputError("A preview looks for no focus; leave autofocus out, or give focus.x and focus.y.")
    if cfg.lens.get("f_number") == AUTOMATIC:
        raise InputError("A preview chooses no aperture; give lens.f_number a number such as 2.8.")
    path = Path(target)
    path = path if is_photograph(path) else path.with_suffix(".preview.png")
    frames = preview(source, path, model=model, **_settings(cfg))
    print(f"{path}: the frames {', '.join(map(str, frames))}; input, disparity, result")


def _refocus(cfg: DictConfig, source: str, target: str, model: RGBDHDREstimator | str) -> None:
    with (
        progress_bar("estimating and looking for focus", "frames, in passes") as autofocus_progress,
        progress_bar("refocusing", "frames") as progress,
    ):
        frames = refocus_as_set(cfg, source, target, model, progress, autofocus_progress)
    told = "" if cfg.part is None else f" of the part {cfg.part}"
    print(f"{target}: {frames} frames{told}")


def refocus_as_set(
    cfg: DictConfig,
    source: str,
    target: str,
    model: RGBDHDREstimator | str,
    progress: Progress | None = None,
    autofocus_progress: Progress | None = None,
) -> int:
    """Refocus a video by the settings of `conf/refocus.yaml`; returns the number of frames written."""
    return refocus(
        source,
        target,
        model=model,
        stabilizer=instantiate(cfg.stabilizer),
        codec=instantiate(cfg.codec),
        output=instantiate(cfg.output),
        scale=cfg.scale,
        damaged=cfg.damaged,
        interlaced=cfg.interlaced,
        hwaccel=cfg.hwaccel,
        device=choose_device(cfg.device),
        part=parse_part(cfg),
        autofocus=_finder(cfg),
        tracker=instantiate(cfg.tracker),
        puller=instantiate(cfg.puller),
        progress=progress,
        autofocus_progress=autofocus_progress,
        **_settings(cfg),
    )


def parse_part(cfg: DictConfig) -> tuple[int, int | None] | None:
    """The setting `part`: the first frame of a part, and the frame after its last one."""
    return None if cfg.part is None else parse_range("part", cfg.part)


def _finder(cfg: DictConfig) -> Finder | None:
    """The autofocus of the command: that of `general` where nothing says what is in focus."""
    if cfg.autofocus is None and all(value is None for value in cfg.focus.values()):
        return target_finder("general")
    finder: Finder | None = instantiate(cfg.autofocus)
    return finder


def _settings(cfg: DictConfig) -> dict[str, Any]:
    """The settings of both `refocus` and `preview`."""
    first, last = parse_range("frames", cfg.frames)
    focus, keyframes = parse_focus(**cfg.focus)
    lens, f_number = parse_lens(cfg)
    return {
        "focus": focus,
        "f_number": keyframes or f_number,
        "lens": lens,
        "renderer": instantiate(cfg.renderer),
        "first": first,
        "last": last,
        "network_size_px": cfg.network_size_px,
        "fps": cfg.fps,
        "video": cfg.video,
    }


def parse_lens(cfg: DictConfig) -> tuple[Lens, Literal["auto"] | None]:
    """The lens, and whether its f-number is `auto`; then it has its reference f-number."""
    if cfg.lens.get("f_number") != AUTOMATIC:
        return instantiate(cfg.lens), None
    return instantiate(
        cfg.lens, f_number=cfg.lens.get("reference_f_number", Lens.reference_f_number)
    ), AUTOMATIC


def parse_model(cfg: DictConfig) -> RGBDHDREstimator | str:
    """The estimator: the network of `checkpoint`, or the backends of `model`, completed by that network.

    Raises:
        InputError: a checkpoint or the weights of a backend cannot be found.
    """
    chosen = [half for half in (cfg.model.depth, cfg.model.hdr) if half is not None]
    if not chosen:
        return str(cfg.checkpoint)
    network = load_model(cfg.checkpoint) if len(chosen) == 1 else None
    return instantiate(cfg.model)(network)


def parse_focus(
    x: float | None,
    y: float | None,
    disparity: float | None,
    annotation: str | None = None,
    track: str | None = None,
) -> tuple[Focus, FocusKeyframes | None]:
    """The focus given by the settings `focus.*`, and keyframes of the f-number; `None`: there are none.

    Raises:
        InputError: only one coordinate is given, two settings give the focus, or a file cannot be read.
    """
    if (x is None) != (y is None):
        raise InputError("A focus point needs both focus.x and focus.y.")
    for name, value in (("x", x), ("y", y), ("disparity", disparity)):
        if value is not None and not isinstance(value, int | float):
            raise InputError(f"focus.{name} must be a number, and is {value!r}.")
    keyframes = None if track is None else load_keyframes(track)
    listed = () if keyframes is None else keyframes.keyframes
    ways: list[Focus] = []
    if x is not None and y is not None:
        ways.append((float(x), float(y)))
    if disparity is not None:
        ways.append(float(disparity))
    if annotation is not None:
        ways.append(load_annotation(annotation))
    if any(each.disparity is not None for each in listed):
        ways.append(keyframes)
    if len(ways) > 1:
        raise InputError(
            "Say only once what is in focus: by focus.x and focus.y, focus.disparity, focus.annotation "
            "or the disparities of focus.track, not both."
        )
    return (ways[0] if ways else None), (keyframes if any(each.f_number for each in listed) else None)
