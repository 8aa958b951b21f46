import csv
import io
import math

import pytest
from rich.console import Console

from rackfocus.evaluation.raytraced import Record
from rackfocus.evaluation.records import COLUMNS, cells, summarise, summary_table, write_records


def record(method="ours", scene="0001", *, lights=False, psnr=30.0, target="f/2"):
    return Record(scene, lights, method, target, psnr, 0.9, 1.5, 1.0, 0.25)


def test_means_by_method_and_light():
    records = [
        record(psnr=30),
        record(psnr=34, target="f/8"),
        record(psnr=20, scene="0002", lights=True),
        record("other", psnr=10),
    ]
    ours, other = summarise(records)
    assert (ours.method, other.method) == ("ours", "other")
    assert ours.psnr_plain == pytest.approx(32)
    assert ours.psnr_lights == pytest.approx(20)
    assert ours.ssim == pytest.approx(0.9)
    assert math.isnan(other.psnr_lights)


def test_the_csv_holds_every_record(tmp_path):
    records = [record(psnr=1 / 3), record("other")]
    write_records(records, tmp_path / "records.csv")
    with (tmp_path / "records.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["ours", "other"]
    assert float(rows[0]["psnr"]) == 1 / 3
    assert [path.name for path in tmp_path.iterdir()] == ["records.csv"]


def test_the_table_shows_every_cell():
    summaries = summarise([record(), record("other", lights=True)])
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(summary_table(summaries, "title"))
    text = console.export_text()
    assert all(heading in text for heading in COLUMNS.values())
    assert all(cell in text for summary in summaries for cell in cells(summary))
