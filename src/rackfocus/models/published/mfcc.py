"""Mel-frequency cepstral coefficients as the library `python_speech_features` computes them.

Frames of 25 ms every 10 ms without a window function, 26 triangular filters from 0 Hz to half the rate, a
cosine transform, a lifter of 22, and the log energy of the frame in place of the first coefficient. Samples
are scaled to the range of 16-bit integers.
"""

import math
from functools import cache

import numpy as np
from jaxtyping import Float, Float32

RATE = 16_000
"""Samples a second."""
FRAME = RATE // 40
HOP = RATE // 100
FFT = 512
FILTERS = 26
COEFFICIENTS = 13
LIFTER = 22
PRE_EMPHASIS = 0.97
FULL_SCALE = 2**15
LEAST = float(np.finfo(np.float64).eps)
"""The value in place of zero energy, so that logarithms are finite."""


def mfcc(samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, "hop coefficient"]:
    """Coefficients every 10 ms, one row for each hop that begins within the samples (-1..1, `RATE` Hz)."""
    hops = math.ceil(len(samples) / HOP)
    scaled = np.zeros(max(hops - 1, 0) * HOP + FRAME)
    scaled[: len(samples)] = samples.astype(np.float64) * FULL_SCALE
    sharpened = scaled.copy()
    sharpened[1 : len(samples)] -= PRE_EMPHASIS * scaled[: max(len(samples) - 1, 0)]
    frames = np.lib.stride_tricks.sliding_window_view(sharpened, FRAME)[::HOP][:hops]
    power = np.square(np.abs(np.fft.rfft(frames, FFT))) / FFT
    bands = np.log(np.maximum(power @ _filters().T, LEAST))
    cepstrum = bands @ _cosines().T
    order = np.arange(COEFFICIENTS)
    cepstrum *= 1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER)
    cepstrum[:, 0] = np.log(np.maximum(power.sum(axis=1), LEAST))
    return cepstrum.astype(np.float32)


@cache
def _filters() -> Float[np.ndarray, "band bin"]:
    """Triangles with corners evenly spaced on the mel scale `2595 log10(1 + f / 700)`, floored to bins."""
    mel = np.linspace(0, 2595 * math.log10(1 + RATE / 2 / 700), FILTERS + 2)
    corners = np.floor((FFT + 1) * 700 * (10 ** (mel / 2595) - 1) / RATE)
    bins = np.arange(FFT // 2 + 1)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (bins - low) / np.maximum(middle - low, 1)
    falling = (high - bins) / np.maximum(high - middle, 1)
    return np.where(bins < middle, rising, falling).clip(0) * ((bins >= low) & (bins < high))


@cache
def _cosines() -> Float[np.ndarray, "coefficient band"]:
    """The orthonormal cosine transform (DCT-II)."""
    order = np.arange(COEFFICIENTS)[:, None]
    waves = np.cos(np.pi * order * (2 * np.arange(FILTERS) + 1) / (2 * FILTERS))
    return waves * np.where(order == 0, math.sqrt(1 / FILTERS), math.sqrt(2 / FILTERS))
