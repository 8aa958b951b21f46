"""The report of `rackfocus prepare`: a page for checking alignment and exposure by eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from rackfocus.data.preparation.captures import Linear, ShotAssessment, Views
from rackfocus.evaluation.reports.pages.html_page import html_page
from rackfocus.evaluation.reports.pictures import data_uri, difference_picture, picture
from rackfocus.whole_files import write_whole

_THUMBNAIL_PX = 360
_CROP_PX = 240
_SQUARE_PX = 40
_MOST_SHOWN = 200

COLUMNS = (
    "photograph",
    "beside",
    "tiles",
    "off before",
    "off after",
    "in focus",
    "gain",
    "quartiles",
    "verdict",
)


@dataclass(frozen=True)
class Row:
    """One shot of the report: `numbers` as in `COLUMNS` without the verdict, and pictures by caption."""

    numbers: tuple[str, ...]
    reason: str | None
    pictures: dict[str, str]


def report_row(judged: ShotAssessment, views: Views) -> Row:
    """The entry of a shot; pictures become data URIs."""
    crop = _richest(views.mask)
    deep, before, after = (
        np.ascontiguousarray(view[crop]) for view in (views.deep, views.before, views.after)
    )
    shown = {
        f"deep, f/{judged.deep.f_number:g}" if judged.deep.f_number else "all in focus": _thumbnail(
            views.deep, None
        ),
        "shot; what is in focus in both is bright": _thumbnail(views.before, views.mask),
        "squares of deep and shot, as photographed": _checkerboard(deep, before),
        "difference, as photographed": difference_picture(_tensor(before), _tensor(deep), gain=2.0),
        "squares of deep and shot, aligned": _checkerboard(deep, after),
        "difference, aligned": difference_picture(_tensor(after), _tensor(deep), gain=2.0),
    }
    gain = judged.gain
    numbers = (
        judged.shot.file.name,
        judged.deep.file.name,
        f"{judged.after.count}",
        _px(judged.before.median_px),
        _px(judged.after.median_px),
        f"{judged.in_focus_share:.1%}",
        "–" if gain is None else f"{gain.value:.3f}",
        "–" if gain is None else f"{gain.spread:.2f}x",
    )
    return Row(numbers, judged.reason, {caption: data_uri(image) for caption, image in shown.items()})


def write_report(path: Path, rows: Sequence[Row], broken: Sequence[str], facts: dict[str, str]) -> None:
    """Write the page atomically, with error messages of broken files. Rejected shots come first; at most 200
    shots have pictures.
    """
    ordered = sorted(rows, key=lambda row: row.reason is None)
    page = html_page(
        "reports/pages/preparation_page.html.j2",
        columns=COLUMNS,
        rows=ordered,
        shown=ordered[:_MOST_SHOWN],
        accepted=sum(row.reason is None for row in rows),
        broken=broken,
        facts=facts,
    )
    write_whole(path, page)


def _px(value: float) -> str:
    return f"{value:.2f} px" if np.isfinite(value) else "–"


def _richest(mask: Bool[np.ndarray, "height width"]) -> tuple[slice, slice]:
    """The square with the most pixels in focus."""
    side = min(_CROP_PX, *mask.shape)
    share = cv2.blur(mask.astype(np.float32), (side, side), borderType=cv2.BORDER_CONSTANT)
    row, column = np.unravel_index(int(share.argmax()), share.shape)
    top = int(np.clip(row - side // 2, 0, mask.shape[0] - side))
    left = int(np.clip(column - side // 2, 0, mask.shape[1] - side))
    return slice(top, top + side), slice(left, left + side)


def _checkerboard(deep: Linear, shot: Linear) -> UInt8[np.ndarray, "height width 3"]:
    y, x = np.indices(deep.shape[:2]) // _SQUARE_PX
    return picture(_tensor(np.where(((x + y) % 2 == 0)[..., None], deep, shot)))


def _thumbnail(
    linear: Linear, mask: Bool[np.ndarray, "height width"] | None
) -> UInt8[np.ndarray, "height width 3"]:
    if mask is not None:
        near = cv2.dilate(mask.astype(np.float32), np.ones((9, 9)))[..., None]
        linear = linear * (0.25 + 0.75 * near)
    scale = _THUMBNAIL_PX / max(linear.shape)
    size = (round(linear.shape[1] * scale), round(linear.shape[0] * scale))
    return picture(_tensor(cv2.resize(linear, size, interpolation=cv2.INTER_AREA)))


def _tensor(linear: np.ndarray) -> Float[torch.Tensor, "1 3 height width"]:
    return torch.from_numpy(np.ascontiguousarray(linear.transpose(2, 0, 1), dtype=np.float32))[None]
