"""Converts sound to the form that speech networks need."""

import av
import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.window import Sound

RATE = 16_000
"""Samples a second."""

SILENCE = 1e-4
"""Largest sample of what counts as silence: below the last bit of most recorders."""

LEAST_RATE = 2000
"""Minimum sample rate; lower ones contain no speech."""


def speech_samples(sound: Sound | None) -> Float32[np.ndarray, " sample"]:
    """All channels mixed, `RATE` a second; empty if there is no sound or only silence."""
    nothing = np.zeros(0, np.float32)
    if sound is None or sound.samples.size == 0 or sound.rate < LEAST_RATE:
        return nothing
    # The mean over the channels that have sound, so that an empty channel does not make voices quieter.
    channels = np.nan_to_num(sound.samples, posinf=0, neginf=0)
    heard = channels[np.abs(channels).max(axis=1) > SILENCE]
    mixed = heard.mean(axis=0, dtype=np.float32) if len(heard) else nothing
    if not mixed.size or np.abs(mixed).max() <= SILENCE:
        return nothing
    return mixed if sound.rate == RATE else _resampled(mixed, sound.rate)


def _resampled(samples: Float32[np.ndarray, " sample"], rate: int) -> Float32[np.ndarray, " resampled"]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    piece = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="flt", layout="mono")
    piece.sample_rate = rate
    parts = [part.to_ndarray()[0] for given in (piece, None) for part in resampler.resample(given)]
    count = round(len(samples) * RATE / rate)
    joined = np.concatenate(parts)[:count]
    return np.pad(joined, (0, count - len(joined)))
