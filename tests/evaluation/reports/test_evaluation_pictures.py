"""Histograms and sheets are files that a person can look at."""

import cv2
import numpy as np
from matplotlib.axes import Axes

from rackfocus.evaluation.images.examination import SheetRow
from rackfocus.evaluation.reports.histograms import draw_histogram
from rackfocus.evaluation.reports.records import Record
from rackfocus.evaluation.reports.side_by_side import draw_side_by_side


def test_a_histogram_has_a_panel_a_method(tmp_path):
    records = [Record("d/x", str(i), name, psnr=20 + i) for name in ("one", "two") for i in range(9)]
    assert draw_histogram(records, "psnr", "title", tmp_path / "two.png")
    assert draw_histogram(records[:9], "psnr", "title", tmp_path / "one.png")
    one, two = (cv2.imread(str(tmp_path / f"{name}.png")).shape for name in ("one", "two"))
    assert one[1] == two[1]
    assert one[0] < two[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "two.png"]


def test_a_plane_is_a_line_and_no_panel_and_a_picture_counts_once(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Axes, "hist", lambda _, values, **__: drawn.append(values))
    records = [Record("d/x", "a", "ours", target, disparity_share=0.5) for target in ("f/2", "f/8")]
    records += [Record("d/x", name, "plane", disparity_share=1.0) for name in "ab"]
    records += [Record("d/y", "a", "ours", disparity_share=0.7)]
    assert draw_histogram(records, "disparity_share", "depth", tmp_path / "a.png")
    assert drawn == [[0.5, 0.7]]
    assert not draw_histogram(records[2:4], "disparity_share", "depth", tmp_path / "b.png")


def test_one_value_is_a_histogram_and_none_is_not(tmp_path):
    assert draw_histogram([Record("d", "a", "one", whdr=0.3, psnr=7)], "psnr", "t", tmp_path / "a.png")
    assert not draw_histogram([Record("d", "a", "one", psnr=7)], "hdr_log_mse", "t", tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


def test_a_sheet_shows_every_picture_in_its_colour(tmp_path):
    red, blue = (np.full((60, 90, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))
    tall = np.full((900, 600, 3), (0, 120, 0), np.uint8)
    draw_side_by_side(
        [SheetRow("first", {"input": red, "truth": blue}), SheetRow("second", {"input": tall})],
        tmp_path / "sheet.jpg",
    )
    sheet = cv2.imread(str(tmp_path / "sheet.jpg"))[..., ::-1].astype(int)
    for colour in ((200, 0, 0), (0, 0, 200), (0, 120, 0)):
        assert (abs(sheet - colour).sum(-1) < 30).sum() > 5000
