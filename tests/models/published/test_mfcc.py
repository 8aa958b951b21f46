import math
from itertools import pairwise

import numpy as np
import pytest

from rackfocus.models.published.mfcc import COEFFICIENTS, FRAME, HOP, RATE, mfcc


def by_hand(frame):
    """Coefficients of one frame that nothing precedes, with loops."""
    samples = [sample * 2**15 for sample in frame]
    samples = [samples[0], *(b - 0.97 * a for a, b in pairwise(samples))]
    power = []
    for k in range(257):
        turn = -2j * math.pi * k / 512
        total = sum(sample * complex(math.cos(turn.imag * n), math.sin(turn.imag * n))
                    for n, sample in enumerate(samples))  # fmt: skip
        power.append(abs(total) ** 2 / 512)
    top = 2595 * math.log10(1 + 8000 / 700)
    corner = [math.floor(513 * 700 * (10 ** (top * i / 27 / 2595) - 1) / RATE) for i in range(28)]
    bands = []
    for low, middle, high in zip(corner, corner[1:], corner[2:], strict=False):
        up = sum(power[k] * (k - low) / (middle - low) for k in range(low, middle))
        down = sum(power[k] * (high - k) / (high - middle) for k in range(middle, high))
        bands.append(math.log(up + down))
    found = [math.log(sum(power))]
    for n in range(1, 13):
        total = sum(band * math.cos(math.pi * n * (2 * m + 1) / 52) for m, band in enumerate(bands))
        found.append(math.sqrt(2 / 26) * total * (1 + 11 * math.sin(math.pi * n / 22)))
    return found


def test_one_frame_is_what_the_definition_says():
    frame = np.random.default_rng(1).normal(0, 0.1, FRAME).astype(np.float32)
    np.testing.assert_allclose(mfcc(frame)[0], by_hand(frame.tolist()), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("samples", "rows"), [(0, 0), (1, 1), (HOP, 1), (HOP + 1, 2), (RATE, 100)])
def test_there_is_a_row_every_10_ms(samples, rows):
    assert mfcc(np.zeros(samples, np.float32)).shape == (rows, COEFFICIENTS)


def test_silence_is_finite():
    assert np.isfinite(mfcc(np.zeros(RATE, np.float32))).all()


def test_twice_as_loud_changes_the_energy_alone():
    samples = np.random.default_rng(2).normal(0, 0.1, RATE // 2).astype(np.float32)
    quiet, loud = mfcc(samples), mfcc(2 * samples)
    np.testing.assert_allclose(loud[:, 0] - quiet[:, 0], math.log(4), atol=1e-4)
    np.testing.assert_allclose(loud[:, 1:], quiet[:, 1:], atol=1e-3)


def test_later_by_a_hop_is_later_by_a_row():
    samples = np.random.default_rng(3).normal(0, 0.1, RATE // 2).astype(np.float32)
    later = mfcc(np.concatenate([np.zeros(HOP, np.float32), samples]))
    # The first row of all differs: pre-emphasis sees no sample before it.
    np.testing.assert_allclose(later[2:], mfcc(samples)[1:], atol=1e-3)
