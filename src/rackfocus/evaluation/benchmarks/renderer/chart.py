"""Time against pixels and against radius: two log-log charts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rackfocus.evaluation.benchmarks.renderer.cost import Cost
from rackfocus.evaluation.benchmarks.renderer.table import headline
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS, OURS

COLOURS = ("#d55e00", "#000000", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8b5a2b")
"""Colours that colour-blind people can distinguish (Okabe & Ito)."""


def draw_scaling(costs: Sequence[Cost], path: Path) -> None:
    """Write the chart of the forward times: left at the headline's radius, right at its size."""
    place = headline(costs, backward=False)
    if place is None:
        return
    size, radius = place
    figure = Figure(figsize=(13.2, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    own = [cost for cost in costs if not cost.backward and cost.seconds]
    by_pixels = [(cost, cost.size.pixels / 1e6) for cost in own if cost.radius == radius]
    _draw(left, f"forward, radius {radius:g}: seconds against megapixels", by_pixels)
    by_radius = [(cost, cost.radius) for cost in own if cost.size == size]
    _draw(right, f"forward, {size}: seconds against radius", by_radius)
    figure.savefig(path, dpi=100)


def _draw(axes: Any, title: str, costs: Sequence[tuple[Cost, float]]) -> None:
    """A line for each method, and one that grows linearly from the first point of `ours`."""
    timed = [name for name, method in METHODS.items() if method.timed]
    for name, colour in zip(timed, COLOURS, strict=True):
        points = sorted((x, cost.seconds) for cost, x in costs if cost.method == name and cost.seconds)
        if not points:
            continue
        xs, seconds = zip(*points, strict=True)
        width = 3 if name == OURS else 1.5
        axes.loglog(xs, seconds, "o-", color=colour, lw=width, ms=5, label=METHODS[name].title)
        if name == OURS and len(points) > 1:
            linear = [seconds[0] * x / xs[0] for x in xs]
            axes.loglog(xs, linear, color="#a0a0a0", lw=1.5, zorder=1, label="linear, from ours")
    places = sorted({x for _, x in costs})
    axes.set_xticks(places, [f"{x:.3g}" for x in places])
    axes.set_xticks([], minor=True)
    axes.set_title(title, loc="left", fontsize=12)
    axes.grid(visible=True, lw=0.6, color="#e6e6e6")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
