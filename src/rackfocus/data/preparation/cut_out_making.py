"""Cuts subjects out of photographs, with soft edges that contain no colour of the original background.

Only subjects with a confident mask are cut out; otherwise `cut_out` returns the reason.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

Picture = UInt8[np.ndarray, "height width 3"]
Mask = Bool[np.ndarray, "height width"]
Certainty = Float32[np.ndarray, "height width"]
CutOutPixels = UInt8[np.ndarray, "rows columns 4"]


@dataclass(frozen=True)
class CutOutRules:
    """Rules that select subjects, and how they are cut out.

    Attributes:
        area: the range of the subject's share of the picture.
        unsure: the largest number of pixels whose mask is neither sure nor sure not, relative to the
            subject's.
        apart: the largest share of the mask that is outside its largest component.
        touching: the largest length of the upper, left and right edge of the picture together that the
            subject touches, relative to the picture's width; it may touch the lower edge.
        shorter_side_px: the smallest shorter side of its bounding box.
        solid: the smallest share of its convex hull that it fills: less means twigs, or holes in the mask.
        erode_px: distance of the cut inside the mask.
        soft_px: standard deviation of its soft edge.
    """

    area: tuple[float, float] = (0.04, 0.65)
    unsure: float = 0.2
    apart: float = 0.03
    touching: float = 0.03
    shorter_side_px: int = 80
    solid: float = 0.5
    erode_px: int = 1
    soft_px: float = 0.7


def cut_out(picture: Picture, certainty: Certainty, rules: CutOutRules) -> CutOutPixels | str:
    """The subject of a picture, or the reason why it is not cut out.

    A cut-out is encoded sRGB and alpha, cropped to its box; colours are not multiplied by alpha.

    Args:
        picture: encoded sRGB.
        certainty: the probability that a pixel shows the subject, 0 to 1, refined at the picture's edges.
        rules: see `CutOutRules`.
    """
    inside = certainty > 0.5
    if not rules.area[0] <= inside.mean() <= rules.area[1]:
        return f"it fills {inside.mean():.0%} of the picture"
    unsure = ((certainty > 0.15) & (certainty < 0.85)).sum() / inside.sum()
    if unsure > rules.unsure:
        return f"the mask is unsure of {unsure:.0%}"
    piece = _largest_piece(inside)
    if 1 - piece.sum() / inside.sum() > rules.apart:
        return "the mask has several pieces"
    touching = (piece[0].sum() + piece[:, 0].sum() + piece[:, -1].sum()) / piece.shape[1]
    if touching > rules.touching:
        return "it is cut off by the edge of the picture"
    top, bottom, left, right = _box(piece)
    if min(bottom - top, right - left) < rules.shorter_side_px:
        return "it is small"
    if piece.sum() / _hull_area(piece) < rules.solid:
        return "it is not solid"
    alpha = _soft(piece, rules)
    pixels = np.dstack([_without_background(picture, piece, rules), np.round(255 * alpha).astype(np.uint8)])
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _largest_piece(inside: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=4)
    if count < 2:
        return inside
    largest: Mask = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return largest


def _box(mask: Mask) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _hull_area(mask: Mask) -> float:
    points = np.argwhere(mask)[:, ::-1].astype(np.int32)
    return max(1.0, float(cv2.contourArea(cv2.convexHull(points))))


def _soft(piece: Mask, rules: CutOutRules) -> Certainty:
    """The mask, eroded a little, with a soft edge; not eroded where the edge of the picture crops it."""
    padded = cv2.copyMakeBorder(piece.astype(np.float32), 8, 8, 8, 8, cv2.BORDER_REPLICATE)
    side = 2 * rules.erode_px + 1
    eroded = cv2.erode(padded, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    soft = cv2.GaussianBlur(eroded, (0, 0), rules.soft_px) if rules.soft_px > 0 else eroded
    return soft[8:-8, 8:-8]


def _without_background(picture: Picture, piece: Mask, rules: CutOutRules) -> Picture:
    """Replace colours near the edge and outside by colours from further inside; edge pixels are mixed."""
    depth = 2 + rules.erode_px
    side = 2 * depth + 1
    core = cv2.erode(
        piece.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), borderValue=1
    )
    if not core.any():
        core = piece.astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(
        1 - core, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(nearest.max()) + 1, 3), np.uint8)
    inside = core > 0
    colours[nearest[inside]] = picture[inside]
    return colours[nearest]
