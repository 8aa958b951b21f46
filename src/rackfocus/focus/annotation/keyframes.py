"""Manual focus pulls: keyframes in a JSON file.

    {"format": "rackfocus.keyframes", "version": 1,
     "keyframes": [{"frame": 0, "disparity": -3.5, "f_number": 2.0},
                   {"frame": 48, "disparity": 6.0},
                   {"frame": 72, "f_number": 8.0}]}

`time_s`, seconds from the first frame, may be used in place of every `frame`. `disparity` is in pixels of the
source video. `disparity` is interpolated linearly between the keyframes that have it, `f_number` linearly in
stops; before the first and after the last keyframe they are constant.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import FocusKeyframe, FocusKeyframes, InputError

FORMAT = "rackfocus.keyframes"
VERSION = 1


def load_keyframes(path: str | Path) -> FocusKeyframes:
    """Read keyframes.

    Raises:
        InputError: the file is missing, has no keyframes, is of another version, or a field is missing,
            unknown or invalid; the message names the file and the field.
    """
    path = Path(path)
    with reading(path, "cannot be read as JSON ({reason}); correct it."):
        try:
            content = read_json(path)
        except FileNotFoundError as error:
            raise InputError(f"{path} does not exist; give the path of a file of keyframes.") from error
    try:
        return _keyframes(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def keyframes_json(track: FocusKeyframes) -> str:
    """The content of the file of keyframes, as `load_keyframes` reads it."""
    clock, kind = ("time_s", float) if track.in_seconds else ("frame", int)
    listed = []
    for each in track.keyframes:
        values = {clock: kind(each.at), "disparity": each.disparity, "f_number": each.f_number}
        listed.append({name: value for name, value in values.items() if value is not None})
    return json.dumps({"format": FORMAT, "version": VERSION, "keyframes": listed}, indent=1) + "\n"


def disparity_at(track: FocusKeyframes, index: int, time_s: float) -> float | None:
    """The disparity in focus in a frame. `None`: the keyframes have no disparity."""
    return _joined(track, [each.disparity for each in track.keyframes], index, time_s)


def f_number_at(track: FocusKeyframes, index: int, time_s: float) -> float | None:
    """The f-number of a frame. `None`: the keyframes have no f-number."""
    stops = [None if each.f_number is None else math.log(each.f_number) for each in track.keyframes]
    joined = _joined(track, stops, index, time_s)
    return None if joined is None else math.exp(joined)


def _joined(track: FocusKeyframes, values: list[float | None], index: int, time_s: float) -> float | None:
    given = [
        (each.at, value) for each, value in zip(track.keyframes, values, strict=True) if value is not None
    ]
    if not given:
        return None
    moments, levels = zip(*given, strict=True)
    return float(np.interp(time_s if track.in_seconds else index, moments, levels))


def _keyframes(content: Any) -> FocusKeyframes:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f'format must be "{FORMAT}"; these are no keyframes.')
    if content.get("version") != VERSION:
        raise InputError(f"version must be {VERSION}, and is {content.get('version')}.")
    listed = content.get("keyframes")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise InputError("keyframes must be a list of objects.")
    clocks = {clock for each in listed for clock in ("frame", "time_s") if clock in each}
    if len(clocks) > 1:
        raise InputError("keyframes must all have a frame, or all a time_s.")
    clock = clocks.pop() if clocks else "frame"
    made = []
    for number, each in enumerate(listed):
        where = f"keyframes[{number}]"
        if clock not in each:
            raise InputError(f"{where}.{clock} is missing.")
        for name, value in each.items():
            if name not in (clock, "disparity", "f_number"):
                raise InputError(f"{where}.{name} is not known; remove it, or check its spelling.")
            whole = name == "frame"
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                kind = "a whole number" if whole else "a number"
                raise InputError(f"{where}.{name} must be {kind}, and is {value!r}.")
        try:
            made.append(FocusKeyframe(each[clock], each.get("disparity"), each.get("f_number")))
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    return FocusKeyframes(tuple(made), in_seconds=clock == "time_s")
