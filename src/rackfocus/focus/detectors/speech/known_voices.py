"""Voices that are known from earlier windows of a video.

A window of a few seconds often holds one sentence of each speaker. Who said what before tells whose voice is
heard now: the faces of a window are found again among those of the window before, with which it overlaps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from rackfocus.focus.detectors.speech.voices import HeardVoices

SAME_FACE = 0.5
"""Boxes of one face at one time have their centres within this share of their side."""


@dataclass(frozen=True, eq=False)
class SeenFace:
    """Where a face is seen.

    Attributes:
        times_s: of the frames.
        boxes: left, top, right and bottom in each, in pixels.
    """

    times_s: Float[np.ndarray, " frame"]
    boxes: Float32[np.ndarray, "frame 4"]

    def is_same(self, other: "SeenFace") -> bool:
        """Whether both are one face: where both are seen, their boxes are at the same place."""
        _, own, others = np.intersect1d(self.times_s, other.times_s, return_indices=True)
        if not len(own):
            return False
        one, two = self.boxes[own], other.boxes[others]
        apart = np.linalg.norm(one[:, :2] + one[:, 2:] - two[:, :2] - two[:, 2:], axis=1) / 2
        side = np.sqrt(np.prod(one[:, 2:] - one[:, :2], axis=1).clip(0))
        return bool(np.median(apart) <= SAME_FACE * np.median(side))


class KnownVoices:
    """The voices of the faces of a video, as far as its windows were judged, in the order of time.

    A face that is not seen where two windows overlap, such as one before a cut, is not known again.
    """

    def __init__(self) -> None:
        self._faces: list[SeenFace] = []
        self._before: HeardVoices | None = None
        self._times_s = np.zeros(0)
        self._sounds = np.zeros((0, 0))
        self._shares = np.zeros((0, 0))

    def before(self, start_s: float, faces: Sequence[SeenFace]) -> HeardVoices | None:
        """What was heard of some faces, and of nobody visible, before a time. `None`: nothing.

        Args:
            start_s: when the window begins in which the faces are seen.
            faces: in it.
        """
        if self._before is None:
            return None
        earlier = self._times_s < start_s
        shares = self._shares[earlier]
        sums = self._before.sums + shares.T @ self._sounds[earlier]
        moments = self._before.moments + shares.sum(axis=0)
        known = [
            next((at for at, one in enumerate(self._faces) if one.is_same(face)), None) for face in faces
        ]
        own_sums, own_moments = np.zeros((len(faces) + 1, sums.shape[1])), np.zeros(len(faces) + 1)
        for number, at in enumerate([*known, len(self._faces)]):
            if at is not None:
                own_sums[number], own_moments[number] = sums[at], moments[at]
        return HeardVoices(own_sums, own_moments)

    def remember(
        self,
        faces: Sequence[SeenFace],
        before: HeardVoices | None,
        times_s: Float[np.ndarray, " time"],
        sounds: Float[np.ndarray, "time coefficient"],
        shares: Float[np.ndarray, "time speaker"],
    ) -> None:
        """Store what was heard in a window.

        Args:
            faces: in it.
            before: of these faces, as `before` gave it for this window.
            times_s: of the moments in which a voice is heard.
            sounds: their cepstral coefficients.
            shares: the chance that each face speaks in them, and last that nobody visible does.
        """
        count = len(faces) + 1
        nothing = HeardVoices(np.zeros((count, sounds.shape[1])), np.zeros(count))
        self._faces, self._before = list(faces), before or nothing
        self._times_s, self._sounds, self._shares = times_s, sounds, shares
