"""When somebody speaks: silero-vad (Silero Team 2021), or how loud it is where that is not installed."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.speech.samples import RATE

HOP = 512
"""Samples to one probability, 32 ms: what the network takes at once."""

CONTEXT = 64
"""Samples before them that it sees, too."""

Span = tuple[float, float]
"""From when to when, in seconds."""


class VoiceActivity(Protocol):
    """Judges whether there is a voice in each piece of sound."""

    def __call__(self, samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, " hop"]:
        """How probable a voice is, 0 to 1, in every `HOP` samples of 16 kHz sound."""
        ...


class Silero:
    """The network that comes with the package silero-vad, run by onnxruntime on one thread.

    Args:
        path: of its ONNX file for a sequence of pieces.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
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
    """What is louder than the background is taken for a voice.

    Args:
        above_db: how much louder than the quietest tenth of the pieces a voice is at least.
        least_db: the least level of a voice, against the loudest sample there can be.
        softness_db: over how much the probability rises.
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
    """silero-vad where it and onnxruntime are installed, else `Loudness`."""
    # The package is not imported: that would set the number of threads of torch.
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
    release: float = 0.35,
    bridged_s: float = 0.4,
    least_s: float = 0.1,
) -> list[Span]:
    """When somebody speaks, in seconds from the first sample.

    Args:
        probability: of a voice, by `VoiceActivity`.
        threshold: at which speech begins.
        release: below which it ends.
        bridged_s: a pause that is no longer is a part of the sentence.
        least_s: what is shorter is no speech.
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


def _pieces(samples: Float32[np.ndarray, " sample"]) -> Float32[np.ndarray, "hop sample"]:
    count = -(-len(samples) // HOP)
    return np.pad(samples, (0, count * HOP - len(samples))).reshape(count, HOP)
