"""Pictures without truth: what each method predicts, to be looked at, and how long that takes."""

import time
from collections.abc import Sequence

import torch

from rackfocus.data.evaluation_samples import Picture
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.images.blur_search import normalise
from rackfocus.evaluation.images.examination import (
    Conditions,
    Examined,
    SheetRow,
    reduced_size,
    shrink_encoded,
)
from rackfocus.evaluation.reports.pictures import HDR_STOPS, nearness_picture, picture
from rackfocus.evaluation.reports.records import Record
from rackfocus.optics.radiometry import srgb_to_linear


@torch.inference_mode()
def show_predictions(
    sample: Picture, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Two rows of pictures, disparity above light; the record of each method has its time and no score."""
    srgb = shrink_encoded(sample.image, reduced_size(sample.image, conditions.longer_side_px))[None]
    linear = srgb_to_linear(srgb)
    disparities = {"input": picture(linear)}
    lights = {f"input, {HDR_STOPS:g} stops": picture(linear, stops=HDR_STOPS)}
    records = []
    for method in methods:
        began = time.perf_counter()
        prediction = method(srgb)
        records.append(Record(data_set, sample.name, method.name, seconds=time.perf_counter() - began))
        if prediction.disparity is not None:
            nearness = -normalise(prediction.disparity)[0, 0]
            disparities[method.name] = nearness_picture(nearness, -1, 0)
        if prediction.radiance is not None:
            lights[f"{method.name}, {HDR_STOPS:g} stops"] = picture(prediction.radiance, stops=HDR_STOPS)
    return Examined(records, [SheetRow(sample.name, disparities), SheetRow("", lights)])
