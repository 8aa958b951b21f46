"""The benchmark's tables in Markdown."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean

from rackfocus.evaluation.benchmarks.renderer.cost import Cost
from rackfocus.evaluation.benchmarks.renderer.inputs import SIZES, Size
from rackfocus.evaluation.benchmarks.renderer.quality import Quality
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS, OURS

HEADLINE = (SIZES["1080p"], 32.0)
"""Size and radius of the first table, if measured; else the largest measured cell of `ours`."""

BACKWARD_HEADLINE = (SIZES["1024"], 32.0)


QUALITY_HEADINGS = ["plain", "lights", "SSIM", "LPIPS", "edges"]

EXPLAINED = (
    "Median time over that of ours, and in brackets the seconds of one rendering. Ours beside ours tells the "
    "noise. `-`: not measured, for the reasons below."
)


def markdown(
    costs: Sequence[Cost], qualities: Sequence[Quality], missing: Mapping[str, str], facts: Mapping[str, str]
) -> str:
    """All tables; `missing` tells why a method could not run, by its name, `facts` are listed by name."""
    parts = ["# Renderer benchmark", "\n".join(f"- {name}: {value}" for name, value in facts.items())]
    parts += _summary(costs, qualities)
    for backward in (False, True):
        own = [cost for cost in costs if cost.backward == backward]
        if own:
            what = "forward and backward" if backward else "forward"
            parts += [f"## Time, {what}", EXPLAINED, _grid(own, _time_text)]
            parts += [f"## Peak memory in MiB, {what}", _grid(own, lambda cost: _number(cost.peak_mib, 0))]
            parts += [f"## Growth of the time of ours, {what}", _growth(own)]
    for scenes, name in _scene_groups(qualities):
        parts += [f"## Against ray tracing, {name}", _quality(scenes)]
    parts += _left_out(costs, missing)
    return "\n\n".join(parts) + "\n"


def at(costs: Iterable[Cost], method: str, size: Size, radius: float, *, backward: bool) -> Cost | None:
    """The record of one cell."""
    for cost in costs:
        if cost.cell == (method, backward, size.width, size.height, radius):
            return cost
    return None


def growth(costs: Sequence[Cost]) -> list[tuple[str, float]]:
    """The exponents with which the time of `ours` grows from cell to cell: with pixels, then with radius."""
    own = sorted(
        (cost for cost in costs if cost.method == OURS and cost.seconds is not None),
        key=lambda cost: (cost.size.pixels, cost.radius),
    )
    powers = []
    for radius in sorted({cost.radius for cost in own}):
        for first, second in pairwise(cost for cost in own if cost.radius == radius):
            step = f"pixels, {first.size} to {second.size}, radius {radius:g}"
            powers.append((step, _power(first, second, second.size.pixels / first.size.pixels)))
    for size in dict.fromkeys(cost.size for cost in own):
        for first, second in pairwise(cost for cost in own if cost.size == size):
            step = f"radius, {first.radius:g} to {second.radius:g}, {size}"
            powers.append((step, _power(first, second, second.radius / first.radius)))
    return powers


def _power(first: Cost, second: Cost, larger: float) -> float:
    assert first.seconds is not None
    assert second.seconds is not None
    return math.log(second.seconds / first.seconds) / math.log(larger)


def _growth(costs: Sequence[Cost]) -> str:
    rows = [[step, f"{power:.2f}"] for step, power in growth(costs)]
    return _table(["step", "power"], rows) if rows else "One cell only."


def headline(costs: Sequence[Cost], *, backward: bool) -> tuple[Size, float] | None:
    """The cell of the first table."""
    size, radius = BACKWARD_HEADLINE if backward else HEADLINE
    own = [cost for cost in costs if cost.method == OURS and cost.backward == backward and cost.seconds]
    if not own or any((cost.size, cost.radius) == (size, radius) for cost in own):
        return (size, radius) if own else None
    largest = max(own, key=lambda cost: cost.size.pixels * cost.radius)
    return largest.size, largest.radius


def summary_rows(costs: Sequence[Cost], qualities: Sequence[Quality]) -> tuple[list[str], list[list[str]]]:
    """Headings and one row for each method: time, memory and quality."""
    places = [headline(costs, backward=backward) for backward in (False, True)]
    headings = ["method"]
    for place, what in zip(places, ("", " back"), strict=True):
        if place is not None:
            headings += [f"time{what}", f"MiB{what}"]
    headings += QUALITY_HEADINGS
    embedded = [record for scenes, _ in _scene_groups(qualities)[:1] for record in scenes]
    rows = []
    for name, method in METHODS.items():
        row = [method.title]
        for backward, place in zip((False, True), places, strict=True):
            if place is not None:
                cost = at(costs, name, *place, backward=backward)
                row += ["-", "-"] if cost is None else [_ratio(cost), _number(cost.peak_mib, 0)]
        row += _quality_cells([record for record in embedded if record.method == name])
        if any(cell != "-" for cell in row[1:]):
            rows.append(row)
    return headings, rows


def summary_caption(costs: Sequence[Cost], qualities: Sequence[Quality]) -> str:
    """The caption of `summary_rows`."""
    told = []
    for backward, what in (
        (False, "time (over that of ours) and MiB: forward"),
        (True, "back: with gradients"),
    ):
        place = headline(costs, backward=backward)
        if place is not None:
            told.append(f"{what}, {place[0]}, radius {place[1]:g}")
    if qualities:
        told.append(
            f"then quality against ray tracing, {_scene_groups(qualities)[0][1]}: PSNR in dB of scenes "
            "without strong lights (plain) and with (lights), and within a blur radius of silhouettes (edges)"
        )
    return "; ".join(told) + "."


def _summary(costs: Sequence[Cost], qualities: Sequence[Quality]) -> list[str]:
    return [
        summary_caption(costs, qualities),
        _table(*summary_rows(costs, qualities)),
    ]


def _grid(costs: Sequence[Cost], text: Callable[[Cost], str]) -> str:
    """A row for each method and size, a column for each radius."""
    radii = sorted({cost.radius for cost in costs})
    sizes = sorted({cost.size for cost in costs}, key=lambda size: size.pixels)
    by_cell = {cost.cell: cost for cost in costs}
    backward = costs[0].backward
    rows = []
    for name, method in METHODS.items():
        for size in sizes:
            found = [by_cell.get((name, backward, size.width, size.height, radius)) for radius in radii]
            if any(found):
                cells = ["-" if cost is None else text(cost) for cost in found]
                rows.append([method.title, str(size), *cells])
    return _table(["method", "size", *(f"r {radius:g}" for radius in radii)], rows, left=2)


def _quality(records: Sequence[Quality]) -> str:
    rows = [
        [METHODS[name].title, *_quality_cells([record for record in records if record.method == name])]
        for name in METHODS
        if any(record.method == name for record in records)
    ]
    return _table(["method", *QUALITY_HEADINGS], rows)


def _quality_cells(records: Sequence[Quality]) -> list[str]:
    lpips = [record.lpips for record in records if record.lpips is not None]
    return [
        _mean([record.psnr for record in records if not record.lights], 2),
        _mean([record.psnr for record in records if record.lights], 2),
        _mean([record.ssim for record in records], 4),
        _mean(lpips, 4),
        _mean([record.silhouette_psnr for record in records if not math.isnan(record.silhouette_psnr)], 2),
    ]


def _scene_groups(qualities: Sequence[Quality]) -> list[tuple[list[Quality], str]]:
    """Records by the size of their scenes, the smallest first, with a title."""
    groups = []
    for width, height in sorted({(record.width, record.height) for record in qualities}):
        own = [record for record in qualities if (record.width, record.height) == (width, height)]
        count = len({record.scene for record in own})
        radii = sorted({round(record.radius, 1) for record in own})
        blur = f"radius {radii[0]:g}" + (f" to {radii[-1]:g}" if len(radii) > 1 else "")
        scenes = "scene" if count == 1 else "scenes"
        groups.append((own, f"{count} {scenes} of {width}x{height}, {blur} px"))
    return groups


def _left_out(costs: Sequence[Cost], missing: Mapping[str, str]) -> list[str]:
    lines = [f"- {METHODS[name].title}: {reason}" for name, reason in missing.items()]
    for cost in costs:
        if cost.skipped:
            what = " with gradients" if cost.backward else ""
            place = f"{METHODS[cost.method].title}, {cost.size}, radius {cost.radius:g}{what}"
            lines.append(f"- {place}: {cost.skipped}")
    return ["## Not measured", "\n".join(lines)] if lines else []


def _time_text(cost: Cost) -> str:
    seconds = f"{_number(cost.seconds, 3)} s"
    return "-" if cost.seconds is None else f"{_ratio(cost)} ({seconds})"


def _ratio(cost: Cost) -> str:
    if cost.ratio is None:
        return "-"
    return f"{cost.ratio:.2f}" if cost.ratio < 10 else f"{cost.ratio:.1f}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _mean(values: Sequence[float], digits: int) -> str:
    return f"{fmean(values):.{digits}f}" if values else "-"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table; the first columns are left-aligned, numbers right-aligned."""
    rule = ["---" if column < left else "---:" for column in range(len(headings))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (headings, rule, *rows))
