"""`rackfocus clip`: describe, verify or export a refocusable clip."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from rackfocus.cli.command import run_command
from rackfocus.cli.progress import progress_bar
from rackfocus.pipelines.clip.check import damaged_frames
from rackfocus.pipelines.clip.exr import export_exr
from rackfocus.pipelines.clip.png import export_png
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.types import InputError

EXPORTS = {"exr": export_exr, "png": export_png}
NAMED = 20
"""The most damaged frames that an error message lists."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("clip", run, arguments, positional=("what", "clip", "target"))


def run(cfg: DictConfig) -> None:
    """Verify, describe or export the clip, as `cfg.what` says."""
    if cfg.what not in SUBJECTS:
        raise InputError(f"There is no `rackfocus clip {cfg.what}`; choose one of {', '.join(SUBJECTS)}.")
    SUBJECTS[cfg.what](cfg)


def verify(cfg: DictConfig) -> None:
    """Read the whole clip; raises InputError that lists the damaged frames."""
    clip = RefocusableClip.open(cfg.clip, source=cfg.source)
    with progress_bar("verifying", "frames") as progress:
        broken = damaged_frames(clip, progress=progress)
    if broken:
        named = ", ".join(map(str, list(broken)[:NAMED])) + (", ..." if len(broken) > NAMED else "")
        raise InputError(
            f"{cfg.clip} has {len(broken)} broken of {clip.frames} frames: {named}; remove it and make it "
            "again."
        )
    print(f"{cfg.clip}: {clip.frames} frames, all whole; its video is {clip.source}, unchanged")
    if not clip.info.chunk_sha256:
        print(
            "The clip was made before sums were recorded, so it could not be compared with what was written; "
            "only damage was looked for."
        )


def info(cfg: DictConfig) -> None:
    """Print the metadata of a clip."""
    clip = RefocusableClip.open(cfg.clip)
    about, held = clip.info, clip.frame_range
    seconds = float((about.pts[-1] + about.durations[-1] - about.pts[0]) * about.video.time_base)
    least, largest = about.disparity_range_px
    size = sum(file.stat().st_size for file in clip.path.rglob("*") if file.is_file())
    print(f"{cfg.clip}: frames {held.start} to {held.stop - 1} of {about.video.path}, {seconds:.2f} s")
    print(f"  size        {about.video.width} x {about.video.height}, {float(about.video.fps):.4g} frames/s")
    print(f"  disparity   {least:.4g} to {largest:.4g} px")
    print(f"  cuts        {', '.join(map(str, about.cuts)) or 'none'}")
    print(f"  on disk     {size / 1e6:.1f} MB, {size / clip.frames / 1e6:.2f} MB a frame")
    print(f"  made by     {about.software}, {about.revision}")


def export(cfg: DictConfig) -> None:
    """Export a clip to a folder of files."""
    if cfg.format not in EXPORTS:
        raise InputError(f"There is no format={cfg.format}; choose one of {', '.join(EXPORTS)}.")
    clip = RefocusableClip.open(cfg.clip, source=cfg.source)
    with progress_bar("exporting", "frames") as progress:
        frames = EXPORTS[cfg.format](clip, Path(cfg.target), progress=progress)
    print(f"{cfg.target}: {frames} frames")


SUBJECTS = {"verify": verify, "info": info, "export": export}
