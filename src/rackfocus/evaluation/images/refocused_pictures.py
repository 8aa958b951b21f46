"""Real pictures for visual inspection: each method's disparity, and the picture refocused with it."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from rackfocus.data.evaluation_samples import PictureToFocus
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.images.blur_search import Blur, normalise, render_blur
from rackfocus.evaluation.images.examination import (
    Conditions,
    Examined,
    SheetRow,
    reduced_size,
    shrink_encoded,
)
from rackfocus.evaluation.reports.pictures import nearness_picture, picture
from rackfocus.optics.radiometry import srgb_to_linear

STRENGTH = 0.03
"""Blur radius of the whole range of disparity, as a share of the longer side, the same for every method."""
_SUBJECT_PX = 4
"""Half the side of the square around the point, whose median disparity is in focus."""


@torch.inference_mode()
def show_refocused(
    sample: PictureToFocus,
    methods: Sequence[Predictor],
    conditions: Conditions,
    *,
    data_set: str,  # noqa: ARG001 - nothing is recorded
) -> Examined:
    """Two rows of pictures, disparity above refocused; no record, because there is no ground truth.

    Disparity is scaled to one range as in `blur_search`, so that the amount of blur is the same for all
    methods. Light is the method's own if it predicts any.
    """
    size = reduced_size(sample.image, conditions.longer_side_px)
    srgb = shrink_encoded(sample.image, size)[None]
    scale = size[1] / sample.image.shape[-1]
    x, y = (round(scale * place) for place in sample.point)
    linear = srgb_to_linear(srgb)
    disparities = {"input": picture(linear)}
    refocused = {"the cross is in focus": _with_cross(picture(linear), x, y)}
    for method in methods:
        prediction = method(srgb)
        if prediction.disparity is None:
            continue
        normalised = normalise(prediction.disparity)
        blur = Blur(STRENGTH, _median_at(normalised, x, y))
        radiance = linear if prediction.radiance is None else prediction.radiance
        disparities[method.name] = nearness_picture(-normalised[0, 0], -1, 0)
        refocused[method.name] = picture(render_blur(radiance, normalised, blur))
    return Examined(rows=[SheetRow(sample.name, disparities), SheetRow("", refocused)])


def _median_at(normalised: Float[Tensor, "1 1 height width"], x: int, y: int) -> float:
    rows, columns = (slice(max(0, at - _SUBJECT_PX), at + _SUBJECT_PX + 1) for at in (y, x))
    return float(normalised[0, 0, rows, columns].median())


def _with_cross(
    pixels: UInt8[np.ndarray, "height width 3"], x: int, y: int
) -> UInt8[np.ndarray, "height width 3"]:
    marked = pixels.copy()
    for colour, thickness in (((0, 0, 0), 5), ((255, 255, 255), 2)):
        cv2.drawMarker(marked, (x, y), colour, cv2.MARKER_CROSS, 24, thickness)
    return marked
