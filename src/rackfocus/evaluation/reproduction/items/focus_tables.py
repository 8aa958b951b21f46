"""Tables 1 and 2: new focus targets against the truth, video by video."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rackfocus.evaluation.autofocus.focus_table import LEFT_OUT, PAPER_FPS, Row
from rackfocus.evaluation.autofocus.table_1 import CAUSAL, LAAF, OPTICAL, TIMELY_FRAMES, Table1
from rackfocus.evaluation.autofocus.table_2 import ACTION, ACTION_LAAF, AF_NET, VAF, Table2
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.items.recorded import draw_bars
from rackfocus.evaluation.reproduction.numbers import Number, mean_of, missing

PAPER_TABLE_1 = {
    f"|Δd|, {LAAF}": "1.99",
    f"|Δt|, {LAAF}": "15.1",
    f"share of videos with |Δt| < {TIMELY_FRAMES}": "0.72",
}
PLANES = 2.0
"""Most of the paper's videos are in focus to within so many depth planes."""


@dataclass(frozen=True)
class ActionTable:
    """Table 1: look-ahead, the same autofocus without look-ahead, and a focus that never moves.

    Attributes:
        title: of the item.
        table: that of `rackfocus evaluate table=table_1`.
    """

    title: str
    table: Table1

    @property
    def claims(self) -> list[Claim]:
        """Of when and where focus is, and of looking ahead."""
        return [
            Claim(
                f"Most videos have |Δt| < {TIMELY_FRAMES} frames of 30 a second (8 of 11)",
                "Table 1, Sec. 6.2",
                f"share of videos with |Δt| < {TIMELY_FRAMES}",
                above=0.5,
            ),
            Claim(
                "Most videos are focused to within 2 depth planes of the truth",
                "Table 1, Sec. 6.2",
                f"share of videos within {PLANES:g} planes",
                above=0.5,
            ),
            Claim(
                "Looking ahead focuses better than deciding in real time",
                "Sec. 5, 7",
                f"|Δd|, {CAUSAL} less {LAAF}",
                above=0,
            ),
        ]

    def make(self, material: Material, folder: Path) -> Made:
        """|Δd| in levels, |Δt| in frames of 30 a second, as means over videos."""
        rate = {clip.name: clip.annotation.video.fps for clip in material.annotated_clips()}
        rows = [row for row in self.table.rows(folder, lambda _done, _total: None) if row["video"] in rate]
        by_method = {method: _by_video(rows, method) for method in (LAAF, CAUSAL, OPTICAL)}
        numbers: list[Number] = []
        for method, videos in by_method.items():
            numbers.append(_number(f"|Δd|, {method}", [row["|Δd|"] for row in videos.values()], "levels"))
            if method != OPTICAL:
                times = [_at_30(row["|Δt|"], rate[name]) for name, row in videos.items()]
                numbers.append(_number(f"|Δt|, {method}", times, "frames"))
        times = [_at_30(row["|Δt|"], rate[name]) for name, row in by_method[LAAF].items()]
        numbers += [
            _number(
                f"share of videos with |Δt| < {TIMELY_FRAMES}", [float(t < TIMELY_FRAMES) for t in times]
            ),
            _number(
                f"share of videos within {PLANES:g} planes",
                [float(float(row["|Δd|"]) < PLANES) for row in by_method[LAAF].values()],
            ),
            _number(
                f"|Δd|, {CAUSAL} less {LAAF}",
                [
                    float(by_method[CAUSAL][name]["|Δd|"]) - float(row["|Δd|"])
                    for name, row in by_method[LAAF].items()
                ],
                "levels",
            ),
        ]
        for picture in sorted(folder.glob("*.png"))[1:]:
            picture.unlink()
        next(folder.glob("*.png")).rename(folder / "picture.png")
        return Made(
            numbers, "Ray-traced clips of action, true disparity given; the paper has 11 real videos."
        )


@dataclass(frozen=True)
class LearnedTable:
    """Table 2: AF-Net beside action-aware look-ahead.

    Attributes:
        title: of the item.
        table: that of `rackfocus evaluate table=table_2`.
    """

    title: str
    table: Table2

    @property
    def claims(self) -> list[Claim]:
        """Of AF-Net."""
        return [
            Claim(
                "AF-Net is slightly worse than action-aware look-ahead on action",
                "Table 2",
                f"|Δd|, {AF_NET} less {ACTION_LAAF}",
                above=0,
            ),
            Claim(
                "AF-Net is within a second on action videos",
                "Table 2, Sec. 6.2",
                f"|Δt| of the most probable frame, {AF_NET}",
                below=30,
            ),
            Claim(
                "AF-Net is within a second on VAF", "Table 2, Sec. 6.2", f"|Δt|, {AF_NET}, {VAF}", below=30
            ),
        ]

    def make(self, material: Material, folder: Path) -> Made:
        """|Δd| in levels, |Δt| of the likeliest frame and of matched targets, in frames of 30 a second."""
        names = {clip.name for clip in material.annotated_clips()}
        rows = list(self.table.rows(folder, lambda _done, _total: None))
        why = {str(row["set"]): str(row[LEFT_OUT]) for row in rows if LEFT_OUT in row}
        action = [row for row in rows if row["set"] == ACTION and row["video"] in names]
        ours, other = (_by_video(action, method) for method in (AF_NET, ACTION_LAAF))

        def apart(column: str) -> list[float]:
            return [
                float(ours[n][column]) - float(other[n][column]) for n in ours if column in other.get(n, {})
            ]

        numbers = [
            missing(f"|Δt|, {AF_NET}, {VAF}", why.get(VAF, "not measured"), unit="frames", paper="19.8"),
            _number(f"|Δd|, {AF_NET}", [row["|Δd|"] for row in ours.values()], "levels", "2.21"),
            _number(f"|Δd|, {ACTION_LAAF}", [row["|Δd|"] for row in other.values()], "levels", "1.99"),
            _number(f"|Δt| of the most probable frame, {AF_NET}", _column(ours, "|Δt|"), "frames", "21.0"),
            _number(f"|Δt| matched, {AF_NET}", _column(ours, "|Δt| matched"), "frames"),
            _number(f"|Δt| matched, {ACTION_LAAF}", _column(other, "|Δt| matched"), "frames", "15.1"),
            _number(f"|Δd|, {AF_NET} less {ACTION_LAAF}", apart("|Δd|"), "levels", "0.22"),
        ]
        draw_bars(numbers, folder / "picture.png")
        remark = "Ray-traced clips in place of the paper's 11 videos of action; its VAF is not published."
        return Made(numbers, remark)


def _by_video(rows: Sequence[Row], method: str) -> dict[str, Row]:
    return {str(row["video"]): row for row in rows if row["method"] == method}


def _column(rows: Mapping[str, Row], column: str) -> list[float]:
    return [float(row[column]) for row in rows.values() if column in row]


def _at_30(frames: object, fps: float) -> float:
    return float(str(frames)) / fps * PAPER_FPS


def _number(name: str, values: Sequence[object], unit: str = "", paper: str = "") -> Number:
    known = [float(str(value)) for value in values]
    return mean_of(
        name,
        [value for value in known if not math.isnan(value)],
        unit=unit,
        paper=paper or PAPER_TABLE_1.get(name, ""),
    )
