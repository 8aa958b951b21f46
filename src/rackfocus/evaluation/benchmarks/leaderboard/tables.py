"""The tables of the leaderboard: the rows of each board in order, with what is best, as text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rackfocus.evaluation.benchmarks.leaderboard.entry import BOARDS, Board
from rackfocus.evaluation.benchmarks.leaderboard.result import LESS, MEASURES, NEITHER, Result

HIDDEN = ("psnr_low", "psnr_high", "psnr_plain", "whdr", "matched", "missed", "spurious")
"""Numbers of the CSV file that stand in no column of their own."""
INTERVAL, ALIGNMENT, MACHINE = "95 %", "disparity", "machine"
HEADINGS = {"depth": "depth", "hdr": "light", "renderer": "renderer", "autofocus": "autofocus"}


@dataclass(frozen=True)
class Cell:
    """One number or name: its text, whether it is left-aligned, and whether it is the best of its column."""

    text: str
    is_text: bool = False
    is_best: bool = False


@dataclass(frozen=True)
class Line:
    """A row: its cells by their headings, and why it was not measured, empty if it was."""

    cells: dict[str, Cell]
    why: str


@dataclass(frozen=True)
class BoardTable:
    """A table of the page.

    Attributes:
        key: of its board in `BOARDS`.
        board: what stands above it.
        names: the headings of the names that tell its rows apart; they come first.
        headings: all of them.
        lines: its rows, the best first, those that were not measured last.
        shared: the names that all rows have in common, as a sentence; empty if there are none.
    """

    key: str
    board: Board
    names: list[str]
    headings: list[str]
    lines: list[Line]
    shared: str


def board_tables(results: Iterable[Result]) -> list[BoardTable]:
    """A table for each board that has rows. Columns without any number are left out."""
    results = list(results)
    return [
        _table(key, board, own)
        for key, board in BOARDS.items()
        if (own := [result for result in results if result.entry.board == key])
    ]


def _table(key: str, board: Board, results: Sequence[Result]) -> BoardTable:
    used = {part: {getattr(result.entry, part) for result in results} for part in board.parts[1:]}
    shared = {part: one for part, found in used.items() for one in found if len(found) == 1}
    parts = [part for part in board.parts if part not in shared]
    measured = sorted((one for one in results if not one.why), key=lambda one: _rank(one, board.order))
    best = {name: _best(name, measured) for name in MEASURES}
    lines = []
    for result in (*measured, *(one for one in results if one.why)):
        cells = {HEADINGS[part]: Cell(getattr(result.entry, part), is_text=True) for part in parts}
        for name, measure in MEASURES.items():
            if name in HIDDEN:
                continue
            text = result.values.get(name, "")
            cells[measure.heading] = Cell(text, is_best=bool(text) and text == best[name])
            if name == "psnr":
                low, high = (result.values.get(f"psnr_{end}", "") for end in ("low", "high"))
                cells[INTERVAL] = Cell(f"{low} to {high}" if low else "")
        cells[ALIGNMENT] = Cell(result.disparity, is_text=True)
        if len({one.machine for one in results if one.machine}) > 1:
            cells[MACHINE] = Cell(result.machine, is_text=True)
        lines.append(Line(cells, result.why))
    headings = [heading for heading in lines[0].cells if any(line.cells[heading].text for line in lines)]
    told = " ".join(f"All with the {HEADINGS[part]} {name}." for part, name in shared.items())
    return BoardTable(key, board, [HEADINGS[part] for part in parts], headings, lines, told)


def _rank(result: Result, name: str) -> float:
    """The lower, the better; what has no such number is the worst."""
    text = result.values.get(name, "")
    return float("inf") if not text else float(text) * -MEASURES[name].better


def _best(name: str, results: Sequence[Result]) -> str:
    """The best number of a column as text; empty where there is nothing to choose from."""
    found = [text for result in results if (text := result.values.get(name, ""))]
    better = MEASURES[name].better
    if len(found) < 2 or better == NEITHER:
        return ""
    return (min if better == LESS else max)(found, key=float)
