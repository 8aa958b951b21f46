"""Speaking faces: faces that move in synchrony with speech. Replaces the audio localiser of Sec. 5.2.

The time comes from silero-vad. The face comes from Light-ASD, which detects whether a mouth is speaking, and
from audio-motion synchrony, which is better at telling who speaks if several mouths move.
"""

import math
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32

from rackfocus.device import download, upload
from rackfocus.focus.detectors.audio_motion import MOUTH_PX, sound_features, synchrony
from rackfocus.focus.detectors.face_tracks import FaceTrack, face_tracks
from rackfocus.focus.detectors.speech.faces import face_patches, mouth_patches, nearest_frames
from rackfocus.focus.detectors.speech.samples import RATE, speech_samples
from rackfocus.focus.detectors.speech.turns import turns
from rackfocus.focus.detectors.speech.voice_activity import Silero, Span, speech_spans, voice_activity
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.models.published.light_asd import FPS, HOPS, SIZE_PX, WEIGHTS, LightASD, load_light_asd
from rackfocus.models.published.mfcc import mfcc
from rackfocus.models.published.weights import find_weights
from rackfocus.types import InputError

LEAST_FRAMES = 8
"""A face visible for fewer frames of the speech is not judged."""


class Speakers:
    """The face of the current speaker as a soft ellipse; zero while nobody speaks.

    Args:
        weights: of Light-ASD; if they are missing, only synchrony is used.
        bridged_s: pauses up to this length belong to the sentence.
        lead_s: speech begins this much earlier than the voice is detected, because lips and breath do.
        margin_s: time before and after speech that is analysed, too.
        asd_weight: log odds a second for each of Light-ASD's.
        asd_limit: limit of Light-ASD's log odds: they distinguish a speaking mouth from a still one, but not
            between two that move.
        synchrony_weight: log odds a second for each unit of synchrony.
        usual_synchrony: mean synchrony by chance.
        changes_per_s: mean number of changes of the speaker in a second of speech.
        softness: width of the soft edge of the ellipse, as the standard deviation of a Gaussian in half
            sides.
    """

    def __init__(
        self,
        *,
        weights: str | Path = WEIGHTS,
        bridged_s: float = 0.4,
        lead_s: float = 0.1,
        margin_s: float = 0.4,
        asd_weight: float = 1.0,
        asd_limit: float = 3.0,
        synchrony_weight: float = 12.0,
        usual_synchrony: float = 0.1,
        changes_per_s: float = 0.25,
        softness: float = 0.25,
    ) -> None:
        self.weights = weights
        self.bridged_s = bridged_s
        self.lead_s = lead_s
        self.margin_s = margin_s
        self.asd_weight = asd_weight
        self.asd_limit = asd_limit
        self.synchrony_weight = synchrony_weight
        self.usual_synchrony = usual_synchrony
        self.changes_per_s = changes_per_s
        self.softness = softness

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        samples = speech_samples(window.sound)
        spans = self._spans(samples)
        tracks = face_tracks(window) if spans else []
        if not tracks:
            return maps
        seconds = window.times_s - window.times_s[0]
        for shot in window.shots:
            for begin, end in spans:
                speaking = np.flatnonzero((seconds[shot] >= begin) & (seconds[shot] < end)) + shot.start
                if len(speaking):
                    self._speech(maps, window, samples, tracks, shot, speaking)
        return maps

    def missing(self, window: ClipWindow) -> str | None:
        """See `rackfocus.focus.detectors.window.Detector`."""
        if window.sound is None:
            return "The video has no sound, so nobody is known to speak."
        samples = speech_samples(window.sound)
        if not len(samples):
            return "The sound is silent, so nobody is known to speak."
        lacks = []
        if not isinstance(voice_activity(), Silero):
            lacks.append(
                "silero-vad is not installed (pip install 'rackfocus[audio]'), so whatever is loud counts as "
                "speech"
            )
        if self._network is None:
            lacks.append(
                f"the weights {self.weights} of Light-ASD are missing, so who speaks is judged by the motion "
                "of mouths alone"
            )
        if not self._spans(samples):
            lacks.append("no voice was heard")
        sentence = "; ".join(lacks)
        return f"{sentence[0].upper()}{sentence[1:]}." if sentence else None

    @cached_property
    def _network(self) -> LightASD | None:
        try:
            find_weights(self.weights)
        except InputError:
            return None
        return load_light_asd(self.weights)

    def _spans(self, samples: Float32[np.ndarray, " sample"]) -> list[Span]:
        found = speech_spans(voice_activity()(samples), bridged_s=self.bridged_s) if len(samples) else []
        return [(max(0.0, begin - self.lead_s), end) for begin, end in found]

    def _speech(
        self,
        maps: Float32[np.ndarray, "frame rows columns"],
        window: ClipWindow,
        samples: Float32[np.ndarray, " sample"],
        tracks: list[FaceTrack],
        shot: slice,
        speaking: np.ndarray,
    ) -> None:
        """Draw the speaker of each moment of speech in some frames of a shot."""
        seconds = window.times_s - window.times_s[0]
        first_s = max(float(seconds[shot.start]), float(seconds[speaking[0]]) - self.margin_s)
        last_s = min(float(seconds[shot.stop - 1]), float(seconds[speaking[-1]]) + self.margin_s)
        begin, count = math.floor(first_s * FPS), math.ceil((last_s - first_s) * FPS) + 1
        moments = (begin + np.arange(count)) / FPS
        heard = sound_features(samples, RATE, begin / FPS, count)
        coefficients = _coefficients(samples, begin, count)
        evidence = np.full((count, len(tracks)), -np.inf)
        for number, track in enumerate(tracks):
            shown = seconds[track.first : track.first + len(track.boxes)]
            inside = np.flatnonzero((moments > shown[0] - 1 / FPS) & (moments < shown[-1] + 1 / FPS))
            # A track is always within one shot.
            if len(inside) >= LEAST_FRAMES and shot.start <= track.first < shot.stop:
                at = nearest_frames(window, track, moments[inside] + window.times_s[0])
                mouths = mouth_patches(window, track, at, MOUTH_PX)
                together = synchrony(mouths, heard[inside]) - self.usual_synchrony
                evidence[inside, number] = self.synchrony_weight * together
                if self._network is not None:
                    faces = face_patches(window, track, at, SIZE_PX)
                    odds = _log_odds(self._network.to(window.device), faces, coefficients[inside])
                    limited = np.clip(odds, -self.asd_limit, self.asd_limit)
                    evidence[inside, number] += self.asd_weight * limited
        chances = turns(evidence, step_s=1 / FPS, changes_per_s=self.changes_per_s)
        for frame in speaking:
            moment = min(max(round(float(seconds[frame]) * FPS) - begin, 0), count - 1)
            for track, chance in zip(tracks, chances[moment], strict=True):
                if frame in track.frames and chance > 0.01:
                    ellipse = self._ellipse(window, track.boxes[frame - track.first])
                    np.maximum(maps[frame], np.float32(chance) * ellipse, out=maps[frame])

    def _ellipse(
        self, window: ClipWindow, box: Float32[np.ndarray, " 4"]
    ) -> Float32[np.ndarray, "rows columns"]:
        rows, columns = window.map_size
        height, width = window.frames.shape[1:3]
        cell = np.array([width / columns, height / rows])
        x = ((np.arange(columns) + 0.5) * cell[0] - 0.5)[None, :]
        y = ((np.arange(rows) + 0.5) * cell[1] - 0.5)[:, None]
        centre = (box[:2] + box[2:]) / 2
        # The smallest face covers at least a cell.
        half = np.maximum((box[2:] - box[:2]) / 2, 0.75 * cell)
        beyond = np.maximum(0, np.hypot((x - centre[0]) / half[0], (y - centre[1]) / half[1]) - 1)
        return np.exp(-0.5 * np.square(beyond / self.softness)).astype(np.float32)


def _coefficients(
    samples: Float32[np.ndarray, " sample"], begin: int, count: int
) -> Float32[np.ndarray, "time hop coefficient"]:
    """The sound features of successive face pictures, from the `begin`-th on."""
    step = RATE // FPS
    heard = samples[begin * step : (begin + count) * step]
    found = mfcc(np.pad(heard, (0, count * step - len(heard))))
    return found.reshape(count, HOPS, -1)


def _log_odds(
    network: LightASD,
    faces: np.ndarray,
    coefficients: Float32[np.ndarray, "time hop coefficient"],
) -> Float[np.ndarray, " time"]:
    with torch.inference_mode():
        device = next(network.parameters()).device
        seen = upload(torch.from_numpy(faces), device).float()[None] / 255
        heard = upload(torch.from_numpy(coefficients.reshape(-1, coefficients.shape[-1])), device)[None]
        return download(network(seen, heard)[0]).double().numpy()
