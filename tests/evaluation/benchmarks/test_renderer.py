"""The parts of the benchmark; the command itself runs in tests/cli/benchmark/test_renderer.py."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from rackfocus import InputError
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.benchmarks.renderer import cost
from rackfocus.evaluation.benchmarks.renderer.cell import Answer, Job, measure
from rackfocus.evaluation.benchmarks.renderer.chart import draw_scaling
from rackfocus.evaluation.benchmarks.renderer.cost import Cost, cells, measure_costs, predicted_cost
from rackfocus.evaluation.benchmarks.renderer.guard import Limits, StoppedError, guarded
from rackfocus.evaluation.benchmarks.renderer.inputs import SIZES, Size, parse_size, timing_input
from rackfocus.evaluation.benchmarks.renderer.journal import Journal
from rackfocus.evaluation.benchmarks.renderer.quality import Quality, measure_quality, tensor
from rackfocus.evaluation.benchmarks.renderer.sheet import draw_sheet, foreground_scenes
from rackfocus.evaluation.benchmarks.renderer.table import growth, headline, markdown
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method
from rackfocus.metrics.image import psnr
from rackfocus.metrics.silhouette import silhouette_psnr

SMALL = Size(64, 48)


@pytest.fixture(scope="module")
def scene_folder(raytraced):
    return scene_folders(raytraced, "test")[1]


def measured(method="ours", size=SMALL, radius=2.0, seconds=1.0, mib=10.0, backward=False, ratio=1.0):
    return Cost(method, backward, size.width, size.height, radius, seconds, ratio, ratio, ratio, 5, mib)


def test_sizes():
    assert parse_size("1080p") == Size(1920, 1080)
    assert parse_size("4K") == SIZES["4k"]
    assert parse_size("640x480") == Size(640, 480)
    assert (str(Size(512, 512)), str(Size(3, 2))) == ("512", "3x2")
    for text in ("", "0x4", "hd", "12x"):
        with pytest.raises(InputError, match="no size"):
            parse_size(text)


@pytest.mark.parametrize("size", [SMALL, Size(512, 512), Size(700, 100)])
def test_the_input_has_the_size_and_the_radius(scene_folder, size):
    linear, disparity = timing_input(load_scene(scene_folder), size, 16)
    assert linear.shape == (size.height, size.width, 3)
    assert disparity.shape == (size.height, size.width)
    assert np.abs(disparity).max() == pytest.approx(16, rel=1e-6)
    assert disparity.min() < 0 < disparity.max()
    assert linear.min() >= 0
    assert linear.dtype == disparity.dtype == np.float32


def test_silhouettes_stay_sharp_and_slopes_smooth(scene_folder):
    scene = load_scene(scene_folder)
    step = np.where(np.arange(384) < 200, -3.0, 3.0) + 0.01 * np.arange(384)
    scene = dataclasses.replace(scene, disparity=tensor_like(step, scene.disparity))
    _, disparity = timing_input(scene, Size(1536, 1024), 20)
    jumps = np.abs(np.diff(disparity[500]))
    assert (jumps > 1).sum() == 1
    assert np.delete(jumps, jumps.argmax()).max() < 20 * 0.05 / 6


def tensor_like(row, disparity):
    return disparity.new_tensor(row).expand_as(disparity).contiguous()


def test_cells_run_from_the_small_to_the_large():
    wanted = cells(["ours", "gegl", "paper"], [SIZES["1024"], SMALL], [8, 2], backward=True)
    assert [(cell.method, cell.backward, cell.width, cell.radius) for cell in wanted[:3]] == [
        ("ours", False, 64, 2),
        ("gegl", False, 64, 2),
        ("ours", True, 64, 2),
    ]
    assert wanted[-1].cell == ("ours", True, 1024, 1024, 8)
    assert len(wanted) == 12


def test_what_is_foreseen():
    records = [measured(size=Size(100, 100), radius=4, seconds=1, mib=10)]
    larger = Cost("ours", False, 200, 100, 12)
    assert predicted_cost(larger, records) == (pytest.approx(6), pytest.approx(20))
    assert predicted_cost(Cost("gegl", False, 200, 100, 12), records) is None
    assert predicted_cost(Cost("ours", False, 200, 100, 2), records) is None
    gathered = [dataclasses.replace(records[0], method="blender")]
    assert predicted_cost(dataclasses.replace(larger, method="blender"), gathered)[0] == pytest.approx(18)
    kept = [dataclasses.replace(records[0], backward=True)]
    assert predicted_cost(dataclasses.replace(larger, backward=True), kept)[1] == pytest.approx(60)


def test_ratios_are_medians_of_pairs_and_what_is_known_is_left(monkeypatch, tmp_path):
    def answered(job, _limits):
        if job.against is None:
            return Answer([9.0], [], 3 * 2**20)
        return Answer([2.0, 3.0, 8.0], [1.0, 3.0, 2.0], None)

    monkeypatch.setattr(cost, "guarded", answered)
    wanted = cells(["ours", "oracle"], [SMALL], [2], backward=False)
    known = [measured()]
    settings = {"scene": tmp_path, "repeats": 3, "cores": 1}
    (record,) = measure_costs(wanted, known, **settings, limits=Limits(1, 10))
    assert record == Cost("oracle", False, 64, 48, 2, 3.0, 2.0, 1.0, 4.0, 3, 3.0)
    (record,) = measure_costs(wanted, known, **settings, limits=Limits(1, 5))
    assert (record.seconds, record.ratio) == (9.0, None)
    assert record.skipped == "one run only: more than 5 s"
    small = measured("oracle", Size(32, 24), seconds=4, mib=500)
    (record,) = measure_costs(wanted, [*known, small], **settings, limits=Limits(1, 5))
    assert record.skipped == "would take about 16 s, by smaller cells"
    (record,) = measure_costs(wanted, [*known, small], **settings, limits=Limits(1, 20))
    assert record.skipped == "would need about 2 GB, by smaller cells"


class Clocked:
    """Renders nothing, and says that each run took one second more than the one before."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def render(self):
        self.seconds += 1
        return SimpleNamespace(seconds=self.seconds)


def test_a_job_in_this_process(scene_folder, monkeypatch):
    job = Job("input", None, False, str(scene_folder), 64, 48, 2.0, 2, 1)
    assert len(measure(job).seconds) == 1
    assert measure(job).peak_bytes < 2**20
    pairs = measure(dataclasses.replace(job, against="opencv-preblur"))
    assert (len(pairs.seconds), len(pairs.against_seconds), pairs.peak_bytes) == (2, 2, None)
    for name, seconds in (("input", 0), ("opencv-preblur", 100)):
        opened = Method(name, name, lambda *_, seconds=seconds: Clocked(seconds))
        monkeypatch.setitem(METHODS, name, opened)
    pairs = measure(dataclasses.replace(job, against="opencv-preblur"))
    assert pairs == Answer([2, 3], [102, 103], None)  # the first run of each does not count


def test_a_job_that_fails_or_takes_too_much_is_stopped(tmp_path, scene_folder):
    job = Job("input", None, False, str(tmp_path / "nowhere"), 64, 48, 2.0, 1, 1)
    with pytest.raises(StoppedError, match=r"failed: .*nowhere"):
        guarded(job, Limits(4, 10))
    with pytest.raises(StoppedError, match=r"needs more than 0\.01 GB"):
        guarded(dataclasses.replace(job, scene=str(scene_folder)), Limits(0.01, 10))


def test_a_journal_goes_on_where_it_was(tmp_path):
    path = tmp_path / "records.csv"
    first = Journal(path, Cost)
    whole, skipped = measured(), Cost("gegl", False, 4, 3, 2.5, skipped="would, perhaps, take long")
    first.add(whole)
    first.add(skipped)
    assert Journal(path, Cost).records == [whole, skipped]
    again = Journal(path, Cost, keep=lambda record: not record.skipped)
    assert again.records == [whole]
    again.add(skipped)
    assert Journal(path, Cost).records == [whole, skipped]
    assert list(tmp_path.iterdir()) == [path]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no record of this benchmark"):
        Journal(path, Cost)


def test_quality_is_that_of_the_metrics(scene_folder):
    scene = load_scene(scene_folder)
    arguments = {"known": (), "lpips": lambda image, truth: (image - truth).abs().mean()}
    (record,) = measure_quality([scene_folder], [METHODS["input"]], **arguments)
    picture = tensor(scene.radiance.permute(1, 2, 0).numpy())
    assert record.psnr == pytest.approx(psnr(picture, scene.f2[None]).item())
    assert record.lpips == pytest.approx((picture - scene.f2[None]).abs().mean().item())
    edges = silhouette_psnr(picture, scene.f2[None], scene.disparity[None])
    assert record.silhouette_psnr == pytest.approx(edges.item())
    assert record.radius == pytest.approx(scene.disparity.abs().max().item())
    assert not list(measure_quality([scene_folder], [METHODS["input"]], known=[record.cell], lpips=None))


def grid(power=1.0):
    """Times of ours that grow with that power of pixels and radius, and those of a peer twice as slow."""
    return [
        measured(name, size, radius, factor * 1e-7 * (size.pixels * radius) ** power, ratio=factor)
        for name, factor in (("ours", 1.0), ("gegl", 2.0))
        for size in (SMALL, SIZES["512"], SIZES["1080p"])
        for radius in (8.0, 32.0)
    ]


def test_growth_is_the_slope_on_a_log_scale():
    powers = growth(grid(0.75))
    assert len(powers) == 4 + 3
    assert all(power == pytest.approx(0.75) for _, power in powers)
    assert powers[0][0] == "pixels, 64x48 to 512, radius 8"
    assert powers[-1][0] == "radius, 8 to 32, 1080p"


def test_the_table_says_what_was_measured_and_what_not():
    skipped = Cost("oracle", False, 1920, 1080, 32.0, skipped="would take about 99 s, by smaller cells")
    quality = Quality("gegl", "test/1", False, 384, 256, 5.25, 30.126, 0.9, None, math.nan)
    text = markdown(
        [*grid(), skipped], [quality], {"blender": "Blender is not installed."}, {"machine": "toy"}
    )
    assert "- machine: toy" in text
    assert "| GEGL lens-blur | 2.00 | 10 | 30.13 | - | 0.9000 | - | - |" in text
    assert "| GEGL lens-blur | 512 | 2.00 (0.419 s) | 2.00 (1.678 s) |" in text
    assert "- torch FFT (oracle), 1080p, radius 32: would take about 99 s, by smaller cells" in text
    assert "- Blender Defocus: Blender is not installed." in text
    assert "1 scene of 384x256, radius 5.2 px" in text
    assert headline(grid(), backward=False) == (SIZES["1080p"], 32.0)
    assert headline(grid()[:3], backward=False) == (SIZES["512"], 8.0)
    assert headline([], backward=False) is None


def test_pictures(tmp_path, raytraced):
    draw_scaling([], tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    for name, costs in (("one.png", grid()[:1]), ("all.png", grid())):
        draw_scaling(costs, tmp_path / name)
        with Image.open(tmp_path / name) as image:
            assert (np.asarray(image) < 200).any()
    chosen = foreground_scenes(scene_folders(raytraced, "test"))
    assert [load_scene(folder).has_lights for folder in chosen] == [False, True]
    draw_sheet(chosen[:1], tmp_path / "sheet.jpg")
    with Image.open(tmp_path / "sheet.jpg") as image:
        assert image.size == (4 * 388 - 4, 2 * 282)
