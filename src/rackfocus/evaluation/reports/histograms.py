"""Histograms of errors over images, as in Fig. 7 of the paper, with a separate panel for each method."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rackfocus.evaluation.reports.records import Record
from rackfocus.whole_files import whole_file

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8b5a2b", "#9a9a9a")
"""Colours that colour-blind people can distinguish (Okabe & Ito)."""


@dataclass(frozen=True)
class Axis:
    """The axis of a histogram over pictures.

    Attributes:
        subject: for the title.
        label: of the axis, with the unit.
        line: a reference value, drawn across all panels; a method with only this value gets no panel.
        line_label: the meaning of that value.
    """

    subject: str
    label: str
    line: float | None = None
    line_label: str = ""


AXES = {
    "psnr": Axis("rendering", "PSNR of the rendering in dB"),
    "disparity_share": Axis(
        "disparity, as Fig. 7A",
        "RMS error of disparity after alignment in scale and shift,\n"
        "in standard deviations of the true disparity",
        line=1.0,
        line_label="best plane",
    ),
    "hdr_log_mse": Axis("HDR, as Fig. 7B", "mean squared error of log radiance"),
}
"""The axes, by the column of `Record`.

The paper's Fig. 7A has the RMS error in disparity units (Scharstein & Szeliski 2002) of pictures of one
camera. Here one histogram has pictures of several cameras with different units, so the error is divided by
the standard deviation of each picture's truth.
"""

_BINS = 20
_INK, _PALE = "#333333", "#a0a0a0"


def draw_histogram(records: Sequence[Record], column: str, title: str, path: Path) -> bool:
    """Write the histogram of one of `AXES` as PNG: the number of pictures by error, a panel for each method.

    Returns whether there was anything to draw.
    """
    axis = AXES[column]
    values = {
        method: _by_picture([record for record in records if record.method == method], column)
        for method in dict.fromkeys(record.method for record in records)
    }
    values = {
        method: found
        for method, found in values.items()
        if found and not all(axis.line is not None and math.isclose(v, axis.line) for v in found)
    }
    if not values:
        return False
    shown = np.concatenate([*values.values(), [] if axis.line is None else [axis.line]])
    low, high = float(shown.min()), float(shown.max())
    if high == low:
        low, high = low - 0.5, high + 0.5
    bins = np.linspace(low, high, _BINS + 1).tolist()
    figure = Figure(figsize=(7.2, 1.3 + 0.95 * len(values)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(values), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for number, (axes, (method, found)) in enumerate(zip(panels, values.items(), strict=True)):
        axes.hist(found, bins=bins, color=COLOURS[number % len(COLOURS)], rwidth=0.92)
        axes.axvline(np.mean(found), color=_INK, linewidth=1.2, linestyle=(0, (3, 2)))
        axes.set_title(f"{method}   mean {np.mean(found):.3g}", loc="left", fontsize=10, color=_INK, pad=3)
        if axis.line is not None:
            axes.axvline(axis.line, color=_INK, linewidth=1.2)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
        axes.tick_params(labelsize=9, color=_PALE)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(_PALE)
    if axis.line is not None:
        panels[0].set_title(axis.line_label, loc="right", fontsize=10, color=_INK, pad=3)
    count = max(map(len, values.values()))
    figure.suptitle(
        f"{title}: {axis.subject} ({count} pictures; dashed: mean)",
        x=0.01,
        ha="left",
        fontsize=11,
        color=_INK,
    )
    figure.supylabel("pictures", fontsize=10, color=_INK)
    panels[-1].set_xlabel(axis.label, fontsize=10, color=_INK)
    with whole_file(path) as draft:
        figure.savefig(draft, format="png", dpi=150)
    return True


def _by_picture(records: Sequence[Record], column: str) -> list[float]:
    """The finite values, one for each picture: the mean of its targets, as in the tables."""
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        if math.isfinite(value := getattr(record, column)):
            found.setdefault((record.data_set, record.image), []).append(value)
    return [float(np.mean(values)) for values in found.values()]
