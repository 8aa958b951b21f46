"""Evaluation on pictures with a subject's mask only, and on videos without ground truth."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.evaluation_samples import SilhouetteSample, VideoSample
from rackfocus.evaluation.images.baselines import Prediction, Predictor
from rackfocus.evaluation.images.blur_search import normalise
from rackfocus.evaluation.images.examination import (
    Conditions,
    Examined,
    SheetRow,
    reduced_size,
    shrink_encoded,
)
from rackfocus.evaluation.reports.pictures import nearness_picture, picture
from rackfocus.evaluation.reports.records import Record
from rackfocus.metrics.boundary import boundary_f1
from rackfocus.metrics.depth_order import mask_order
from rackfocus.metrics.isolation import isolation, sharp_share, soft_share
from rackfocus.metrics.masks import near_boundary
from rackfocus.metrics.video.temporal import frame_change
from rackfocus.models.backends import disparity_from_nearness
from rackfocus.optics.radiometry import srgb_to_linear

DISPARITY_RANGE = 0.03
"""The range to which relative nearness is scaled, the default of `model=assembled`."""


@torch.inference_mode()
def examine_silhouette(
    sample: SilhouetteSample, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Measure every method that predicts a disparity, at the boundary of the subject and around it.

    Edges count only near the subject, since the mask does not contain those of the background.
    """
    size = reduced_size(sample.image, conditions.longer_side_px)
    srgb = shrink_encoded(sample.image, size)[None]
    mask = F.interpolate(sample.mask[None].float(), size=size, mode="nearest-exact")[0, 0] > 0
    near = near_boundary(mask)
    pictures = {
        "input": picture(srgb_to_linear(srgb)),
        "subject": nearness_picture(mask.float(), 0, 1),
    }
    found = Examined(rows=[SheetRow(sample.name, pictures)])
    for method in methods:
        prediction = method(srgb)
        if prediction.disparity is None:
            continue
        disparity, disparity_px = prediction.disparity[0, 0], in_pixels(prediction)[0, 0]
        metrics = {
            "boundary_f1": boundary_f1(disparity, mask.float(), valid=near),
            "order": mask_order(-disparity, mask),
            "isolation": isolation(disparity, mask),
            "sharp": sharp_share(disparity_px, mask),
            "soft": soft_share(disparity_px, mask),
        }
        values = {name: value.item() for name, value in metrics.items()}
        record = Record(data_set, sample.name, method.name, "", **values)
        found.records.append(record)
        shown = nearness_picture(-normalise(prediction.disparity)[0, 0], -1, 0)
        pictures[f"{method.name} {record.isolation:.2f}"] = shown
    return found


@torch.inference_mode()
def examine_video(
    sample: VideoSample, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Measure the change of the disparity from frame to frame, for every method that predicts one."""
    size = reduced_size(sample.images, conditions.longer_side_px)
    frames = [shrink_encoded(image, size)[None] for image in sample.images]
    shown = (0, len(frames) - 1)
    found = Examined(
        rows=[SheetRow(sample.name, {f"frame {i}": picture(srgb_to_linear(frames[i])) for i in shown})]
    )
    for method in methods:
        maps: list[Tensor] = []
        for frame in frames:
            disparity = method(frame).disparity
            if disparity is None:  # a method of light only; the other frames are not needed
                break
            maps.append(disparity)
        if not maps:
            continue
        change = frame_change(torch.cat(maps)).item()
        found.records.append(Record(data_set, sample.name, method.name, frame_change=change))
        for i in shown:
            caption = f"{method.name} {change:.3f}, frame {i}"
            found.rows[0].pictures[caption] = nearness_picture(-normalise(maps[i])[0, 0], -1, 0)
    return found


def in_pixels(prediction: Prediction) -> Float[Tensor, "1 1 height width"]:
    """`D` of a prediction with a disparity; relative disparity is scaled to `DISPARITY_RANGE`."""
    assert prediction.disparity is not None
    if prediction.in_pixels:
        return prediction.disparity
    return disparity_from_nearness(-prediction.disparity, DISPARITY_RANGE)
