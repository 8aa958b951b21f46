"""The renderer against ray tracing, on the embedded test scenes: what `make demo` prints."""

import math

import pytest
import torch

from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.images.baselines import Backends, ConstantDepth, NoHDR
from rackfocus.evaluation.images.raytraced import (
    evaluate_scenes,
    network_method,
    predictor_method,
    render_target,
    renderer_methods,
    targets,
    unblurred,
)
from rackfocus.evaluation.reports.summary import summarise
from rackfocus.metrics.image import psnr
from rackfocus.optics.radiometry import srgb_to_linear


@pytest.fixture(
    scope="module", params=[2, pytest.param(6, marks=pytest.mark.slow)], ids=lambda count: f"{count} scenes"
)
def scenes(request, raytraced):
    """One with lights and one without; or all of them."""
    return scene_folders(raytraced, "test")[: request.param]


@pytest.fixture(scope="module")
def records(scenes):
    return list(evaluate_scenes(scenes, [unblurred(), *renderer_methods()]))


def test_the_default_renderer_is_within_40_db_of_ray_tracing(records):
    plain = {summary.method: summary.values["psnr_plain"].mean for summary in summarise(records)}
    default = plain["truth, coverage"]
    assert default >= 40
    assert default - plain["truth, paper"] >= 10
    assert default >= plain["truth, weighted_sum"]
    assert default - plain["input, not blurred"] >= 5


def test_one_record_a_scene_method_and_target(records, scenes):
    assert len(records) == len(scenes) * 5 * 3
    assert {record.target for record in records} == {"f/2", "f/8", "f/2 refocused"}
    truth = [record for record in records if record.method.startswith("truth")]
    assert all(math.isnan(record.disparity_rms) and math.isnan(record.hdr_log_mse) for record in truth)


def test_lights_are_judged_where_there_are_some(records, scenes):
    has_lights = {folder.name: load_scene(folder).has_lights for folder in scenes}
    assert set(has_lights.values()) == {True, False}
    for record in records:
        assert math.isnan(record.psnr_plain) == has_lights[record.image]
        assert math.isnan(record.psnr_lights) != has_lights[record.image]
    lit = {s.method: s.values["psnr_lights"].mean for s in summarise(records)}
    assert lit["truth, coverage"] > lit["input, not blurred"] + 5


def test_a_record_by_hand(raytraced):
    folder = scene_folders(raytraced, "test")[0]
    scene = load_scene(folder)
    record = next(iter(evaluate_scenes([folder], [unblurred()])))
    expected = psnr(srgb_to_linear(scene.deep_srgb[None]), scene.f2[None]).item()
    # Zero disparity leaves the soft mattes' own slight blur.
    assert record.psnr == pytest.approx(expected, abs=1.0)
    truth = scene.disparity
    assert record.disparity_rms == pytest.approx(truth.square().mean().sqrt().item(), rel=1e-4)
    large = truth[truth.abs() >= truth.abs().flatten().quantile(0.75)]
    assert record.disparity_rms_large == pytest.approx(large.square().mean().sqrt().item(), rel=1e-4)
    assert record.disparity_share == pytest.approx(1, abs=1e-6)
    assert record.whdr == 0.5


def test_refocusing_reaches_the_other_focal_plane(raytraced):
    scene = load_scene(scene_folders(raytraced, "test")[0])
    truth = renderer_methods()[0].estimate(scene)
    photograph, ratio, focal_disparity = targets(scene)["f/2 refocused"]
    right = psnr(render_target(truth, ratio, focal_disparity), photograph)
    wrong = psnr(render_target(truth, ratio, 0.0), photograph)
    assert right > wrong + 8


def test_a_network_is_measured_like_the_rest(tiny_network, raytraced):
    folder = scene_folders(raytraced, "validation")[0]
    with torch.inference_mode():
        records = list(evaluate_scenes([folder], [network_method("tiny", tiny_network)]))
    assert [record.method for record in records] == ["tiny"] * 3
    assert all(0 < record.psnr < 100 and 0 < record.disparity_rms < 20 for record in records)


def test_what_a_method_does_not_say_it_borrows_and_says_so(raytraced):
    folder = scene_folders(raytraced, "validation")[0]
    scene = load_scene(folder)

    def nearness(srgb):
        return 7 - 0.3 * scene.disparity[None].expand(len(srgb), -1, -1, -1)

    methods = [
        Backends("exact", depth=nearness),
        Backends("plane", depth=ConstantDepth()),
        Backends("clipped", hdr=NoHDR()),
    ]
    records = list(evaluate_scenes([folder], [predictor_method(method) for method in methods]))
    exact, plane, clipped = records[::3]
    assert [record.method for record in (exact, plane, clipped)] == [
        "exact (D aligned)",
        "plane (D aligned)",
        "clipped (true D)",
    ]
    assert exact.disparity_rms_aligned == pytest.approx(0, abs=1e-4)
    assert (exact.boundary_f1, exact.whdr) == (1, 0)
    assert exact.abs_rel == pytest.approx(0, abs=0.02)  # disparity is stored in 16 bits
    assert math.isnan(exact.disparity_rms)
    assert math.isnan(exact.hdr_log_mse)
    assert plane.disparity_share == pytest.approx(1)
    assert exact.psnr == pytest.approx(clipped.psnr, abs=0.1)
    assert math.isnan(clipped.disparity_rms_aligned)
    assert clipped.hdr_log_mse > 0
