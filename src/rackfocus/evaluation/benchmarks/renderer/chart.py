"""Time against pixels and against radius: two log-log charts, drawn with Pillow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from rackfocus.evaluation.benchmarks.renderer.cost import Cost
from rackfocus.evaluation.benchmarks.renderer.table import headline
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS, OURS

COLOURS = ("#d55e00", "#000000", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8b5a2b")
"""Colours that colour-blind people can distinguish (Okabe & Ito)."""

_GUIDE = "#a0a0a0"
_GRID = "#e6e6e6"
_INK = "#333333"
_OVERSAMPLE = 2
_PANEL_WIDTH, _PANEL_HEIGHT = 660, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 200, 56, 52
_LABEL_STEP = 19


@dataclass(frozen=True)
class Line:
    """One method's points, with a label at its end."""

    label: str
    colour: str
    points: list[tuple[float, float]]
    bold: bool


def draw_scaling(costs: Sequence[Cost], path: Path) -> None:
    """Write the chart of the forward times: left at the headline's radius, right at its size."""
    place = headline(costs, backward=False)
    if place is None:
        return
    size, radius = place
    panels = [
        (f"forward, radius {radius:g}: seconds against megapixels", "radius", radius),
        (f"forward, {size}: seconds against radius", "size", size),
    ]
    image = Image.new("RGB", (len(panels) * _PANEL_WIDTH * _OVERSAMPLE, _PANEL_HEIGHT * _OVERSAMPLE), "white")
    for number, (title, fixed, value) in enumerate(panels):
        own = [cost for cost in costs if not cost.backward and getattr(cost, fixed) == value]
        _Panel(ImageDraw.Draw(image), number * _PANEL_WIDTH).draw(title, _lines(own, fixed))
    image.resize((image.width // _OVERSAMPLE, image.height // _OVERSAMPLE), Image.Resampling.LANCZOS).save(
        path, optimize=True
    )


def _lines(costs: Sequence[Cost], fixed: str) -> list[Line]:
    lines = []
    timed = [name for name, method in METHODS.items() if method.timed]
    for name, colour in zip(timed, COLOURS, strict=True):
        points = sorted(
            (cost.size.pixels / 1e6 if fixed == "radius" else cost.radius, cost.seconds)
            for cost in costs
            if cost.method == name and cost.seconds
        )
        if points:
            lines.append(Line(METHODS[name].title, colour, points, name == OURS))
    return lines


def _linear(lines: Sequence[Line]) -> list[Line]:
    """A reference line that grows linearly from the first point of `ours`."""
    ours = [line.points for line in lines if line.bold and len(line.points) > 1]
    return [
        Line("linear, from ours", _GUIDE, [(x, y), (end, y * end / x)], False)
        for (x, y), *_, (end, _) in ours
    ]


class _Panel:
    """One chart; lengths are in pixels of the finished picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw, left: int) -> None:
        self._canvas = canvas
        self._left = left

    def draw(self, title: str, lines: Sequence[Line]) -> None:
        self._text((_LEFT, 16), title, size=17)
        if not lines:
            return
        xs = [x for line in lines for x, _ in line.points]
        ys = [y for line in (*lines, *_linear(lines)) for _, y in line.points]
        self._x = _span(min(xs), max(xs), 0.05)
        self._y = _span(min(ys), max(ys), 0.08)
        for x in sorted(set(xs)):
            self._stroke([(x, self._y[0]), (x, self._y[1])], _GRID)
            self._text((self._across(x), _PANEL_HEIGHT - _BOTTOM + 8), f"{x:.3g}", anchor="ma")
        for y in _ticks(*self._y):
            self._stroke([(self._x[0], y), (self._x[1], y)], _GRID)
            self._text((_LEFT - 8, self._down(y)), f"{y:g}", anchor="rm")
        for line in (*_linear(lines), *lines):
            self._stroke(line.points, line.colour, width=4 if line.bold else 2)
            for x, y in line.points if line in lines else ():
                self._dot(x, y, line.colour, 5 if line.bold else 3.5)
        self._labels([*lines, *_linear(lines)])

    def _labels(self, lines: Sequence[Line]) -> None:
        """Labels at the ends of the lines, moved apart where they would overlap."""
        ends = sorted((self._down(line.points[-1][1]), line.label, line.colour) for line in lines)
        lowest = _PANEL_HEIGHT - _BOTTOM - _LABEL_STEP * (len(ends) - 1)
        at = -math.inf
        for number, (y, label, colour) in enumerate(ends):
            at = max(min(y, lowest + number * _LABEL_STEP), at + _LABEL_STEP)
            self._text((_PANEL_WIDTH - _RIGHT + 12, at), label, anchor="lm", colour=colour)

    def _across(self, x: float) -> float:
        low, high = self._x
        return _LEFT + math.log(x / low) / math.log(high / low) * (_PANEL_WIDTH - _LEFT - _RIGHT)

    def _down(self, y: float) -> float:
        low, high = self._y
        share = math.log(y / low) / math.log(high / low)
        return _PANEL_HEIGHT - _BOTTOM - share * (_PANEL_HEIGHT - _TOP - _BOTTOM)

    def _stroke(self, points: Sequence[tuple[float, float]], colour: str, width: float = 1) -> None:
        flat = [self._place(self._across(x), self._down(y)) for x, y in points]
        self._canvas.line(flat, colour, round(width * _OVERSAMPLE), joint="curve")

    def _dot(self, x: float, y: float, colour: str, radius: float) -> None:
        centre = self._place(self._across(x), self._down(y))
        self._canvas.circle(centre, radius * _OVERSAMPLE, colour)

    def _text(
        self,
        place: tuple[float, float],
        text: str,
        *,
        size: int = 14,
        anchor: str = "la",
        colour: str = _INK,
    ) -> None:
        font = ImageFont.load_default(size * _OVERSAMPLE)
        self._canvas.text(self._place(*place), text, colour, font, anchor)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        return (self._left + x) * _OVERSAMPLE, y * _OVERSAMPLE


def _span(low: float, high: float, margin: float) -> tuple[float, float]:
    """A range a little wider than its ends on a log scale, never empty."""
    wider = max((high / low) ** margin, 1.1)
    return low / wider, high * wider


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten in the range, or only the powers if there are many."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1,) if len(exponents) > 4 else (1, 2, 5)
    return [step * 10.0**power for power in exponents for step in steps if low <= step * 10.0**power <= high]
