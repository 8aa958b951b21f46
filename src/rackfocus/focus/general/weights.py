"""How much a candidate deserves focus."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from rackfocus.focus.general.candidate import Candidate, Kind


@dataclass(frozen=True)
class Weights:
    """Natural logarithms of how much candidates deserve focus.

    A candidate's weight grows with its area, since viewers look at what is near, and falls with its distance
    from the middle of the frame (Tatler 2007, "The central fixation bias in scene viewing"). The area of a
    region is compared with that of faces: that of a person's face is `FACE_SHARE` of the person.

    Attributes:
        speaks: is added for who is sure to speak.
        acts: is added for who is sure to move by itself.
        stands_out: is added for what only stands out.
        relief: the power of how far a region is before what is around it: people on posters are flat.
        lively: the power of a mouth's motion relative to its usual motion.
        face_spread: standard deviation of the Gaussian around the middle, in widths and heights of the frame.
        region_spread: the same for what is not known to be a person.
        rest: the weight of leaving the focus where the camera had it.
    """

    speaks: float = 3.0
    acts: float = 0.25
    stands_out: float = -2.5
    relief: float = 1.0
    lively: float = 2.0
    face_spread: float = 0.4
    region_spread: float = 0.3
    rest: float = -9.0

    def face(self, side: float, lively: float, box: Float[np.ndarray, "4"], size: tuple[int, int]) -> float:
        """Of a face.

        Args:
            side: of the face, in pixels.
            lively: motion of the mouth over its usual one.
            box: of the face, in pixels.
            size: width and height of the frame.
        """
        relative = 2 * math.log(max(side, 1e-6) / math.hypot(*size))
        return relative + self.lively * math.log(max(lively, 1e-6)) - _off_centre(box, size, self.face_spread)

    def region(
        self,
        kind: Kind,
        area: float,
        strength: float,
        relief: float,
        box: Float[np.ndarray, "4"],
        size: tuple[int, int],
    ) -> float:
        """Of a region.

        Args:
            kind: what was seen.
            area: in square pixels.
            strength: value of the detector, above 0.
            relief: how far it is before what is around it, as a share of the spread of the frame.
            box: of its figure, in pixels.
            size: width and height of the frame.
        """
        relative = math.log(FACE_SHARE * max(area, 1e-6)) - 2 * math.log(math.hypot(*size))
        trust = {"acts": self.acts * strength, "stands out": self.stands_out}.get(kind, 0.0)
        spread = self.face_spread if kind == "person" else self.region_spread
        # What moves by itself is no picture on a wall.
        flat = 0.0 if kind == "acts" else self.relief * math.log(min(max(relief / FULL_RELIEF, 0.1), 1.0))
        return relative + math.log(strength) + trust + flat - _off_centre(box, size, spread)

    def whole(self, candidate: Candidate) -> float:
        """Of a candidate, with what it does."""
        acts = 0.0 if candidate.kind == "acts" else self.acts * candidate.acts
        return candidate.weight + acts + self.speaks * candidate.speaks


FULL_RELIEF = 0.2
"""More relief than this is no surer sign of a subject before a background."""
FACE_SHARE = 1 / 16
"""The area of a face over that of a whole person, as seen from the front."""


def _off_centre(box: Float[np.ndarray, "4"], size: tuple[int, int], spread: float) -> float:
    """Half the squared distance of a box's centre from the middle of the frame, in standard deviations."""
    off = (box[:2] + box[2:]) / (2 * np.array(size)) - 0.5
    return float(0.5 * np.square(off / spread).sum())
