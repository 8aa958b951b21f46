"""How each video of a batch ended: files for programs, and a table for people."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path

from rich.table import Table

from rackfocus.whole_files import write_whole

FORMAT = "rackfocus.batch"
REPORT_JSON = "report.json"
REPORT_CSV = "report.csv"


class State(StrEnum):
    """How a video ended: `UNCHANGED` if its result was there already."""

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True)
class Result:
    """How a video ended.

    Attributes:
        video: its name in the folder.
        output: the path of its result.
        state: how it ended.
        attempts: how often it was tried.
        frames: of the video; `None`: its container does not state them.
        seconds: how long the last step took, in which parts are joined or the whole result is made.
        reason: why it failed, a sentence.
    """

    video: str
    output: str
    state: State
    attempts: int
    frames: int | None
    seconds: float | None
    reason: str


def write_report(folder: Path, results: Sequence[Result]) -> None:
    """Write `report.json` and `report.csv`, each atomically."""
    counts = {state.value: sum(each.state is state for each in results) for state in State}
    content = {"format": FORMAT, "version": 1, **counts, "videos": [asdict(each) for each in results]}
    write_whole(folder / REPORT_JSON, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
    text = io.StringIO()
    table = csv.DictWriter(text, [each.name for each in fields(Result)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(each) for each in results)
    write_whole(folder / REPORT_CSV, text.getvalue().encode())


def summary(results: Sequence[Result]) -> Table:
    """How many videos and frames ended how, with a line for each that failed."""
    table = Table("state", "videos", "frames", "reason")
    for state in State:
        ended = [each for each in results if each.state is state]
        frames = sum(each.frames or 0 for each in ended)
        table.add_row(state.value, str(len(ended)), str(frames), "")
        if state is State.FAILED:
            for each in ended:
                table.add_row("", each.video, str(each.frames or ""), each.reason)
    return table
