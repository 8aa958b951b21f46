"""Rendered video, with and without a stabiliser: what flickers is told from what does not."""

import math

import numpy as np
import pytest
import torch

from rackfocus.evaluation.stabilizer.clips import Clip, RaytracedClip
from rackfocus.evaluation.stabilizer.rendered import (
    estimate_clip,
    rendered,
    rendered_truth,
    score_rendered,
    stabilize_clip,
)
from rackfocus.optics.renderer import Renderer
from rackfocus.types import RGBDHDR
from rackfocus.video.flow.farneback import FarnebackFlow
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer

FRAMES, HEIGHT, WIDTH = 8, 48, 64


class Trembling:
    """A network whose depth is right but for gain and level, and trembles."""

    def __init__(self, truth, noise_px):
        self.noise = noise_px * torch.randn(FRAMES, 1, generator=torch.Generator().manual_seed(0))
        self.truth, self.calls = truth, 0

    def __call__(self, srgb, *, network_size_px=None):  # noqa: ARG002
        self.calls += 1
        disparity = (self.truth + self.noise[self.calls - 1]) * 0.5 + 1
        return RGBDHDR(disparity[None], torch.zeros_like(srgb))


def still_clip(*, light=False, known=True):
    picture = np.random.default_rng(0).integers(20, 200, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    if light:
        picture[20:24, 30:34] = 255
    truth = torch.linspace(-3, 3, WIDTH).expand(1, HEIGHT, WIDTH).contiguous()
    return Clip("still", [picture] * FRAMES, [], disparity=[truth] * FRAMES if known else None)


def scores(clip, noise_px, stabilizer=None):
    truth = torch.linspace(-3, 3, WIDTH).expand(1, HEIGHT, WIDTH)
    estimates = estimate_clip(clip, Trembling(truth, noise_px), network_size_px=None)
    if stabilizer is not None:
        estimates = stabilize_clip(clip, estimates, stabilizer)
    renderer = Renderer()
    video = rendered(clip, estimates, renderer)
    return score_rendered(clip, "a", video, rendered_truth(clip, renderer), FarnebackFlow())


def test_the_truth_but_for_gain_and_level_is_no_error():
    found = scores(still_clip(), 0.0)
    assert found.change_error == pytest.approx(0, abs=1e-3)
    assert found.flow_difference == pytest.approx(0, abs=1e-3)
    assert math.isnan(found.flicker)


def test_what_trembles_is_counted_and_a_stabiliser_calms_it():
    clip = still_clip(light=True)
    stabilizer = TemporalStabilizer(flow=FarnebackFlow(), window_frames=3, look_ahead_frames=3)
    before, after = scores(clip, 1.0), scores(clip, 1.0, stabilizer)
    assert before.flicker > 0.05
    assert after.flicker < 0.6 * before.flicker
    assert after.change_error < 0.6 * before.change_error


def test_without_truth_only_the_light_is_judged():
    found = scores(still_clip(light=True, known=False), 1.0)
    assert found.flicker > 0
    assert math.isnan(found.change_error)
    assert math.isnan(found.flow_difference)


def test_the_ray_traced_clip_knows_its_disparity(raytraced):
    clip = RaytracedClip(raytraced / "clip").read("r", frames=3, longer_side_px=64, flow=FarnebackFlow())
    assert clip.disparity is not None
    assert len(clip.disparity) == len(clip.frames) == 3
    assert clip.disparity[0].shape == (1, *clip.frames[0].shape[:2])
    assert float(clip.disparity[0].min()) < 0.5 < float(clip.disparity[0].max())
