import csv
import io
import math
from statistics import fmean

import numpy as np
import pytest
from rich.console import Console

from rackfocus.evaluation.reports.columns import BRIEF, COLUMNS
from rackfocus.evaluation.reports.records import Record
from rackfocus.evaluation.reports.summary import (
    cells,
    compare_runs,
    measured_columns,
    summarise,
    summarise_groups,
    summarise_targets,
    summary_table,
    target_table,
    write_summary,
)


def record(image="a", method="ours", data_set="raytraced", target="f/2", **metrics):
    return Record(data_set, image, method, target, **metrics)


def test_means_by_method_of_what_was_measured():
    records = [
        record("a", psnr=30, psnr_plain=30),
        record("a", psnr=34, psnr_plain=34, target="f/8"),
        record("b", psnr=20, psnr_lights=9),
        record("a", "other", psnr=10),
    ]
    ours, other = summarise(records)
    assert (ours.method, other.method, ours.images) == ("ours", "other", 2)
    assert ours.values["psnr"].mean == pytest.approx((32 + 20) / 2)  # an image counts once
    assert ours.values["psnr_plain"].mean == 32
    assert ours.values["psnr_lights"].mean == 9
    assert math.isnan(other.values["psnr_plain"].mean)


def test_the_interval_is_that_of_the_mean():
    values = np.random.default_rng(3).normal(5, 2, 200)
    (summary,) = summarise(record(str(i), psnr=value) for i, value in enumerate(values))
    interval = summary.values["psnr"]
    error = values.std() / np.sqrt(len(values))
    assert interval.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert interval.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)
    assert summarise([record(str(i), psnr=v) for i, v in enumerate(values)])[0] == summary


def test_one_image_is_a_point_and_infinity_stays():
    (summary,) = summarise([record("a", psnr=math.inf, ssim=0.5), record("b", psnr=math.inf)])
    assert (summary.values["ssim"].low, summary.values["ssim"].high) == (0.5, 0.5)
    assert summary.values["psnr"].mean == summary.values["psnr"].low == math.inf


def test_every_set_of_a_kind_counts_once():
    records = [record(str(i), data_set="depth/many", whdr=0.1) for i in range(9)]
    records += [
        record("a", data_set="depth/one", whdr=0.5, disparity_rms_aligned=3),
        record("a", data_set="hdr/alone", psnr=3),
    ]
    (summary,) = summarise_groups(records)
    assert (summary.data_set, summary.images) == ("depth/*", 10)
    assert summary.values["whdr"].mean == pytest.approx(fmean([0.1, 0.5]))
    assert math.isnan(summary.values["disparity_rms_aligned"].mean)  # pixels and 1/m have no mean


def test_targets_that_all_images_have():
    records = [
        record(image, method, target=target, psnr=psnr)
        for image in "ab"
        for method, more in (("input", 0), ("ours", 4))
        for target, psnr in (("f/2", 30 + more), ("f/8", 40 + more))
    ]
    records += [record("a", data_set="x", target="f/2"), record("b", data_set="x", target="f/4")]
    summaries = summarise_targets(records)
    assert [(s.data_set, s.method) for s in summaries] == [
        ("raytraced: f/2", "input"),
        ("raytraced: f/2", "ours"),
        ("raytraced: f/8", "input"),
        ("raytraced: f/8", "ours"),
    ]
    shown = text(target_table(summaries, "title"))
    assert "PSNR f/8" in shown
    assert "44.00" in shown
    assert "+4.00" in shown


def test_a_row_a_run():
    runs = {"rgbd_hdr": [record(psnr=30), record("b", psnr=32)], "no_hdr": [record(psnr=20)]}
    full, ablated = compare_runs(runs)
    assert (full.method, full.values["psnr"].mean) == ("rgbd_hdr", 31)
    assert (ablated.method, ablated.values["psnr"].mean) == ("no_hdr", 20)


def text(table):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_the_table_shows_every_cell():
    summaries = summarise([record(psnr_plain=31.234), record(method="other", hdr_log_mse=0.5)])
    shown = text(summary_table(summaries, "title"))
    assert all(COLUMNS[name].heading in shown for name in BRIEF)
    assert all(cell in shown for summary in summaries for cell in cells(summary, BRIEF))
    assert "31.23" in shown
    assert "nan" not in shown


def test_a_table_of_several_sets_names_them_and_their_intervals():
    records = [record(str(i), data_set=f"depth/{name}", whdr=i / 10) for name in "xy" for i in range(5)]
    summaries = summarise(records)
    columns = measured_columns(summaries, "disparity")
    assert columns == ["whdr"]
    shown = text(summary_table(summaries, "title", columns=columns, intervals=True))
    assert "depth/x" in shown
    assert "±0.1" in shown


def test_the_csv_has_the_bounds(tmp_path):
    write_summary(summarise([record(psnr=30), record("b", psnr=40)]), tmp_path / "summary.csv")
    with (tmp_path / "summary.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["data_set"], row["method"], row["images"]) == ("raytraced", "ours", "2")
    assert (float(row["psnr"]), float(row["psnr_low"]), float(row["psnr_high"])) == (35, 30, 40)
    assert row["whdr"] == ""
