"""The colours of a subject that its surroundings do not have (Bertinetto et al. 2016, "Staple")."""

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from rackfocus.focus.trackers.tracker import Box

Image = UInt8[np.ndarray, "height width 3"]

SHIFT = 5
"""Colours are quantised to their upper three bits."""
COLOURS = (256 >> SHIFT) ** 3
BODY = 0.15
"""Margin on each side of the box that is taken as background."""


class SubjectColours:
    """How probable it is that a pixel is a subject's, by its colour.

    Args:
        image: a frame, encoded RGB in 0..255.
        box: of the subject in it.
    """

    def __init__(self, image: Image, box: Box) -> None:
        inside = _shares(cut_out(image, _grown(box, -BODY)))
        around = cut_out(image, _grown(box, 0.5))
        rows, columns = around.shape[0] // 4, around.shape[1] // 4
        strips = (around[:rows], around[-rows:], around[:, :columns], around[:, -columns:])
        outside = _shares(np.concatenate([strip.reshape(-1, 1, 3) for strip in strips]))
        self._own = inside / (inside + outside + 1e-4)

    def likely(self, image: Image) -> Float32[np.ndarray, "height width"]:
        """The probability of each pixel, 0 to 1."""
        return self._own[_bins(image)]


def cut_out(image: Image, box: Box) -> Image:
    """The pixels of a box, at least one; outside the frame, those of its border."""
    left, top, right, bottom = (round(edge) for edge in box)
    rows, columns = np.arange(top, max(bottom, top + 1)), np.arange(left, max(right, left + 1))
    return image[rows.clip(0, image.shape[0] - 1)[:, None], columns.clip(0, image.shape[1] - 1)]


def _grown(box: Box, share: float) -> Box:
    across, down = share * (box[2] - box[0]), share * (box[3] - box[1])
    return box[0] - across, box[1] - down, box[2] + across, box[3] + down


def _bins(image: Image) -> Int64[np.ndarray, "height width"]:
    red, green, blue = np.moveaxis((image >> SHIFT).astype(np.int64), -1, 0)
    return (red << (8 - SHIFT) * 2) + (green << (8 - SHIFT)) + blue


def _shares(image: Image) -> Float32[np.ndarray, " colour"]:
    """The share of each colour in an image."""
    return (np.bincount(_bins(image).ravel(), minlength=COLOURS) / max(image[..., 0].size, 1)).astype(
        np.float32
    )
