"""Synthetic speech-like sound: glottal pulses filtered by the formants of vowels, with a rhythm of syllables.

It contains no words. A voice is identified by its pitch, and its times are known to the sample.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

SAMPLE_RATE = 48000

_VOWELS = np.array(
    [[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410], [300, 870, 2240]], dtype=float
)
"""The first three formants of a, e, i, o, u in hertz."""

_WIDTHS = np.array([80.0, 100.0, 140.0])


@dataclass(frozen=True)
class Voice:
    """The voice of a speaker: mean pitch, and a factor of the formants, above 1 for a shorter vocal tract."""

    pitch_hz: float
    formant_scale: float


LOW_VOICE = Voice(pitch_hz=110.0, formant_scale=1.0)
HIGH_VOICE = Voice(pitch_hz=215.0, formant_scale=1.16)


@dataclass(frozen=True)
class Utterance:
    """An utterance of one voice: sound pressure, -1 to 1, and its envelope, 0 to 1, for each sample."""

    samples: Float[np.ndarray, " sample"]
    loudness: Float[np.ndarray, " sample"]


def speak(voice: Voice, duration_s: float, rng: np.random.Generator) -> Utterance:
    """Syllables of this total duration, four to six a second.

    The glottal pulses are summed as harmonics, each with the amplitude of the formants at its frequency and
    time, which equals a filtered pulse train.
    """
    count = round(duration_s * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    syllables = max(1, round(duration_s * float(rng.uniform(4.0, 5.5))))
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.75, 1.3, syllables))])
    edges *= duration_s / edges[-1]
    which = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, syllables - 1)
    within = (time - edges[which]) / (edges[which + 1] - edges[which])
    stress = rng.uniform(0.6, 1.0, syllables)
    loudness = stress[which] * np.sin(np.pi * within) ** 0.8
    middles = (edges[1:] + edges[:-1]) / 2
    formants = _VOWELS[rng.integers(0, len(_VOWELS), syllables)] * voice.formant_scale
    tracks = np.stack([np.interp(time, middles, formants[:, k]) for k in range(3)])
    melody = 1.0 + 0.07 * np.interp(time, middles, rng.standard_normal(syllables).clip(-1.5, 1.5))
    pitch = voice.pitch_hz * melody * (1.06 - 0.12 * time / duration_s)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    voiced = np.zeros(count)
    for harmonic in range(1, int(4500 / voice.pitch_hz)):
        at = harmonic * pitch
        strength = np.ones(count)
        for track, width in zip(tracks, _WIDTHS, strict=True):
            strength *= track**2 / np.sqrt((track**2 - at**2) ** 2 + (width * at) ** 2)
        voiced += strength / harmonic * np.cos(harmonic * phase)
    hiss = np.diff(rng.standard_normal(count + 1)) * np.clip(1.0 - within / 0.18, 0.0, 1.0)
    samples = voiced / np.abs(voiced).max() * loudness + 0.04 * hiss * (loudness > 0)
    return Utterance(samples=0.7 * samples / np.abs(samples).max(), loudness=loudness)
