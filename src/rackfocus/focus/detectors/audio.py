"""Speaking faces: faces that move in synchrony with speech. Replaces the audio localiser of Sec. 5.2.

The time comes from silero-vad. The face comes from Light-ASD, which detects whether a mouth is speaking, from
audio-motion synchrony, which is better at telling who speaks if several mouths move, and from the voice: what
is told of one sentence counts for all that the same voice says, in this window and in those before it.
"""

import math
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int

from rackfocus.device import download, upload
from rackfocus.focus.detectors.audio_motion import MOUTH_PX, sound_features, synchrony
from rackfocus.focus.detectors.face import soft_ellipses
from rackfocus.focus.detectors.face_tracks import FaceTrack, face_tracks
from rackfocus.focus.detectors.speech.faces import face_patches, mouth_patches, nearest_frames
from rackfocus.focus.detectors.speech.known_voices import SeenFace
from rackfocus.focus.detectors.speech.samples import RATE, speech_samples
from rackfocus.focus.detectors.speech.turns import turns
from rackfocus.focus.detectors.speech.voice_activity import (
    RELEASE,
    Silero,
    Span,
    speech_spans,
    voice_activity,
    voice_at,
)
from rackfocus.focus.detectors.speech.voices import HeardVoices, voice_likelihoods, with_nobody
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.models.published.light_asd import FPS, HOPS, SIZE_PX, WEIGHTS, LightASD, load_light_asd
from rackfocus.models.published.mfcc import mfcc
from rackfocus.models.published.weights import find_weights
from rackfocus.types import InputError

LEAST_FRAMES = 8
"""A face visible for fewer frames of the speech is not judged."""

ROUNDS = 6
"""How often voices are told apart by who seems to speak, and who speaks is judged again by the voices."""


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
        mouth_weight: log odds a second for each of Light-ASD's by the face alone.
        mouth_limit: limit of these.
        synchrony_weight: log odds a second for each unit of synchrony.
        usual_synchrony: mean synchrony by chance.
        voice_weight: log odds a second for each unit of the log-likelihood of a voice at a moment.
        changes_per_s: mean number of changes of the speaker in a second of speech.
        changes_in_pauses_per_s: the same in a second of a pause.
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
        asd_weight: float = 2.0,
        asd_limit: float = 3.0,
        mouth_weight: float = 3.0,
        mouth_limit: float = 2.0,
        synchrony_weight: float = 12.0,
        usual_synchrony: float = 0.1,
        voice_weight: float = 10.0,
        changes_per_s: float = 0.25,
        changes_in_pauses_per_s: float = 3.0,
        softness: float = 0.25,
    ) -> None:
        self.weights = weights
        self.bridged_s = bridged_s
        self.lead_s = lead_s
        self.margin_s = margin_s
        self.asd_weight = asd_weight
        self.asd_limit = asd_limit
        self.mouth_weight = mouth_weight
        self.mouth_limit = mouth_limit
        self.synchrony_weight = synchrony_weight
        self.usual_synchrony = usual_synchrony
        self.voice_weight = voice_weight
        self.changes_per_s = changes_per_s
        self.changes_in_pauses_per_s = changes_in_pauses_per_s
        self.softness = softness

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        found = self.chances(window)
        tracks = [track for track, _ in found]
        shares = np.array([chance for _, chance in found], np.float32)
        return soft_ellipses(window, tracks, shares.reshape(-1, len(window.frames)), softness=self.softness)

    def chances(self, window: ClipWindow) -> list[tuple[FaceTrack, Float32[np.ndarray, " frame"]]]:
        """The faces of a window, each with the probability in every frame of the window that it is speaking.

        0 where nobody is heard or the face is not in its track. The probabilities of a frame sum to 1 at
        most; the rest is the probability that the speaker is not seen. Empty if nobody is heard.
        """
        samples = speech_samples(window.sound)
        voice = voice_activity()(samples)
        spans = self._spans(voice)
        tracks = face_tracks(window) if spans else []
        speaking = np.zeros((len(tracks), len(window.frames)), np.float32)
        seconds = window.times_s - window.times_s[0]
        heard = np.any([(seconds >= begin) & (seconds < end) for begin, end in spans], axis=0)
        seen = [SeenFace(window.times_s[list(track.frames)], track.boxes) for track in tracks]
        earlier = window.voices.before(float(window.times_s[0]), seen)
        voices = []
        for shot in window.shots if tracks else ():
            frames = np.flatnonzero(heard[shot]) + shot.start
            if len(frames):
                speaking[:, frames], *own = self._speech(
                    window, samples, voice, tracks, shot, frames, earlier
                )
                voices.append(own)
        if voices:
            window.voices.remember(seen, earlier, *map(np.concatenate, zip(*voices, strict=True)))
        for one, track in zip(speaking, tracks, strict=True):
            one[: track.frames.start] = one[track.frames.stop :] = 0
        return list(zip(tracks, speaking, strict=True))

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
        if not self._spans(voice_activity()(samples)):
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

    def _spans(self, voice: Float32[np.ndarray, " hop"]) -> list[Span]:
        found = speech_spans(voice, bridged_s=self.bridged_s)
        return [(max(0.0, begin - self.lead_s), end) for begin, end in found]

    def _speech(
        self,
        window: ClipWindow,
        samples: Float32[np.ndarray, " sample"],
        voice: Float32[np.ndarray, " hop"],
        tracks: list[FaceTrack],
        shot: slice,
        speaking: Int[np.ndarray, " frame"],
        earlier: HeardVoices | None,
    ) -> tuple[
        Float[np.ndarray, "track frame"],
        Float[np.ndarray, " time"],
        Float[np.ndarray, "time coefficient"],
        Float[np.ndarray, "time speaker"],
    ]:
        """The probability that each face speaks, in the frames `speaking` of a shot.

        Also times, sounds and speakers of the moments with a voice, for `KnownVoices.remember`.
        """
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
                    odds, by_face = _log_odds(self._network.to(window.device), faces, coefficients[inside])
                    evidence[inside, number] += self.asd_weight * _limited(odds, self.asd_limit)
                    evidence[inside, number] += self.mouth_weight * _limited(by_face, self.mouth_limit)
        # While nobody is heard, nothing is told by lips, and somebody else may begin.
        voiced = voice_at(voice, moments) >= RELEASE
        evidence[np.isfinite(evidence) & ~voiced[:, None]] = 0
        # Without the first coefficient, the energy: how loud speech is says little about whose it is.
        sounds = coefficients[:, :, 1:].mean(axis=1).astype(np.float64)
        chances = self._turns(evidence, sounds, voiced, earlier)
        at = np.clip(np.round(seconds[speaking] * FPS).astype(int) - begin, 0, count - 1)
        times = moments[voiced] + window.times_s[0]
        return chances[at].T, times, sounds[voiced], with_nobody(chances[voiced])

    def _turns(
        self,
        evidence: Float[np.ndarray, "time track"],
        sounds: Float[np.ndarray, "time coefficient"],
        voiced: Bool[np.ndarray, " time"],
        earlier: HeardVoices | None,
    ) -> Float[np.ndarray, "time track"]:
        """The probability that each face speaks, by what lips and voices tell."""
        changes_per_s = np.where(voiced, self.changes_per_s, self.changes_in_pauses_per_s)
        chances = turns(evidence, step_s=1 / FPS, changes_per_s=changes_per_s)
        # Voices count more from round to round (deterministic annealing, Ueda and Nakano 1998), so that a
        # wrong first guess by the lips is not kept for good.
        for weight in self.voice_weight * np.arange(1, ROUNDS + 1) / ROUNDS:
            known = evidence + weight * voice_likelihoods(sounds, chances, voiced, earlier)
            chances = turns(known, step_s=1 / FPS, changes_per_s=changes_per_s)
        return chances


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
) -> list[Float[np.ndarray, " time"]]:
    """By face and sound, and by the face alone."""
    with torch.inference_mode():
        device = next(network.parameters()).device
        seen = upload(torch.from_numpy(faces), device).float()[None] / 255
        heard = upload(torch.from_numpy(coefficients.reshape(-1, coefficients.shape[-1])), device)[None]
        return [download(odds[0]).double().numpy() for odds in network.odds(seen, heard)]


def _limited(odds: Float[np.ndarray, " time"], limit: float) -> Float[np.ndarray, " time"]:
    return np.clip(odds, -limit, limit)
