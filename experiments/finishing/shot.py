"""The frames that `rackfocus clip export` wrote, and the focus of each; the scripts beside this one use it.

It needs nothing but Python's standard library, because Blender runs it with a Python of its own.
"""

import argparse
import json
import math
import shutil
import subprocess
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REFERENCE_F_NUMBER = 2.0
"""The aperture at which the exported disparity is the blur radius."""


class ShotError(ValueError):
    """The input is wrong; the message is one sentence."""


@dataclass(frozen=True)
class Shot:
    """Exported frames and their focus.

    Attributes:
        folder: of the frames; absolute.
        files: the name of a frame's file, with `%06d` for its index in the whole video.
        first: index of the first frame.
        focal_px: for each frame the disparity in focus, in pixels at the reference aperture.
        f_numbers: for each frame the f-number to render with.
    """

    folder: Path
    files: str
    first: int
    focal_px: tuple[float, ...]
    f_numbers: tuple[float, ...]

    @property
    def last(self) -> int:
        """Index of the last frame."""
        return self.first + len(self.focal_px) - 1

    @property
    def stem(self) -> str:
        """The name of the clip, with which the names of the frames begin."""
        return self.files.removesuffix(".%06d.exr")

    @property
    def aperture_ratios(self) -> tuple[float, ...]:
        """For each frame the diameter of the aperture over that of the reference aperture."""
        return tuple(REFERENCE_F_NUMBER / f_number for f_number in self.f_numbers)


def shot_of(frames: Path, focus: str, f_number: float | None = None) -> Shot:
    """The shot in a folder of exported frames.

    Args:
        frames: the folder, or a refocusable clip (`.rvr`), which is exported first.
        focus: a disparity in pixels, or the path of a file of keyframes.
        f_number: overrides that of the keyframes; `None`: theirs, or f/2 where they have none.

    Raises:
        ShotError: the folder, a frame or the keyframes are missing or damaged, or a number is out of range.
    """
    if frames.suffix == ".rvr":
        frames = _exported(frames)
    files, first, count = _read(frames / "export.json", "rackfocus.export", _listed)
    if not files.endswith(".%06d.exr"):
        raise ShotError(f"{frames} holds no OpenEXR frames; export the clip with format=exr.")
    constant = _number(focus)
    keys = () if constant is not None else _read(Path(focus), "rackfocus.keyframes", _keyframes)
    indices = range(first, first + count)
    focal = _along(keys, "disparity", indices) if constant is None else (constant,) * count
    stops = _along(keys, "f_number", indices, math.log) if f_number is None else None
    if focal is None:
        raise ShotError(f"{focus} gives no disparity; add one to its keyframes.")
    if stops is not None:
        f_numbers = tuple(math.exp(stop) for stop in stops)
    else:
        f_numbers = (REFERENCE_F_NUMBER if f_number is None else f_number,) * count
    if not all(math.isfinite(each) for each in focal):
        raise ShotError(f"The focal disparity must be a finite number of pixels, and is {focus}.")
    if not all(math.isfinite(each) and each > 0 for each in f_numbers):
        raise ShotError(f"The f-number must be a positive number such as 2.8, and is {f_numbers[0]:g}.")
    for index in indices:
        if not (frames / (files % index)).is_file():
            raise ShotError(
                f"{frames} lacks frame {index}; export the clip again, which goes on where it stopped."
            )
    return Shot(frames.resolve(), files, first, focal, f_numbers)


def arguments_of(program: str, purpose: str, given: Sequence[str]) -> tuple[Shot, Path]:
    """The shot and the target that a command line names; ends the program with code 2 if it is wrong."""
    parser = argparse.ArgumentParser(program, description=purpose)
    parser.add_argument("frames", type=Path, help="the folder of rackfocus clip export, or the clip (.rvr)")
    parser.add_argument("target", type=Path, help="what is written")
    parser.add_argument("--focus", default="0", help="a disparity in pixels, or a file of keyframes (.json)")
    parser.add_argument("--f-number", type=float, help="such as 2.8; else that of the keyframes, else 2")
    told = parser.parse_args(given)
    try:
        return shot_of(told.frames, told.focus, told.f_number), told.target
    except ShotError as error:
        parser.exit(2, f"{program}: {error}\n")


def _exported(clip: Path) -> Path:
    """Export a clip to a folder beside it: reading its arrays (Zarr with Blosc) takes packages."""
    program, frames = shutil.which("rackfocus"), clip.with_suffix(".frames")
    if program is None:
        raise ShotError(f"{clip} has to be exported, and there is no rackfocus here; export it elsewhere.")
    print(f"{clip} is exported to {frames} first", flush=True)
    if subprocess.run([program, "clip", "export", str(clip), str(frames)], check=False).returncode:
        raise ShotError(f"{clip} could not be exported; rackfocus says above why.")
    return frames


def _read(path: Path, kind: str, parse: Callable[[dict[str, Any]], Any]) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = content["format"]
        if found == kind:
            return parse(content)
    except (OSError, LookupError, TypeError, ValueError) as error:
        reason = error if isinstance(error, ShotError) else type(error).__name__
        raise ShotError(f"{path} cannot be used ({reason}); {REMEDIES[kind]}.") from error
    raise ShotError(f"{path} is {found}, and not {kind}; {REMEDIES[kind]}.")


REMEDIES = {
    "rackfocus.export": "export the clip with rackfocus clip export",
    "rackfocus.keyframes": "make it with focus_track.py, or take the track that rackfocus annotate exports",
}


def _listed(content: dict[str, Any]) -> tuple[str, int, int]:
    return str(content["files"]), int(content["first"]), int(content["frames"])


def _keyframes(content: dict[str, Any]) -> tuple[dict[str, float], ...]:
    keys = tuple(content["keyframes"])
    if not all("frame" in key for key in keys):
        raise ShotError("its times are in seconds, and frames are needed")
    return tuple({name: float(value) for name, value in key.items() if value is not None} for key in keys)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _along(
    keys: Sequence[dict[str, float]], name: str, frames: range, scale: Callable[[float], float] = float
) -> tuple[float, ...] | None:
    """A value of the keyframes in each frame: linear between them, constant outside; `None`: they lack it."""
    told = [(key["frame"], scale(key[name])) for key in keys if name in key]
    if not told:
        return None
    moments = [moment for moment, _ in told]
    values = []
    for frame in frames:
        after = bisect_right(moments, frame)
        (start, before), (end, behind) = told[max(after - 1, 0)], told[min(after, len(told) - 1)]
        share = min(max((frame - start) / (end - start), 0.0), 1.0) if end > start else 0.0
        values.append(before + share * (behind - before))
    return tuple(values)
