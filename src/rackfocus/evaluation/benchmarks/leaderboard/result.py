"""The measured rows of the leaderboard, and the CSV file from which its page is made and a run goes on."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rackfocus.evaluation.benchmarks.leaderboard.entry import Entry
from rackfocus.evaluation.reports.columns import COLUMNS
from rackfocus.evaluation.reports.records import write_csv
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows

MORE, LESS, NEITHER = 1, -1, 0


@dataclass(frozen=True)
class Measure:
    """A column of numbers: its heading, digits after the point, and whether `MORE` or `LESS` is better."""

    heading: str
    digits: int
    better: int


def _as_evaluated(name: str, better: int) -> Measure:
    return Measure(COLUMNS[name].heading, COLUMNS[name].digits, better)


MEASURES = {
    "psnr": _as_evaluated("psnr", MORE),
    "psnr_low": Measure("PSNR low", COLUMNS["psnr"].digits, NEITHER),
    "psnr_high": Measure("PSNR high", COLUMNS["psnr"].digits, NEITHER),
    "psnr_plain": _as_evaluated("psnr_plain", MORE),
    "psnr_lights": _as_evaluated("psnr_lights", MORE),
    "ssim": _as_evaluated("ssim", MORE),
    "lpips": _as_evaluated("lpips", LESS),
    "disparity_rms": _as_evaluated("disparity_rms", LESS),
    "disparity_share": _as_evaluated("disparity_share", LESS),
    "boundary_f1": _as_evaluated("boundary_f1", MORE),
    "whdr": _as_evaluated("whdr", LESS),
    "hdr_log_mse": _as_evaluated("hdr_log_mse", LESS),
    "estimate_s": Measure("s to estimate", 3, NEITHER),
    "render_s": Measure("s to render", 3, NEITHER),
    "focus_error_levels": Measure("|Δd|", 3, LESS),
    "timing_error_frames": Measure("|Δt|", 1, LESS),
    "recall": Measure("recall", 3, MORE),
    "precision": Measure("precision", 3, MORE),
    "matched": Measure("matched", 0, MORE),
    "missed": Measure("missed", 0, LESS),
    "spurious": Measure("spurious", 0, LESS),
    "frame_s": Measure("s a frame", 3, NEITHER),
}
"""The numbers of the CSV file; those of pictures first, then those of clips."""

PARTS = ("depth", "hdr", "renderer", "autofocus")
ABOUT = ("samples", "disparity", "machine", "revision", "version", "state", "why")


@dataclass(frozen=True)
class Measured:
    """The numbers of a row by name, NaN where there is none; how many scenes or clips they are of; and
    `aligned` where the disparity took scale and focus from the truth.
    """

    values: Mapping[str, float]
    samples: int
    disparity: str = ""


@dataclass(frozen=True)
class Result:
    """A row as the CSV file has it.

    Attributes:
        entry: the names of its parts.
        values: the numbers as text, by the names of `MEASURES`; empty where there is none.
        samples: scenes or clips.
        disparity: `aligned` where it took scale and focus from the truth.
        machine: on which seconds were measured.
        revision: the commit of the code.
        version: identifies the code, the scenes, the clips and the settings that all rows share.
        state: identifies the settings, weights and modules of the row's own parts.
        why: why it could not be measured; empty if it was.
    """

    entry: Entry
    values: Mapping[str, str] = field(default_factory=dict)
    samples: int = 0
    disparity: str = ""
    machine: str = ""
    revision: str = ""
    version: str = ""
    state: str = ""
    why: str = ""


def as_text(values: Mapping[str, float]) -> dict[str, str]:
    """Numbers as text, with the digits of their columns; NaN is left out, and what is no column."""
    return {
        name: f"{values[name]:.{measure.digits}f}"
        for name, measure in MEASURES.items()
        if name in values and not math.isnan(values[name])
    }


def write_results(results: Iterable[Result], path: Path) -> None:
    """Write one line for each row, atomically."""
    rows: list[dict[str, object]] = [
        {
            **vars(result.entry),
            **{name: result.values.get(name, "") for name in MEASURES},
            **{name: getattr(result, name) for name in ABOUT},
        }
        for result in results
    ]
    write_csv([*PARTS, *MEASURES, *ABOUT], rows, path)


def read_results(path: Path) -> Sequence[Result]:
    """The rows of a file that `write_results` wrote; none if there is no file.

    Raises:
        InputError: it is another file.
    """
    if not path.is_file():
        return []
    with reading(path, "cannot be read as a leaderboard ({reason}); delete it, or name another folder."):
        return [
            Result(
                entry=Entry(**{name: row[name] for name in PARTS}),
                values={name: row[name] for name in MEASURES if row[name]},
                samples=int(row["samples"]),
                **{name: row[name] for name in ABOUT if name != "samples"},
            )
            for row in read_rows(path, [*PARTS, *MEASURES, *ABOUT])
        ]
