"""The renderer against ray tracing, on the embedded test scenes: what `make demo` prints."""

from statistics import fmean

import pytest
import torch

from rackfocus.data.raytraced import load_scene, scene_folders
from rackfocus.evaluation.raytraced import (
    evaluate_scenes,
    network_method,
    render_target,
    renderer_methods,
    targets,
    unblurred,
)
from rackfocus.evaluation.records import summarise
from rackfocus.metrics.image import psnr
from rackfocus.optics.radiometry import srgb_to_linear


@pytest.fixture(scope="module")
def records(raytraced):
    return list(evaluate_scenes(scene_folders(raytraced, "test"), [unblurred(), *renderer_methods()]))


def test_the_default_renderer_is_within_40_db_of_ray_tracing(records):
    by_method = {summary.method: summary for summary in summarise(records)}
    default = by_method["truth, coverage"]
    assert default.psnr_plain >= 40
    assert default.psnr_plain - by_method["truth, paper"].psnr_plain >= 10
    assert default.psnr_plain >= by_method["truth, weighted_sum"].psnr_plain
    assert default.psnr_plain - by_method["input, not blurred"].psnr_plain >= 5


def test_one_record_a_scene_method_and_target(records, raytraced):
    scenes = scene_folders(raytraced, "test")
    assert len(records) == len(scenes) * 5 * 3
    assert {record.target for record in records} == {"f/2", "f/8", "f/2 refocused"}
    truth = [record for record in records if record.method.startswith("truth")]
    assert fmean(record.disparity_rms for record in truth) == 0
    assert fmean(record.hdr_log_mse for record in truth) == 0


def test_a_record_by_hand(raytraced):
    folder = scene_folders(raytraced, "test")[0]
    scene = load_scene(folder)
    record = next(iter(evaluate_scenes([folder], [unblurred()])))
    expected = psnr(srgb_to_linear(scene.deep_srgb[None]), scene.f2[None]).item()
    # Zero disparity leaves the soft mattes' own slight blur.
    assert record.psnr == pytest.approx(expected, abs=1.0)
    assert record.disparity_rms == pytest.approx(scene.disparity.square().mean().sqrt().item(), rel=1e-4)


def test_refocusing_reaches_the_other_focal_plane(raytraced):
    scene = load_scene(scene_folders(raytraced, "test")[0])
    truth = renderer_methods()[0].estimate(scene)
    photograph, ratio, focal_disparity = targets(scene)["f/2 refocused"]
    right = psnr(render_target(truth, ratio, focal_disparity, "coverage"), photograph)
    wrong = psnr(render_target(truth, ratio, 0.0, "coverage"), photograph)
    assert right > wrong + 8


def test_a_network_is_measured_like_the_rest(tiny_network, raytraced):
    folder = scene_folders(raytraced, "validation")[0]
    with torch.inference_mode():
        records = list(evaluate_scenes([folder], [network_method("tiny", tiny_network)]))
    assert [record.method for record in records] == ["tiny"] * 3
    assert all(0 < record.psnr < 100 and 0 < record.disparity_rms < 20 for record in records)
