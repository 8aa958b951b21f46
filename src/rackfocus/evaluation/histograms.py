"""Histograms of errors over images, as in Fig. 7 of the paper, but a panel a method: they never overlap."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rackfocus.evaluation.records import Record

COLOURS = ("#9a9a9a", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8b5a2b")
"""Told apart by the colour-blind too (Okabe & Ito); grey for the base, which stands first."""

AXES = {
    "psnr": "PSNR of the rendering in dB",
    "disparity_share": "disparity error after alignment, over that of the best single plane",
    "hdr_log_mse": "mean squared error of log radiance",
}
"""What is drawn, and what the axis says."""

_BINS = 16
_INK, _PALE = "#333333", "#a0a0a0"


def draw_histogram(records: Sequence[Record], column: str, title: str, path: Path) -> bool:
    """Write the histogram as PNG: how many pictures have which error, by method.

    Args:
        records: of one or more data sets.
        column: one of `AXES`.
        title: above it.
        path: the file.

    Returns:
        Whether there was anything to draw.
    """
    values = {
        method: [v for r in records if r.method == method and math.isfinite(v := getattr(r, column))]
        for method in dict.fromkeys(record.method for record in records)
    }
    values = {method: found for method, found in values.items() if found}
    if not values:
        return False
    everything = np.concatenate(list(values.values()))
    low, high = float(everything.min()), float(everything.max())
    if high == low:
        low, high = low - 0.5, high + 0.5
    bins = np.linspace(low, high, _BINS + 1).tolist()
    figure = Figure(figsize=(6.4, 0.9 + 0.75 * len(values)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(values), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for number, (axes, (method, found)) in enumerate(zip(panels, values.items(), strict=True)):
        axes.hist(found, bins=bins, color=COLOURS[number % len(COLOURS)], rwidth=0.92)
        axes.axvline(np.mean(found), color=_INK, linewidth=1, linestyle=(0, (3, 2)))
        axes.set_title(f"{method}   mean {np.mean(found):.4g}", loc="left", fontsize=8, color=_INK, pad=2)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
        axes.tick_params(labelsize=7, color=_PALE)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(_PALE)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, color=_INK)
    figure.supylabel("pictures", fontsize=8, color=_INK)
    panels[-1].set_xlabel(AXES[column], fontsize=8, color=_INK)
    partial = path.with_name(path.name + ".partial")
    figure.savefig(partial, format="png", dpi=150)
    partial.replace(path)
    return True
