"""The appearance of a subject: small templates, and the colours that distinguish it from its surroundings."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.focus.trackers.subject_colours import SubjectColours, cut_out
from rackfocus.focus.trackers.tracker import Box

Image = UInt8[np.ndarray, "height width 3"]
Picture = Float32[np.ndarray, "rows columns 3"]

PICTURE_PX = 48
"""The longer side of a template, small so that details do not matter."""

RESEMBLES = 0.25
"""Minimum correlation with the initial picture to learn from: a box that slides off its subject by and by
is always like the last picture, and would soon be the subject."""


class SubjectAppearance:
    """The likeness of a box to a subject, by shape and by colour.

    By shape: normalised correlation with the subject's initial picture, or with its picture when it was last
    found with certainty. By colour: the share of the box with colours of the subject (`SubjectColours`), as
    that does not depend on its posture.

    Args:
        image: the initial frame.
        box: of the subject in it.
    """

    def __init__(self, image: Image, box: Box) -> None:
        width, height = box[2] - box[0], box[3] - box[1]
        reduction = PICTURE_PX / max(width, height)
        self._size = max(round(width * reduction), 8), max(round(height * reduction), 8)
        first = self._picture(image, box)
        self.pictures = [first, first]
        self._colours = SubjectColours(image, box)
        self._first_colour = max(self._colour(image, box), 1e-3)

    def likeness(self, image: Image, box: Box) -> float:
        """The likeness, 0 to 1; 1 is the subject's initial picture."""
        picture = self._picture(image, box)
        shape = max(_correlation(picture, known) for known in self.pictures)
        colour = min(self._colour(image, box) / self._first_colour, 1.0)
        return min(max(shape, 0.0), 1.0) * colour**2

    def learn(self, image: Image, box: Box) -> None:
        """Update the appearance by a tenth of the current one, if that resembles the initial one."""
        picture = self._picture(image, box)
        if _correlation(picture, self.pictures[0]) >= RESEMBLES:
            self.pictures[1] = 0.9 * self.pictures[1] + 0.1 * picture

    def _picture(self, image: Image, box: Box) -> Picture:
        return cv2.resize(cut_out(image, box), self._size, interpolation=cv2.INTER_AREA).astype(np.float32)

    def _colour(self, image: Image, box: Box) -> float:
        """The mean probability of the subject by the colours of a box; its middle has more weight."""
        cells = cv2.resize(cut_out(image, box), (32, 32), interpolation=cv2.INTER_NEAREST)
        bump = 1 - np.linspace(-1, 1, 32) ** 2
        return float(np.average(self._colours.likely(cells), weights=np.outer(bump, bump)))


def _correlation(one: Picture, other: Picture) -> float:
    """Normalised correlation of pictures of one size, -1 to 1."""
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0])
