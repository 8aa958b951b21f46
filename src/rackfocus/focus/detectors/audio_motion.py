"""Audio-motion synchrony: how strongly the sound is correlated with the motion of a mouth.

Canonical correlation (Slaney and Covell 2000, after Hershey and Movellan 1999) between the principal
components of a mouth's pictures, with their derivatives, and the levels of frequency bands, with their
derivatives, over a sliding window, at several lags. Nothing is learned.
"""

import numpy as np
from jaxtyping import Float, Float32, UInt8

FPS = 25
"""Sampling rate of mouth pictures and levels, a second."""

MOUTH_PX = 20
"""Side of the pictures of a mouth."""

BANDS_HZ = ((100, 300), (300, 700), (700, 1200), (1200, 2200), (2200, 3500), (3500, 6000), (100, 6000))
"""Frequency bands: voicing, formants, fricatives, and all together."""

WINDOW_S = 0.08
"""Length of the window of each level."""

MOVED = (0.2, 0.3, 0.4)
"""Circular shifts of the sound, as shares of the window, both ways, to estimate chance correlation."""

FLOOR = 1e-5
"""Minimum level relative to the loudest moment; what is quieter is noise."""


def sound_features(
    samples: Float32[np.ndarray, " sample"], rate: int, begin_s: float, count: int
) -> Float[np.ndarray, "time feature"]:
    """The logarithmic level of each band, `FPS` a second, and its derivative.

    Args:
        samples: of one channel.
        rate: samples a second.
        begin_s: centre of the window of the first level.
        count: number of levels.
    """
    width = 2 * round(WINDOW_S * rate / 2)
    window = np.hanning(width)
    frequency = np.fft.rfftfreq(width, 1 / rate)
    chosen = np.stack([(frequency >= low) & (frequency < high) for low, high in BANDS_HZ])
    padded = np.pad(samples, width)
    firsts = np.round((begin_s + np.arange(count) / FPS) * rate).astype(int) + width // 2
    firsts = np.clip(firsts, 0, len(padded) - width)
    power = np.square(np.abs(np.fft.rfft(padded[firsts[:, None] + np.arange(width)] * window)))
    levels = power @ chosen.T.astype(float)
    logarithms = np.log(levels + FLOOR * max(float(levels.max(initial=0)), 1e-12))
    return np.concatenate([logarithms, _slope(logarithms)], axis=1)


def synchrony(
    mouths: UInt8[np.ndarray, "time height width"],
    heard: Float[np.ndarray, "time feature"],
    *,
    window_s: float = 2.0,
    hop_s: float = 0.2,
    modes: int = 6,
    ridge: float = 1.0,
    noise: float = 0.005,
    lags_s: tuple[float, ...] = (0.0, 0.04, 0.08),
) -> Float[np.ndarray, " time"]:
    """How much better a mouth correlates with the sound than with the same sound at other times.

    Both are sums of squared canonical correlations. The difference is needed because a lively mouth
    correlates with any sound to some extent.

    Args:
        mouths: grey, `FPS` a second.
        heard: `sound_features` at the same times.
        window_s: length of the window for correlations; the whole clip if that is shorter.
        hop_s: between windows; values between them are interpolated.
        modes: number of principal components of the mouth's pictures.
        ridge: regularisation, added to variances of 1, against overfitting in short windows.
        noise: changes of the mouth of this size, relative to its mean brightness, count as noise.
        lags_s: how much the mouth may be ahead of the sound; the best lag is used.

    Returns:
        Near 0 for a mouth that is still or of another speaker; about 0.3 for the mouth that is heard.
    """
    count = len(mouths)
    length = min(count, max(8, round(window_s * FPS)))
    if count < 8:
        return np.zeros(count)
    hop = max(1, round(hop_s * FPS))
    firsts = np.unique(np.append(np.arange(0, count - length + 1, hop), count - length))
    lags = sorted({max(0, round(lag * FPS)) for lag in lags_s})
    changes = _smooth(mouths.astype(np.float32))
    changes /= np.maximum(changes.mean(axis=(1, 2), keepdims=True), 1.0)
    values = []
    for first in firsts:
        sound = heard[first : first + length]
        seen = [changes[np.maximum(np.arange(first, first + length) - lag, 0)] for lag in lags]
        found = [_agreement(mouth.reshape(length, -1), sound, modes, ridge, noise) for mouth in seen]
        own, *by_chance = np.max(found, axis=0)
        values.append(own - np.mean(by_chance))
    return np.interp(np.arange(count), firsts + (length - 1) / 2, values)


def _agreement(
    mouth: Float32[np.ndarray, "time pixel"],
    sound: Float[np.ndarray, "time feature"],
    modes: int,
    ridge: float,
    noise: float,
) -> list[float]:
    """The sum of squared canonical correlations, regularised, with the sound and with the shifted sound."""
    centred = mouth - mouth.mean(axis=0)
    # The principal components, from the smaller Gram matrix.
    size, axes = np.linalg.eigh((centred @ centred.T).astype(np.float64) / centred.shape[1])
    moves = axes[:, ::-1][:, :modes] * np.sqrt(np.maximum(size[::-1][:modes], 0))
    seen = np.concatenate([_standard(moves, noise), _standard(_slope(moves), noise)], axis=1)
    known = _standard(sound, 1e-6)
    count = len(known)
    # A circular shift does not change the covariance of the sound.
    of_sound = np.linalg.inv(known.T @ known / count + ridge * np.eye(known.shape[1]))
    of_mouth = np.linalg.inv(seen.T @ seen / count + ridge * np.eye(seen.shape[1]))
    moved = [0, *(sign * round(share * count) for share in MOVED for sign in (1, -1))]
    between = [np.roll(known, frames, axis=0).T @ seen / count for frames in moved]
    return [float(np.trace(of_sound @ each @ of_mouth @ each.T)) for each in between]


def _standard(values: Float[np.ndarray, "time feature"], noise: float) -> Float[np.ndarray, "time feature"]:
    """Zero mean and a variance of 1, or less if there is little more than noise."""
    centred = values - values.mean(axis=0)
    return centred / np.sqrt(centred.var(axis=0) + noise**2)


def _slope(values: Float[np.ndarray, "time feature"]) -> Float[np.ndarray, "time feature"]:
    return np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)


def _smooth(pictures: Float32[np.ndarray, "time height width"]) -> Float32[np.ndarray, "time height width"]:
    """A binomial filter over space: compression artefacts are finer than a mouth."""
    for axis in (1, 2):
        padded = np.concatenate([pictures.take([0], axis), pictures, pictures.take([-1], axis)], axis=axis)
        size = pictures.shape[axis]
        first, middle, last = (padded.take(range(at, at + size), axis) for at in range(3))
        pictures = (first + 2 * middle + last) / 4
    return pictures
