"""Evaluation on photographs with known unclipped light."""

from collections.abc import Sequence

import torch

from rackfocus.data.evaluation_samples import HDRSample
from rackfocus.evaluation.images.baselines import Nothing, Predictor
from rackfocus.evaluation.images.examination import (
    Conditions,
    Examined,
    SheetRow,
    reduced_size,
    shrink,
    shrink_encoded,
)
from rackfocus.evaluation.reports.pictures import HDR_STOPS, picture
from rackfocus.evaluation.reports.records import Record
from rackfocus.metrics.hdr import log_mse, pu21_psnr
from rackfocus.optics.radiometry import srgb_to_linear


@torch.inference_mode()
def examine_radiance(
    sample: HDRSample, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Measure every method that predicts radiance, and the clipped input."""
    size = reduced_size(sample.image, conditions.longer_side_px)
    srgb = shrink_encoded(sample.image, size)[None]
    truth = shrink(sample.radiance, size)[None]
    pictures = {
        "input": picture(srgb_to_linear(srgb)),
        f"truth, {HDR_STOPS:g} stops": picture(truth, stops=HDR_STOPS),
    }
    found = Examined(rows=[SheetRow(sample.name, pictures)])
    for method in (Nothing("clipped input"), *methods):
        radiance = method(srgb).radiance
        if radiance is None:
            continue
        error = log_mse(radiance, truth).item()
        score = pu21_psnr(radiance, truth).item()
        found.records.append(Record(data_set, sample.name, method.name, hdr_log_mse=error, pu21_psnr=score))
        pictures[f"{method.name} {error:.3f}"] = picture(radiance, stops=HDR_STOPS)
    return found
