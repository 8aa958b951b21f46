"""Means with bootstrap confidence intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds of its 95 % bootstrap interval; NaN if nothing was measured."""

    mean: float
    low: float
    high: float


BLANK = Interval(math.nan, math.nan, math.nan)


def bootstrap_interval(sets: Sequence[np.ndarray], seed: int) -> Interval:
    """The mean of the sets' means, and its bounds; empty sets are left out.

    The percentile bootstrap (Efron & Tibshirani 1993): every set is resampled separately, `RESAMPLES` times.
    A single value has an interval of width 0.
    """
    sets = [values for values in sets if len(values)]
    if not sets:
        return BLANK
    generator = np.random.default_rng(seed)
    resampled = [
        values[generator.integers(len(values), size=(RESAMPLES, len(values)))].mean(1) for values in sets
    ]
    means = np.mean(resampled, axis=0)
    # An infinite PSNR must stay infinite; interpolation between two of them would give NaN.
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail], method="nearest")
    return Interval(float(np.mean([values.mean() for values in sets])), float(low), float(high))
