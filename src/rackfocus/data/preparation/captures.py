"""Preparation of captured photographs: shots are aligned with their deep-DOF picture and checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float

from rackfocus.data import alignment
from rackfocus.data.alignment import AlignmentError, TileShifts
from rackfocus.data.apertures.aperture import ApertureScene, split_scenes
from rackfocus.data.apertures.focal_stack import estimate_focal_disparity, focal_pairs, focal_triplet
from rackfocus.data.apertures.manifest import Item, Photograph, Rejection, pairs_and_triplets
from rackfocus.data.preparation.exposure_gain import Gain, measure_gain, rough_gain
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

Grey = Float[np.ndarray, "height width"]
Linear = Float[np.ndarray, "height width 3"]

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Limits:
    """The limits that a shot must satisfy.

    Attributes:
        shift_px: largest displacement of what is in focus after alignment, median over tiles, in pixels.
        stray_px: a tile with a larger displacement has moved, or shows that the camera moved sideways.
        stray_share: the largest share of such tiles.
        in_focus_share: the smallest share of the picture that is in focus in both.
        tiles: the smallest number of tiles that confirm the alignment.
        gain: the largest factor in exposure, brighter or darker.
        gain_spread: the largest ratio of the quartiles of the gain.
    """

    shift_px: float = 0.5
    stray_px: float = 2.0
    stray_share: float = 0.25
    in_focus_share: float = 0.003
    tiles: int = 3
    gain: float = 4.0
    gain_spread: float = 1.8


@dataclass(frozen=True)
class ShotAssessment:
    """The measurements of one shot.

    Attributes:
        shot: with its gain and warp; without them if it is rejected before they are known.
        deep: its deep-DOF picture.
        before: displacements of tiles in focus as photographed.
        after: the same after alignment.
        in_focus_share: the share of the picture that is in focus in both.
        gain: with its spread. `None`: it could not be measured.
        reason: why it is rejected, a clause that follows "because". `None`: it is accepted.
    """

    shot: Photograph
    deep: Photograph
    before: TileShifts
    after: TileShifts
    in_focus_share: float
    gain: Gain | None
    reason: str | None


@dataclass(frozen=True)
class Views:
    """The pictures for checking a shot by eye: linear light, in the deep picture's pixels and exposure.

    `before` is the shot as photographed, `after` aligned, `mask` what is in focus in both.
    """

    deep: Linear
    before: Linear
    after: Linear
    mask: Bool[np.ndarray, "height width"]


def judge(deep: Photograph, shot: Photograph, limits: Limits) -> tuple[ShotAssessment, Views]:
    """Align a shot with its deep picture, measure its gain, and decide whether it can be used in training.

    Raises:
        InputError: a photograph is missing or damaged, or their sizes differ.
    """
    sharp, shallow = read_linear(deep.file), read_linear(shot.file)
    if sharp.shape != shallow.shape:
        raise InputError(
            f"{shot.file} is {shallow.shape[1]}x{shallow.shape[0]} pixels where {deep.file} is "
            f"{sharp.shape[1]}x{sharp.shape[0]}; photograph a scene in one size and orientation."
        )
    if min(sharp.shape[:2]) < 128:
        raise InputError(f"{deep.file} is too small to be aligned; give photographs of 128 pixels or more.")
    rough = rough_gain(_grey(sharp), _grey(shallow), (_encoded(_grey(sharp)), _encoded(_grey(shallow))))
    pair = equalised(sharp, shallow, rough)
    before = alignment.tile_shifts(*pair)
    try:
        warp = alignment.find_warp(*pair)
    except AlignmentError as error:
        judged = ShotAssessment(shot, deep, before, before, 0.0, None, str(error))
        nothing = np.zeros(sharp.shape[:2], bool)
        return judged, Views(sharp, shallow / rough, shallow / rough, nothing)
    moved = alignment.warp_picture(pair[1], warp, sharp.shape)
    after, mask = alignment.tile_shifts(pair[0], moved), alignment.in_focus_mask(pair[0], moved)
    aligned = alignment.warp_picture(shallow, warp, sharp.shape)
    bright = _encoded(_grey(sharp)), _encoded(_grey(aligned))
    gain = measure_gain(_grey(sharp), _grey(aligned), mask, bright)
    share = float(mask.mean())
    (a, b, c), (d, e, f) = warp.tolist()
    found = replace(shot, warp=((a, b, c), (d, e, f)), gain=rough if gain is None else gain.value)
    judged = ShotAssessment(found, deep, before, after, share, gain, _reason(after, share, gain, limits))
    return judged, Views(sharp, shallow / found.gain, aligned / found.gain, mask)


def equalised(deep: Linear, shot: Linear, gain: float) -> tuple[Grey, Grey]:
    """Both pictures for alignment: grey, encoded, exposed as the brighter one, clipped where either is."""
    white = min(1.0, 1.0 / gain)
    return _encoded(np.minimum(_grey(deep), white) / white), _encoded(
        np.minimum(_grey(shot) / gain, white) / white
    )


def read_linear(path: Path) -> Linear:
    """A photograph in linear light, channels last.

    Raises:
        InputError: it is missing or damaged.
    """
    return np.ascontiguousarray(srgb_to_linear(read_picture(path)).permute(1, 2, 0).numpy())


def _reason(after: TileShifts, share: float, gain: Gain | None, limits: Limits) -> str | None:
    """Why the shot is rejected. `None`: it is accepted."""
    if share < limits.in_focus_share:
        return f"only {share:.2%} of it is in focus in both pictures"
    if after.count < limits.tiles:
        return f"only {after.count} tiles are in focus in both pictures, too few to check the alignment by"
    if after.median_px > limits.shift_px:
        return f"what is in focus is still {after.median_px:.2f} px off after alignment"
    if (stray := after.share_beyond(limits.stray_px)) > limits.stray_share:
        return f"{stray:.0%} of what is in focus is over {limits.stray_px:g} px off: it or the camera moved"
    if gain is None:
        return "its exposure cannot be compared, for what is in focus is dark or clipped"
    if not 1 / limits.gain <= gain.value <= limits.gain:
        return f"its exposure is {gain.value:.2f} times that of the deep picture"
    if gain.spread > limits.gain_spread:
        return f"no one factor explains its exposure: the quartiles differ {gain.spread:.2f} times"
    return None


def _grey(linear: Linear) -> Grey:
    return np.ascontiguousarray(linear @ _LUMINANCE)


def _encoded(linear: Grey) -> Grey:
    return linear_to_srgb(torch.from_numpy(linear).clamp(0, 1)).numpy()


def aperture_items(scenes: Sequence[ApertureScene], accepted: dict[str, list[Photograph]]) -> list[Item]:
    """Pairs and triplets of the accepted shots; the last tenth of several scenes is for validation."""
    kept = [scene for scene in scenes if accepted[scene.name]]
    held_out = {scene.name for scene in split_scenes(kept, "validation", "")} if len(kept) > 1 else set()
    items: list[Item] = []
    for scene in kept:
        split = "validation" if scene.name in held_out else "train"
        items += pairs_and_triplets(scene.name, scene.deep, accepted[scene.name], split=split)
    return items


def focal_items(
    deep: Photograph, slices: Sequence[Photograph], *, near_to_far: bool
) -> tuple[list[Item], list[Rejection]]:
    """Focal triplets of a stack, with estimated focal disparities; and those whose estimation fails."""
    sharp = read_linear(deep.file)
    items: list[Item] = []
    unclear: list[Rejection] = []
    for i, j in focal_pairs(len(slices)):
        first, second = slices[i], slices[j]
        seen = [_grey(_seen(shot, sharp)) for shot in (first, second)]
        size = estimate_focal_disparity(_grey(sharp), *seen)
        if size is None:
            unclear.append(
                Rejection(second.file, f"its focal disparity beside {first.file.name} is not clear")
            )
        else:
            items.append(focal_triplet(deep, first, second, size if near_to_far else -size))
    return items, unclear


def _seen(shot: Photograph, deep: Linear) -> Linear:
    """The shot aligned and brought to the deep picture's exposure."""
    linear = read_linear(shot.file) / np.float32(shot.gain)
    return linear if shot.warp is None else alignment.warp_picture(linear, np.array(shot.warp), deep.shape)
