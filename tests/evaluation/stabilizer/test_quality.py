import math

import cv2
import numpy as np
import pytest
import torch

from rackfocus.evaluation.stabilizer.clips import Clip, Motion, PosedVideoClip, VideoClip
from rackfocus.evaluation.stabilizer.quality import estimated, inputs, score, stabilized, with_noise
from rackfocus.evaluation.stabilizer.strip import draw_strip
from rackfocus.types import InputError
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer

SIZE = (48, 64)


def clip(frames=8, masks=True):
    """A still picture."""
    noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    image = cv2.GaussianBlur(noise, (0, 0), 2)
    subject = torch.zeros(SIZE, dtype=torch.bool)
    subject[12:36, 20:44] = True
    still = Motion(torch.zeros(2, *SIZE), torch.ones(SIZE, dtype=torch.bool))
    return Clip("still", [image] * frames, [still] * (frames - 1), [subject] * frames if masks else None)


def test_noise_is_new_in_every_frame_and_the_same_by_seed():
    plain = [10 * torch.rand(1, *SIZE)] * 5
    one, again, other = (with_noise(plain, seed=seed) for seed in (1, 1, 2))
    for maps, same in zip(one, again, strict=True):
        assert torch.equal(maps, same)
    assert not torch.equal(one[0], one[1])
    assert not torch.equal(one[0], other[0])


def test_a_filter_makes_a_still_picture_steady_and_keeps_its_edges():
    still = clip()
    found = inputs(still, [torch.zeros(1, *SIZE)] * 8, seed=0)
    assert set(found) == {"network", "network + noise", "mask", "mask + noise"}
    noisy, plain = found["mask + noise"]
    made = TemporalStabilizer(flow=DISFlow(), window_frames=3, look_ahead_frames=3, outlier_scale=0.05)
    per_frame, steady = (
        score(still, "mask + noise", "any", maps, plain) for maps in (noisy, stabilized(still, noisy, made))
    )
    assert steady.warped_error < 0.4 * per_frame.warped_error
    assert steady.kept_error < 0.7 * per_frame.kept_error
    assert steady.boundary_f1 > per_frame.boundary_f1
    assert math.isnan(steady.alignment_error)
    truth = score(still, "mask", "any", plain, plain)
    assert (truth.warped_error, truth.boundary_f1, truth.kept_error) == (0, 1, 0)


def test_the_network_sees_each_frame(tiny_network):
    maps = estimated(clip(2), tiny_network, network_size_px=32)
    assert [tuple(map_.shape) for map_ in maps] == [(1, *SIZE)] * 2


def test_a_video_with_masks(tmp_path):
    for folder, depth in (("frames", 3), ("masks", 1)):
        (tmp_path / folder).mkdir()
        for number in range(4):
            picture = np.full((40, 60, depth), 60 * number, np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{number:03d}.png"), picture)
    source = VideoClip(tmp_path / "frames", first=1, masks=tmp_path / "masks")
    read = source.read("some", frames=2, longer_side_px=30, flow=DISFlow())
    assert [frame.shape for frame in read.frames] == [(20, 30, 3)] * 2
    assert [frame.mean() for frame in read.frames] == [60, 120]
    assert len(read.motions) == 1
    assert read.masks is not None
    assert all(mask.all() for mask in read.masks)
    (tmp_path / "masks" / "003.png").unlink()
    with pytest.raises(InputError, match="does not hold a mask for each frame"):
        source.read("some", frames=3, longer_side_px=30, flow=DISFlow())
    with pytest.raises(InputError, match="set first lower"):
        VideoClip(tmp_path / "frames", first=3).read("some", frames=3, longer_side_px=30, flow=DISFlow())


def test_the_truth_is_consistent_with_itself(shared):
    """Of 7-Scenes: the true depth, moved by the true poses, errs by the sensor's noise only."""
    source = PosedVideoClip(shared / "data" / "depth" / "rgbd_video_7scenes")
    read = source.read("scenes", frames=3, longer_side_px=640, flow=DISFlow())
    plain = inputs(read, [torch.zeros(1, 480, 640)] * 3, seed=0)["truth + noise"]
    noisy, clean = (score(read, "truth", "any", maps, plain[1]) for maps in plain)
    assert clean.alignment_error < 0.06
    assert clean.alignment_error < noisy.alignment_error
    assert clean.warped_error < noisy.warped_error


def test_a_strip_of_pictures(tmp_path):
    still = clip(4)
    maps = [torch.rand(1, *SIZE) for _ in range(4)]
    draw_strip(still, {"one": maps, "other": maps}, tmp_path / "strip.jpg", columns=[0, 3], width_px=80)
    assert cv2.imread(str(tmp_path / "strip.jpg")).shape == (3 * 60, 2 * 80, 3)
