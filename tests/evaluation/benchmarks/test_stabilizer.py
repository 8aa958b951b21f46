from itertools import islice

import numpy as np
import pytest
import torch

from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.benchmarks.renderer.inputs import Size
from rackfocus.evaluation.benchmarks.stabilizer import memory_peak, naive_cost, panned, stage_costs
from rackfocus.evaluation.stabilizer.naive import naive_stabilize
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer.stabilizer import EXPOSURE_SCALE, TemporalStabilizer

SMALL = Size(96, 64)


@pytest.fixture(scope="module")
def frames(raytraced):
    scene = load_scene(scene_folders(raytraced, "test")[0])
    return list(islice(panned(scene, SMALL), 9))


def test_the_camera_pans(frames):
    assert all(frame.image.shape == (64, 96, 3) for frame in frames)
    np.testing.assert_array_equal(frames[0].image[1:, 2:], frames[1].image[:-1, :-2])
    assert not torch.equal(frames[0].disparity[:, 1:, 2:], frames[1].disparity[:, :-1, :-2])


def test_the_naive_design_is_the_same_filter(frames):
    """But for the rims of masks, and for what the median of an even number of values is."""
    made = TemporalStabilizer(flow=DISFlow(), window_frames=4)
    filtered = [one for frame in frames[:5] for one in made.push(*frame)]
    naive, naive_light = naive_stabilize(frames[:5], made.flow, 1.0, 0.003 * 96, EXPOSURE_SCALE)
    inner = (..., slice(8, -8), slice(8, -8))
    off = (filtered[4].disparity - naive).abs()[inner]
    assert off.median() < 1e-3
    assert (off < 0.02).float().mean() > 0.9
    assert (filtered[4].log_exposure - naive_light).abs()[inner].median() < 1e-5


@pytest.mark.parametrize(("size_px", "grid"), [(None, False), (32, True)])
def test_every_stage_has_its_cost(frames, size_px, grid):
    made = TemporalStabilizer(flow=DISFlow(), size_px=size_px)
    costs = [
        *stage_costs(frames, made),
        naive_cost(frames, made.flow, window_frames=6, delta_px=1.0, outlier_scale=0.003),
    ]
    assert [cost.stage for cost in costs] == [
        *["to the grid"] * grid, "keep the frame", "shot cut", "flow there", "flow back", "Eq. 7", "Eq. 8",
        *["from the grid"] * grid, "all, as `push` does it", "the naive design",
    ]  # fmt: skip
    assert all(cost.wall_s > 0 for cost in costs)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_video(raytraced):
    made = TemporalStabilizer(flow=DISFlow())
    scene, size = scene_folders(raytraced, "test")[0], Size(320, 180)
    short, long = (memory_peak(made, scene, size, frames=count).megabytes for count in (50, 500))
    assert long < short + 8
