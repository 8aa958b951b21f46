"""Voice activity: silero-vad (Silero Team 2021), or loudness if that is not installed."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float, Float32

from rackfocus.focus.detectors.speech.samples import RATE
from rackfocus.reading.weights import onnx_session

HOP = 512
"""Samples for each probability, 32 ms: the input size of the network."""

CONTEXT = 64
"""Number of preceding samples in the network's input."""

RELEASE = 0.35
"""Probability of a voice below which there is a pause."""

Span = tuple[float, float]
"""Start and end in seconds."""


class VoiceActivity(Protocol):
    """Detects a voice in each block of sound."""

    def __call__(self, samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, " hop"]:
        """The probability of a voice, 0 to 1, in each block of `HOP` samples of 16 kHz sound."""
        ...


class Silero:
    """The network of the package silero-vad, run by onnxruntime on one thread.

    Args:
        path: of its ONNX file for a sequence of blocks.
    """

    def __init__(self, path: Path) -> None:
        self._session: Any = onnx_session(
            path, path.read_bytes(), threads=1, providers=["CPUExecutionProvider"]
        )

    def __call__(self, samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, " hop"]:
        """See `VoiceActivity`."""
        pieces = _pieces(samples)
        if not len(pieces):
            return np.zeros(0, np.float32)
        before = np.concatenate([np.zeros((1, CONTEXT), np.float32), pieces[:-1, -CONTEXT:]])
        state = np.zeros((1, 1, 128), np.float32)
        inputs = {"input": np.concatenate([before, pieces], axis=1), "h": state, "c": state}
        return self._session.run(["speech_probs"], inputs)[0].reshape(-1).astype(np.float32)


class Loudness:
    """Treats everything louder than the background as a voice.

    Args:
        above_db: minimum level of a voice above the quietest tenth of the blocks.
        least_db: minimum level of a voice, relative to full scale.
        softness_db: width of the transition of the probability.
    """

    def __init__(self, *, above_db: float = 15.0, least_db: float = -45.0, softness_db: float = 2.0) -> None:
        self.above_db = above_db
        self.least_db = least_db
        self.softness_db = softness_db

    def __call__(self, samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, " hop"]:
        """See `VoiceActivity`."""
        pieces = _pieces(samples)
        if not len(pieces):
            return np.zeros(0, np.float32)
        level = 10 * np.log10(np.square(pieces).mean(axis=1) + 1e-10)
        asked = max(self.least_db, float(np.quantile(level, 0.1)) + self.above_db)
        return 1 / (1 + np.exp(-np.clip((level - asked) / self.softness_db, -50, 50)))


@cache
def voice_activity() -> VoiceActivity:
    """silero-vad if it and onnxruntime are installed, else `Loudness`."""
    # The package is not imported, because that would set torch's number of threads.
    package = importlib.util.find_spec("silero_vad")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / "data" / "silero_vad_16k_sequence.onnx"
        if path.is_file() and importlib.util.find_spec("onnxruntime") is not None:
            return Silero(path)
    return Loudness()


def speech_spans(
    probability: Float32[np.ndarray, " hop"],
    *,
    threshold: float = 0.5,
    release: float = RELEASE,
    bridged_s: float = 0.4,
    least_s: float = 0.1,
) -> list[Span]:
    """The time spans with speech, in seconds from the first sample.

    Args:
        probability: of a voice, by `VoiceActivity`.
        threshold: probability at which speech begins.
        release: probability below which it ends.
        bridged_s: pauses up to this length belong to the speech.
        least_s: shorter spans are dropped.
    """
    spans: list[list[float]] = []
    speaking = False
    for at, value in enumerate(probability):
        begin, end = at * HOP / RATE, (at + 1) * HOP / RATE
        speaking = value >= (release if speaking else threshold)
        if speaking and spans and begin - spans[-1][1] <= bridged_s:
            spans[-1][1] = end
        elif speaking:
            spans.append([begin, end])
    return [(begin, end) for begin, end in spans if end - begin >= least_s]


def voice_at(
    probability: Float32[np.ndarray, " hop"], seconds: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    """The probability of a voice at some times, in seconds from the first sample."""
    centres = (np.arange(len(probability)) + 0.5) * HOP / RATE
    return np.interp(seconds, centres, probability)


def _pieces(samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, "hop sample"]:
    count = -(-len(samples) // HOP)
    return np.pad(samples, (0, count * HOP - len(samples))).reshape(count, HOP)
