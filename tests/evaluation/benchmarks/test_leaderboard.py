"""The parts of the leaderboard; the command itself runs in tests/cli/benchmark/test_leaderboard.py."""

import csv
import math
import re
import sys
from html import unescape
from pathlib import Path

import pytest
import torch

from rackfocus import InputError
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.autofocus.focus_clips import find_clips
from rackfocus.evaluation.autofocus.focus_table import PAPER_FPS
from rackfocus.evaluation.autofocus.table_1 import Table1
from rackfocus.evaluation.benchmarks.leaderboard.entry import (
    BOARDS,
    COVERAGE,
    NONE,
    PROGRAMS,
    TRUTH,
    Entry,
    built_in,
    crossed,
)
from rackfocus.evaluation.benchmarks.leaderboard.focus import FocusMeasure
from rackfocus.evaluation.benchmarks.leaderboard.identity import identity
from rackfocus.evaluation.benchmarks.leaderboard.measuring import Ruler, measured_rows
from rackfocus.evaluation.benchmarks.leaderboard.page import write_page
from rackfocus.evaluation.benchmarks.leaderboard.parts import Parts
from rackfocus.evaluation.benchmarks.leaderboard.pictures import ALIGNED, Clocked, Combined, measure_pictures
from rackfocus.evaluation.benchmarks.leaderboard.result import (
    MEASURES,
    Measured,
    Result,
    as_text,
    read_results,
    write_results,
)
from rackfocus.evaluation.benchmarks.leaderboard.tables import board_tables
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method
from rackfocus.evaluation.images.baselines import Backends, ConstantDepth, Network, NoHDR, Nothing
from rackfocus.evaluation.images.examination import Conditions
from rackfocus.evaluation.images.raytraced import (
    evaluate_scenes,
    network_method,
    predictor_method,
    renderer_methods,
    unblurred,
)
from rackfocus.evaluation.reports.summary import summarise
from rackfocus.focus.modes import scene_specific
from rackfocus.models.checkpoints import load_model
from rackfocus.optics.renderer import Renderer, render

OTHERS = (
    "psnr",
    "psnr_plain",
    "psnr_lights",
    "ssim",
    "disparity_rms",
    "disparity_share",
    "boundary_f1",
    "whdr",
)


@pytest.fixture(scope="module")
def scenes(raytraced):
    return scene_folders(raytraced, "test")[:2]


def parts(networks=None, made=None):
    """Parts of which those named in `made` are there."""

    def make(kind, name):  # noqa: ARG001
        found = (made or {"coverage": Renderer()})[name]
        if isinstance(found, Exception):
            raise found
        return found

    return Parts(networks or {}, make)


# Which rows there are


def test_the_product_of_what_is_named():
    assert crossed(depth=["a", "b"], hdr=["truth", "c"]) == [
        Entry("a", "truth", COVERAGE),
        Entry("a", "c", COVERAGE),
        Entry("b", "truth", COVERAGE),
        Entry("b", "c", COVERAGE),
    ]
    assert crossed(renderer=["gegl"]) == [Entry(TRUTH, TRUTH, "gegl")]
    assert crossed(autofocus=["action"]) == [Entry(TRUTH, autofocus="action")]
    assert crossed(autofocus=["action"], depth=["a"]) == [Entry("a", autofocus="action")]
    assert crossed(autofocus=["action"], hdr=["c"]) == [
        Entry(TRUTH, "c", COVERAGE),
        Entry(TRUTH, autofocus="action"),
    ]
    assert len(crossed(depth=["a", "a"])) == 1


@pytest.mark.parametrize(
    ("entry", "board"),
    [
        (Entry("a", "b", COVERAGE), "pipeline"),
        (Entry("a", TRUTH, COVERAGE), "depth"),
        (Entry(TRUTH, "b", COVERAGE), "hdr"),
        (Entry(TRUTH, TRUTH, COVERAGE), "renderer"),
        (Entry(TRUTH, autofocus="action"), "autofocus"),
        (Entry("a", autofocus="action"), "autofocus"),
    ],
)
def test_a_row_stands_where_the_others_take_the_same_from_the_truth(entry, board):
    assert entry.board == board
    assert board in BOARDS


def test_every_board_is_sorted_by_one_of_its_numbers():
    assert {board.order for board in BOARDS.values()} <= set(MEASURES)


def test_what_is_built_in():
    assert built_in("depth", ["ours"]) == (TRUTH, NONE, "ours")
    assert built_in("renderer", ["ours"]) == tuple(PROGRAMS)
    assert built_in("autofocus", ["ours"]) == (NONE,)


# What the parts are


def test_a_network_for_both_is_one_object_and_is_asked_once(tiny_network, tmp_path, scenes):
    calls = []

    def counted(srgb, *, network_size_px=None):
        calls.append(network_size_px)
        return tiny_network(srgb)

    network = Network("ours", counted, 384)
    srgb = load_scene(scenes[0]).deep_srgb[None]
    both = Combined(network, network)(srgb)
    assert len(calls) == 1
    assert both.in_pixels
    assert both.disparity is not None
    assert both.radiance is not None
    Combined(network, Nothing("none"))(srgb)
    assert len(calls) == 2
    from rackfocus.models.checkpoints import save_model

    save_model(tiny_network, tmp_path / "net.safetensors")
    made = parts({"ours": str(tmp_path / "net.safetensors")})
    assert made.predictor("depth", "ours") is made.predictor("hdr", "ours")
    assert made.estimator("ours") is made.predictor("depth", "ours").model


def test_the_truth_is_nothing_and_what_cannot_be_made_is_tried_once():
    tried = []

    def make(kind, name):
        tried.append((kind, name))
        raise InputError("The weights are missing.")

    made = Parts({}, make)
    assert made.predictor("depth", TRUTH) is None
    assert made.estimator(TRUTH) is None
    assert made.finder(NONE) is None
    for _ in range(2):
        with pytest.raises(InputError, match=r"^The weights are missing\.$"):
            made.predictor("depth", "a")
    assert tried == [("depth", "a")]
    with pytest.raises(InputError, match="depth=none gives no disparity to focus by"):
        made.estimator(NONE)


def test_a_depth_model_finds_the_disparity_of_a_clip():
    estimator = parts(made={"flat": ConstantDepth()}).estimator("flat")
    estimate = estimator(torch.rand(1, 3, 24, 32))
    assert not estimate.disparity.any()
    assert not estimate.log_exposure.any()


def test_depth_recorded_with_a_video_is_told():
    class Recorded:
        def nearness_at(self, srgb, moment):  # noqa: ARG002
            return torch.zeros_like(srgb[:, :1])

    with pytest.raises(InputError, match=r"^depth=recorded needs to know the frame of a video; here are"):
        parts(made={"recorded": Recorded()}).predictor("depth", "recorded")


def test_a_program_that_is_missing_says_so(monkeypatch):
    monkeypatch.setitem(
        PROGRAMS, "gegl", Method("gegl", "", PROGRAMS["gegl"].forward, missing=lambda: "Get it.")
    )
    with pytest.raises(InputError, match="Get it"):
        parts().renderer("gegl")


# Pictures


@pytest.mark.parametrize(
    ("entry", "method"),
    [
        (Entry(TRUTH, TRUTH, "paper"), renderer_methods()[-1]),
        (Entry(NONE, NONE, COVERAGE), unblurred()),
        (Entry("flat", "clipped", COVERAGE), predictor_method(Backends("", ConstantDepth(), NoHDR()))),
    ],
)
def test_numbers_are_those_of_evaluate(entry, method, scenes):
    made = parts(
        made={
            "flat": ConstantDepth(),
            "clipped": NoHDR(),
            "coverage": Renderer(),
            "paper": Renderer("paper"),
        }
    )
    measured = measure_pictures(
        scenes[:1],
        made.predictor("depth", entry.depth),
        made.predictor("hdr", entry.hdr),
        made.renderer(entry.renderer),
        Conditions(),
    )
    (expected,) = summarise(evaluate_scenes(scenes[:1], [method]))
    assert measured.samples == 1
    for name in (*OTHERS, "hdr_log_mse"):
        assert measured.values[name] == pytest.approx(expected.values[name].mean, rel=1e-5, nan_ok=True), name
    low, high = measured.values["psnr_low"], measured.values["psnr_high"]
    assert low <= measured.values["psnr"] <= high
    assert measured.disparity == (ALIGNED if entry.depth == "flat" else "")
    assert measured.values["render_s"] > 0
    assert ("estimate_s" in measured.values) == (entry.depth != TRUTH)


def test_depth_by_itself_has_the_true_light(tiny_network, scenes):
    """Its light is not judged, and its pictures are better than with clipped light."""
    network, coverage = Network("ours", tiny_network), parts().renderer("coverage")
    with_light = measure_pictures(scenes[:1], network, None, coverage, Conditions())
    clipped = measure_pictures(scenes[:1], network, Nothing("none"), coverage, Conditions())
    assert load_scene(scenes[0]).has_lights
    assert math.isnan(with_light.values["hdr_log_mse"])
    assert with_light.values["psnr_lights"] > clipped.values["psnr_lights"]
    (expected,) = summarise(evaluate_scenes(scenes[:1], [network_method("", tiny_network)]))
    assert with_light.values["disparity_rms"] == pytest.approx(
        expected.values["disparity_rms"].mean, rel=1e-5
    )


def test_a_clocked_renderer_is_that_renderer(generator):
    light = torch.rand(1, 3, 24, 32, generator=generator)
    disparity = torch.randn(1, 1, 24, 32, generator=generator) * 3
    clocked = Clocked(parts().renderer("coverage"))
    torch.testing.assert_close(clocked(light, disparity), render(light, disparity))
    assert len(clocked.seconds) == 1


# Clips


def test_autofocus_has_the_numbers_of_table_1(write_event_clip, tmp_path):
    write_event_clip(tmp_path, "acts_0001")
    (clip,) = find_clips(tmp_path)
    finder = scene_specific("action")
    measured = FocusMeasure(device="cpu").measure([clip], finder, load_model())
    expected = next(
        Table1(folder=str(tmp_path), autofocus=finder, device="cpu").rows(tmp_path, lambda *_: None)
    )
    assert measured.values["focus_error_levels"] == pytest.approx(expected["|Δd|"], nan_ok=True)
    at_30 = expected["|Δt|"] / clip.annotation.video.fps * PAPER_FPS
    assert measured.values["timing_error_frames"] == pytest.approx(at_30, nan_ok=True)
    for name in ("recall", "precision", "matched", "missed", "spurious"):
        assert measured.values[name] == pytest.approx(expected[name], nan_ok=True), name
    assert measured.values["frame_s"] > 0


def test_focus_that_never_moves_finds_nothing(raytraced):
    clips = find_clips(raytraced / "clips")
    measured = FocusMeasure().measure(clips, None, None)
    assert measured.samples == len(clips)
    assert measured.values["recall"] == 0
    assert math.isnan(measured.values["precision"])
    assert measured.values["focus_error_levels"] > 1


def test_a_clip_without_true_disparity_is_told(write_event_clip, tmp_path):
    write_event_clip(tmp_path, "acts_0001")
    with pytest.raises(InputError, match="name a depth model"):
        FocusMeasure().measure(find_clips(tmp_path), scene_specific("action"), None)


# The file and the page

ROWS = [
    Result(
        Entry("worse", TRUTH, COVERAGE),
        {"psnr": "30.10", "psnr_low": "29.00", "psnr_high": "31.00"},
        6,
        ALIGNED,
    ),
    Result(Entry("gone", TRUTH, COVERAGE), why="The weights <x> are missing; get & put them, or not."),
    Result(Entry("better", TRUTH, COVERAGE), {"psnr": "38.00", "lpips": "0.0500"}, 6),
    Result(Entry(TRUTH, autofocus="late"), {"focus_error_levels": "2.000", "recall": "1.000"}, 4),
    Result(Entry(TRUTH, autofocus="none"), {"focus_error_levels": "4.100", "recall": "0.000"}, 4),
]


def test_numbers_as_text():
    assert as_text({"psnr": 30.123, "matched": 7.0, "lpips": math.nan, "pu21_psnr": 3.0}) == {
        "psnr": "30.12",
        "matched": "7",
    }


def test_results_are_read_as_they_were_written(tmp_path):
    assert read_results(tmp_path / "leaderboard.csv") == []
    write_results(ROWS, tmp_path / "leaderboard.csv")
    assert read_results(tmp_path / "leaderboard.csv") == ROWS


def test_another_file_is_refused(tmp_path):
    (tmp_path / "leaderboard.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        InputError, match=r"leaderboard\.csv cannot be read as a leaderboard \(it has no column"
    ):
        read_results(tmp_path / "leaderboard.csv")


def test_the_best_row_comes_first_and_those_without_numbers_last():
    depth, autofocus = board_tables(ROWS)
    assert (depth.key, autofocus.key) == ("depth", "autofocus")
    assert [line.cells["depth"].text for line in depth.lines] == ["better", "worse", "gone"]
    assert [line.cells["autofocus"].text for line in autofocus.lines] == ["late", "none"]
    assert depth.names == ["depth"]
    assert depth.headings == ["depth", "PSNR", "95 %", "LPIPS", "disparity"]
    assert depth.shared == "All with the renderer coverage."
    assert [line.cells["PSNR"].is_best for line in depth.lines] == [True, False, False]
    assert not depth.lines[0].cells["LPIPS"].is_best  # there is no other
    assert [line.cells["|Δd|"].is_best for line in autofocus.lines] == [True, False]
    assert depth.lines[2].why == ROWS[1].why


def test_machines_have_a_column_where_there_are_several():
    one, other = (
        Result(Entry(name, TRUTH, COVERAGE), {"psnr": "30.00"}, 6, machine=f"2 cores of {name}")
        for name in "ab"
    )
    (table,) = board_tables([one, other])
    assert [line.cells["machine"].text for line in table.lines] == ["2 cores of a", "2 cores of b"]
    (table,) = board_tables([one])
    assert "machine" not in table.headings


def test_every_number_on_the_page_is_that_of_the_csv(tmp_path):
    write_results(ROWS, tmp_path / "leaderboard.csv")
    write_page(
        tmp_path / "index.html", read_results(tmp_path / "leaderboard.csv"), "leaderboard.csv", {"seed": "0"}
    )
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    with (tmp_path / "leaderboard.csv").open(newline="", encoding="utf-8") as file:
        written = {row["autofocus"] or row["depth"]: row for row in csv.DictReader(file)}
    headings = {measure.heading: name for name, measure in MEASURES.items()}
    seen = 0
    for board in ("depth", "autofocus"):
        table = page.partition(f'<table data-board="{board}">')[2].partition("</table>")[0]
        for line in re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.S):
            cells = {
                unescape(name): unescape(text)
                for name, text in re.findall(r'<td[^>]* data-of="([^"]*)">(.*?)</td>', line, re.S)
            }
            row = written[cells[board]]
            if row["why"]:
                assert row["why"] in unescape(line)
                assert "<x>" not in line  # escaped
                continue
            for heading, name in headings.items():
                if heading in cells:
                    assert cells[heading] == row[name]
                    seen += bool(cells[heading])
    assert seen == 7
    assert page.count("<tr>") == len(ROWS) + 2
    assert "leaderboard.csv</a>" in page


# Going on


def test_an_identity_is_of_settings_files_and_modules(tmp_path, monkeypatch):
    weights, module = tmp_path / "mine.pt", tmp_path / "entered.py"
    weights.write_bytes(b"1")
    module.write_text("class Mine: ...\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path))
    settings = {"depth": {"_target_": "entered.Mine", "weights": "mine.pt", "sizes": [1, "two"]}}
    found = [identity(settings)]
    assert identity(settings) == found[0]
    weights.write_bytes(b"2")
    found.append(identity(settings))
    module.write_text("class Mine: pass\n")
    found.append(identity(settings))
    found.append(identity({"depth": settings["depth"] | {"sizes": [1, "three"]}}))
    found.append(identity({"depth": settings["depth"] | {"weights": str(weights)}}))
    found.append(identity({"depth": {"_target_": "nowhere.Mine"}}))
    assert len(set(found)) == len(found)
    ours = {"_target_": "rackfocus.optics.renderer.Renderer"}
    assert identity(ours) == identity(dict(ours))


@pytest.fixture
def ruler(scenes, tmp_path, monkeypatch):
    """A ruler that measures how often it is asked, and of some names raises an error."""
    asked = []

    def measured(self, entry):  # noqa: ARG001
        asked.append(entry.depth)
        if entry.depth == "missing":
            raise InputError("The weights\nare missing.")
        if entry.depth == "broken":
            raise ZeroDivisionError("by zero")
        return Measured({"psnr": float(len(asked))}, 6)

    monkeypatch.setattr(Ruler, "_measured", measured)

    def make(about=lambda part, name: {"part": part, "name": name}, **changed):
        given = {
            "parts": parts(),
            "about": about,
            "scenes": scenes,
            "clips": tmp_path,
            "conditions": Conditions(),
            "focus": FocusMeasure(),
            "shared": {"code": "a"},
            "machine": "2 cores",
            "revision": "abc",
        }
        return Ruler(**(given | changed))

    return make, asked


def test_a_row_that_is_there_is_not_measured_again(ruler):
    make, asked = ruler
    entries = crossed(depth=["a", "missing", "broken"])
    shown = []
    first = measured_rows(entries, [], make(), lambda rows, done: shown.append((len(rows), done)))
    assert shown == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert [result.why for result in first] == ["", "The weights are missing.", "ZeroDivisionError: by zero"]
    assert first[0].values == {"psnr": "1.00"}
    # What failed is tried again; another row comes beside those that are there.
    again = measured_rows(crossed(depth=["missing", "b"]), first, make(), lambda *_: None)
    assert asked == ["a", "missing", "broken", "missing", "b"]
    assert [result.entry.depth for result in again] == ["a", "missing", "broken", "b"]
    assert again[0] == first[0]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"shared": {"code": "b"}}, []),
        ({"conditions": Conditions(seed=1)}, []),
        ({"scenes": []}, []),
        ({"clips": Path("elsewhere")}, ["a"]),
        ({"machine": "4 cores", "revision": "def"}, ["a"]),
    ],
)
def test_rows_of_other_code_or_settings_are_left_out(change, kept, ruler):
    make, asked = ruler
    first = measured_rows(crossed(depth=["a"]), [], make(), lambda *_: None)
    then = measured_rows(crossed(depth=["b"]), first, make(**change), lambda *_: None)
    assert [result.entry.depth for result in then] == [*kept, "b"]
    assert asked == ["a", "b"]


def test_a_part_with_other_settings_is_measured_again(ruler):
    make, asked = ruler
    entries = crossed(depth=["a", "b"])
    first = measured_rows(entries, [], make(), lambda *_: None)

    def about(part, name):
        return {"part": part, "name": name} | ({"size": 3} if name == "a" else {})

    measured_rows(entries, first, make(about), lambda *_: None)
    assert asked == ["a", "b", "a"]


def test_clips_are_left_out_when_they_change(ruler, tmp_path):
    make, _ = ruler
    first = measured_rows(crossed(autofocus=["none"]), [], make(), lambda *_: None)
    assert measured_rows([], first, make(), lambda *_: None) == first
    (tmp_path / "annotation.json").write_text("{}")
    assert measured_rows([], first, make(), lambda *_: None) == []
