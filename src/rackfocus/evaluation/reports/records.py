"""Records of measurements, one for each method and picture of any data set, and their CSV file."""

import csv
import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.whole_files import whole_file


@dataclass(frozen=True)
class Record:
    """One method on one picture. NaN (a blank cell): not applicable, or no ground truth.

    Attributes:
        data_set: such as `raytraced` or `depth/nyuv2`.
        image: name of the input picture.
        method: the method's name.
        target: name of the rendered photograph, such as `f/2`; empty if none was rendered.
        psnr: of the rendered image in dB.
        psnr_plain: the same, of scenes without lights.
        psnr_lights: the same within one blur radius of lights, see `metrics.lights`.
        ssim: of the rendered image.
        lpips: of the rendered image.
        blur_px: blur radius of the whole range of disparity, from `evaluation.images.blur_search`.
        disparity_rms: root mean square error of the disparity in pixels.
        disparity_rms_large: the same where the blur is largest, see `metrics.disparity.largest_quarter`.
        disparity_rms_aligned: the same after the best scale and shift, in the truth's units.
        disparity_rms_large_aligned: the same where the blur is largest.
        disparity_share: the aligned error over the truth's standard deviation: 1 for a constant map.
        abs_rel: relative error of depth after alignment.
        whdr: the share of pairs of pixels in the wrong order.
        boundary_f1: of the edges of the disparity.
        order: the share of pairs across a subject's boundary in the right order, see `metrics.depth_order`.
        isolation: the share of pairs in which the subject is sharper, see `metrics.isolation`.
        sharp: the share of the subject that is sharp at f/2.
        soft: the share of its surroundings that is blurred at f/2.
        frame_change: of the disparity from frame to frame, over its standard deviation.
        hdr_log_mse: mean squared error of log radiance.
        pu21_psnr: of the radiance in dB.
        seconds: time of the prediction by the clock, of pictures without ground truth.
    """

    data_set: str
    image: str
    method: str
    target: str = ""
    psnr: float = math.nan
    psnr_plain: float = math.nan
    psnr_lights: float = math.nan
    ssim: float = math.nan
    lpips: float = math.nan
    blur_px: float = math.nan
    disparity_rms: float = math.nan
    disparity_rms_large: float = math.nan
    disparity_rms_aligned: float = math.nan
    disparity_rms_large_aligned: float = math.nan
    disparity_share: float = math.nan
    abs_rel: float = math.nan
    whdr: float = math.nan
    boundary_f1: float = math.nan
    order: float = math.nan
    isolation: float = math.nan
    sharp: float = math.nan
    soft: float = math.nan
    frame_change: float = math.nan
    hdr_log_mse: float = math.nan
    pu21_psnr: float = math.nan
    seconds: float = math.nan


def write_records(records: Iterable[Record], path: Path) -> None:
    """Write one line for each record, atomically."""
    rows = [_blank_nan(dataclasses.asdict(record)) for record in records]
    write_csv([field.name for field in dataclasses.fields(Record)], rows, path)


def write_dataclasses(kind: type, records: Iterable[Any], path: Path) -> None:
    """Write dataclasses of one kind, a column for each field, atomically."""
    write_csv([field.name for field in dataclasses.fields(kind)], map(dataclasses.asdict, records), path)


def write_csv(columns: Sequence[str], rows: Iterable[dict[str, object]], path: Path) -> None:
    """Write a table with a heading, atomically."""
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def _blank_nan(row: dict[str, object]) -> dict[str, object]:
    return {
        key: "" if isinstance(value, float) and math.isnan(value) else value for key, value in row.items()
    }
