"""The waveform of a video's sound, reduced to a fixed number of values for drawing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from rackfocus.video.sound.samples import RATE, read_sound

BINS = 4096
PIECE_S = 10.0
"""How many seconds of sound are decoded at a time."""


@dataclass(frozen=True, eq=False)
class Waveform:
    """The smallest and the largest sample, -1..1, in equal intervals of this many seconds."""

    seconds_each: float
    low: Float32[np.ndarray, " bin"]
    high: Float32[np.ndarray, " bin"]


def read_waveform(
    path: Path, duration_s: float, *, origin_s: float, stopped: Callable[[], bool] = lambda: False
) -> Waveform | None:
    """The waveform of the first sound track for the duration of the video; `None`: there is none.

    `origin_s` is the time stamp of the video's first frame. `stopped`, called regularly, tells whether to
    stop.

    Raises:
        InputError: the file cannot be read.
    """
    each = max(round(duration_s * RATE / BINS), 1)
    piece = max(round(PIECE_S * RATE / each), 1) * each
    lows, highs = [], []
    for start in range(0, max(round(duration_s * RATE), 1), piece):
        heard = (
            None if stopped() else read_sound(path, start / RATE, (start + piece) / RATE, origin_s=origin_s)
        )
        if heard is None:
            return None
        stretches = heard[0][: len(heard[0]) // each * each].reshape(-1, each)
        lows.append(stretches.min(axis=1))
        highs.append(stretches.max(axis=1))
    bins = -(-round(duration_s * RATE) // each)
    return Waveform(each / RATE, np.concatenate(lows)[:bins], np.concatenate(highs)[:bins])
