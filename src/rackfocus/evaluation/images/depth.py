"""Evaluation on pictures with measured disparity in any unit: compared after an affine alignment."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from rackfocus.data.evaluation_samples import DisparitySample, PosedClip
from rackfocus.evaluation.images.baselines import Backends, ConstantDepth, Predictor
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
from rackfocus.metrics.depth_order import whdr
from rackfocus.metrics.disparity import abs_rel, align_affine, disparity_rms, spread
from rackfocus.optics.radiometry import srgb_to_linear


@torch.inference_mode()
def examine_depth(
    sample: DisparitySample, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Measure every method that predicts a disparity, and the best constant map."""
    sample = reduce(sample, conditions.longer_side_px)
    truth, valid = sample.disparity, sample.valid
    srgb = sample.image[None]
    low, high = np.quantile(truth[valid].numpy(), [0.02, 0.98]).tolist() if valid.any() else (0.0, 1.0)
    pictures = {
        "input": picture(srgb_to_linear(srgb)),
        "truth": nearness_picture(truth[0], low, high, valid=valid[0]),
    }
    found = Examined(rows=[SheetRow(sample.name, pictures)])
    for method in (Backends("one plane", depth=ConstantDepth()), *methods):
        disparity = method(srgb).disparity
        if disparity is None:
            continue
        nearness = -disparity[0]
        error = disparity_rms(nearness, truth, align=True, valid=valid)
        metrics = {
            "disparity_rms_aligned": error,
            "disparity_share": error / spread(truth, valid=valid),
            "whdr": whdr(nearness, truth, generator=conditions.generator(), valid=valid),
            "boundary_f1": boundary_f1(nearness[0], truth[0], valid=valid[0]),
        }
        if sample.unit != "relative":
            metrics["abs_rel"] = abs_rel(nearness, truth, valid=valid)
        values = {name: value.item() for name, value in metrics.items()}
        record = Record(data_set, sample.name, method.name, "", **values)
        found.records.append(record)
        aligned = align_affine(nearness, truth, valid=valid)
        pictures[f"{method.name} {record.disparity_share:.2f}"] = nearness_picture(aligned[0], low, high)
    return found


def examine_clip(
    clip: PosedClip, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Only the first frame of a clip is used, since its frames are similar."""
    valid = clip.valid[0]
    frame = DisparitySample(
        name=clip.name,
        image=clip.images[0],
        disparity=torch.where(valid, 1 / clip.depth[0].clamp_min(1e-6), 0.0),
        valid=valid,
        unit="1/m",
    )
    return examine_depth(frame, methods, conditions, data_set=data_set)


def reduce(sample: DisparitySample, longer_side_px: int) -> DisparitySample:
    """Average the picture, subsample the truth: an average across an edge is a depth between both sides."""
    size = reduced_size(sample.image, longer_side_px)
    scale = size[1] / sample.image.shape[-1] if sample.unit == "stereo px" else 1.0
    return DisparitySample(
        name=sample.name,
        image=shrink_encoded(sample.image, size),
        disparity=scale * F.interpolate(sample.disparity[None], size=size, mode="nearest-exact")[0],
        valid=F.interpolate(sample.valid[None].float(), size=size, mode="nearest-exact")[0] > 0,
        unit=sample.unit,
    )
