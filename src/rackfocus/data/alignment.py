"""Pixel alignment of two photographs that differ in blur: ECC on the parts that are in focus in both.

Evangelidis & Psarakis (2008) maximise the correlation coefficient, which is invariant to gain and offset but
not to blur: an edge that is sharp in one picture and blurred in the other shifts the optimum. So ECC is
restricted to pixels where both pictures have the same detail, equally strong. The result is checked by
another method, phase correlation of tiles, each of which shows whether it is in focus.

Pictures here are grey, float32, encoded in 0..1 (which makes noise about equal everywhere), of one exposure
and one size. A warp is a 2x3 matrix in pixels, centres at integers, that maps a position in the deep-DOF
picture to the same point's position in the shot (the shallow-DOF photograph).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

Grey = Float[np.ndarray, "height width"]
Mask = Bool[np.ndarray, "height width"]
Warp = Float[np.ndarray, "2 3"]

DARK, BRIGHT = 0.14, 0.96
"""Pixels outside this encoded range are not used: JPEG blocks, which never move, and clipping."""

_FINE_PX, _COARSE_PX = 0.8, 3.0
_NOISE_FLOOR = 0.003
"""Root mean square of detail below which there is only noise and JPEG artefacts: 0.8 of 255."""

_LEAST_CORRELATION = 0.7
_LEAST_STRENGTH_RATIO = 0.6
_WINDOW_SHARE = 1 / 60
_FEWEST_PIXELS = 400

_VOTING_SIZE_PX = 800
_TILE_PX = 96
_MOST_CANDIDATES = 16
_LEAST_USABLE = 0.25
_LEAST_RESPONSE = 0.05
_ONE_DIRECTION = 0.08
"""Ratio of the eigenvalues of the structure tensor below which all edges count as parallel."""


class AlignmentError(ValueError):
    """The pictures cannot be aligned; the message is a clause that follows "because"."""


@dataclass(frozen=True)
class TileShifts:
    """Displacements of tiles that are in focus in both pictures, from the deep picture to the shot.

    Attributes:
        vectors_px: `(x, y)` of each tile; for parallel edges only the displacement across them is known.
    """

    vectors_px: Float[np.ndarray, "tiles 2"]

    @property
    def count(self) -> int:
        """Number of tiles that are in focus and could be measured."""
        return len(self.vectors_px)

    @property
    def lengths_px(self) -> Float[np.ndarray, "tiles"]:
        """Length of each displacement."""
        return np.hypot(self.vectors_px[:, 0], self.vectors_px[:, 1])

    @property
    def median_px(self) -> float:
        """Median length; infinite if nothing could be measured."""
        return float(np.median(self.lengths_px)) if self.count else float("inf")

    def share_beyond(self, limit_px: float) -> float:
        """The share of tiles displaced by more: moving objects, or other depths if the camera moved."""
        return float(np.mean(self.lengths_px > limit_px)) if self.count else 1.0


def find_warp(deep: Grey, shot: Grey) -> Warp:
    """The warp of the shot: a translation, or an affine warp where that is clearly better.

    Focus breathing scales the picture and camera shake rotates it. But on a small region in focus an affine
    warp is inaccurate far away from it, so a translation that is as good is preferred.

    Raises:
        AlignmentError: too little is in focus in both, or ECC did not converge.
    """
    start = voted_shift(deep, shot)
    shifted = ecc(deep, shot, motion=cv2.MOTION_TRANSLATION, start=start, halvings=2)
    across = _only_direction(deep, in_focus_mask(deep, warp_picture(shot, shifted, deep.shape)))
    if across is not None:
        # For parallel edges ECC's shift along them is arbitrary, so it is removed.
        slid = shifted[:, 2] - start[:, 2]
        return np.concatenate([np.eye(2), (start[:, 2] + across * (across @ slid))[:, None]], axis=1)
    try:
        affine = ecc(deep, shot, motion=cv2.MOTION_AFFINE, start=shifted, halvings=1)
    except AlignmentError:
        return shifted
    residuals = [
        tile_shifts(deep, warp_picture(shot, warp, deep.shape)).median_px for warp in (shifted, affine)
    ]
    return affine if residuals[1] < 0.8 * residuals[0] - 0.02 else shifted


def ecc(deep: Grey, shot: Grey, *, motion: int, start: Warp, halvings: int) -> Warp:
    """The warp of highest correlation, coarse to fine, from `start` on; the mask of what is in focus is
    updated at each level.

    `motion` is `cv2.MOTION_TRANSLATION` or `cv2.MOTION_AFFINE`; `halvings` is how often the size is halved
    for the coarsest level.

    Raises:
        AlignmentError: too little is in focus in both, or ECC did not converge.
    """
    warp = start
    for level in range(halvings, -1, -1):
        scale = 0.5**level
        small_deep, small_shot = (_halved(picture, level) for picture in (deep, shot))
        guess = _rescaled(warp, scale)
        mask = in_focus_mask(small_deep, warp_picture(small_shot, guess, small_deep.shape))
        if mask.sum() < _FEWEST_PIXELS:
            raise AlignmentError("too little of it is in focus in both pictures")
        # cv2 masks its second picture, and returns the map from the first picture's pixels to the second's.
        back: np.ndarray = cv2.invertAffineTransform(guess).astype(np.float32)
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
        try:
            _, found = cv2.findTransformECC(
                detail(small_shot), detail(small_deep), back, motion, stop, mask.astype(np.uint8), 1
            )
        except cv2.error as error:
            raise AlignmentError("ECC did not converge") from error
        warp = _rescaled(cv2.invertAffineTransform(np.asarray(found, np.float64)), 1 / scale)
    return warp


def detail(picture: Grey) -> Grey:
    """A band-pass filter for structures of some pixels: without noise, illumination and vignetting."""
    return cv2.GaussianBlur(picture, (0, 0), _FINE_PX) - cv2.GaussianBlur(picture, (0, 0), _COARSE_PX)


def in_focus_mask(deep: Grey, shot: Grey) -> Mask:
    """Where both pictures, already aligned, have the same detail, about equally strong.

    The sameness is tested because noise is equally strong in both, but not the same.
    """
    window = max(9, round(max(deep.shape) * _WINDOW_SHARE) | 1)
    fine = [detail(deep), detail(shot)]
    energy = [np.maximum(cv2.blur(picture * picture, (window, window)), 0.0) for picture in fine]
    product = cv2.blur(fine[0] * fine[1], (window, window))
    same = product > _LEAST_CORRELATION * np.sqrt(energy[0] * energy[1])
    ratio = np.sqrt(energy[1] / np.maximum(energy[0], 1e-12))
    sharp = (ratio > _LEAST_STRENGTH_RATIO) & (ratio < 1 / _LEAST_STRENGTH_RATIO)
    return same & sharp & (np.sqrt(energy[0]) > _NOISE_FLOOR) & usable(deep) & usable(shot)


def usable(picture: Grey) -> Mask:
    """Where a picture is neither dark nor clipped, nor next to such pixels."""
    smooth = cv2.GaussianBlur(picture, (0, 0), _COARSE_PX)
    return (smooth > DARK) & (smooth < BRIGHT)


def tile_shifts(deep: Grey, shot: Grey) -> TileShifts:
    """Phase correlation of half-overlapping tiles; only tiles in focus in both at that shift are returned."""
    window = cv2.createHanningWindow((_TILE_PX, _TILE_PX), cv2.CV_32F)
    fine, seen = [detail(deep), detail(shot)], usable(deep) & usable(shot)
    vectors = []
    for rows, columns in _tiles(deep.shape):
        if seen[rows, columns].mean() < _LEAST_USABLE:
            continue
        tiles = [np.ascontiguousarray(picture[rows, columns]) for picture in fine]
        vector = _tile_shift(tiles[0], tiles[1], window)
        if vector is not None:
            vectors.append(vector)
    return TileShifts(np.array(vectors).reshape(-1, 2))


def voted_shift(deep: Grey, shot: Grey) -> Warp:
    """The translation, among those of single tiles, on which most tiles agree: the initial warp for ECC.

    ECC on whole coarse pictures would be dominated by what is most blurred, which differs most.

    Raises:
        AlignmentError: no tile is in focus in both.
    """
    halvings = max(0, round(np.log2(max(deep.shape) / _VOTING_SIZE_PX)))
    small_deep, small_shot = _halved(deep, halvings), _halved(shot, halvings)
    tiles = tile_shifts(small_deep, small_shot)
    if not tiles.count:
        raise AlignmentError("nothing in it is in focus in both pictures")
    rounded, votes = np.unique(np.round(tiles.vectors_px), axis=0, return_counts=True)
    likely = np.argsort(-votes, kind="stable")[:_MOST_CANDIDATES]
    warps = [np.concatenate([np.eye(2), shift[:, None]], axis=1) for shift in rounded[likely]]
    agreement = [
        int(in_focus_mask(small_deep, warp_picture(small_shot, warp, small_deep.shape)).sum())
        for warp in warps
    ]
    return _rescaled(warps[int(np.argmax(agreement))], 2.0**halvings)


def warp_picture(shot: np.ndarray, warp: Warp, size: tuple[int, ...]) -> np.ndarray:
    """The shot (float32, any channels last) resampled to the deep picture's pixels, bicubic; 0 outside the
    shot.
    """
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(shot, np.asarray(warp, np.float64), (size[1], size[0]), flags=flags)


def _tile_shift(deep: Grey, shot: Grey, window: Grey) -> np.ndarray | None:
    """The shift of one tile of detail. `None`: it is out of focus in a picture, or has no detail."""
    if np.sqrt(np.mean(deep * deep)) < _NOISE_FLOOR:
        return None
    (x, y), response = cv2.phaseCorrelate(deep, shot, window)
    if response < _LEAST_RESPONSE or max(abs(x), abs(y)) > _TILE_PX / 3:
        return None
    moved = warp_picture(shot, np.array([[1, 0, x], [0, 1, y]]), shot.shape)
    energy = [float((window * picture * picture).sum()) for picture in (deep, moved)]
    if not _LEAST_STRENGTH_RATIO**2 < energy[1] / energy[0] < _LEAST_STRENGTH_RATIO**-2:
        return None
    if float((window * deep * moved).sum()) < _LEAST_CORRELATION * np.sqrt(energy[0] * energy[1]):
        return None
    shift = np.array([x, y])
    across = _only_direction(deep, window)
    return shift if across is None else across * (across @ shift)


def _only_direction(picture: Grey, weights: np.ndarray) -> Float[np.ndarray, "2"] | None:
    """The unit vector across the edges if all are parallel, by the structure tensor; else `None`."""
    across, down = cv2.Scharr(picture, cv2.CV_32F, 1, 0), cv2.Scharr(picture, cv2.CV_32F, 0, 1)
    xx, yy, xy = (float((weights * product).sum()) for product in (across**2, down**2, across * down))
    strengths, directions = np.linalg.eigh(np.array([[xx, xy], [xy, yy]]))
    return directions[:, 1] if strengths[0] < _ONE_DIRECTION * strengths[1] else None


def _tiles(size: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    for top in range(0, size[0] - _TILE_PX + 1, _TILE_PX // 2):
        for left in range(0, size[1] - _TILE_PX + 1, _TILE_PX // 2):
            yield slice(top, top + _TILE_PX), slice(left, left + _TILE_PX)


def _halved(picture: Grey, times: int) -> Grey:
    if times == 0:
        return picture
    size = (round(picture.shape[1] * 0.5**times), round(picture.shape[0] * 0.5**times))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _rescaled(warp: Warp, scale: float) -> Warp:
    """The same warp between pictures resized by `scale`."""
    # With centres at integers, position x of the large picture is at scale * (x + 0.5) - 0.5 of the small
    # one.
    offset = np.full(2, (scale - 1.0) / 2.0)
    shift = scale * warp[:, 2] + offset - warp[:, :2] @ offset
    return np.concatenate([warp[:, :2], shift[:, None]], axis=1)
