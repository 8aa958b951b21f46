import math

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from rackfocus.evaluation.public.videos import Footage, footage_of, score_video
from rackfocus.metrics.video.edge_preservation import edge_preservation, smoothness
from rackfocus.metrics.video.video_distance import CLIP_FRAMES, VideoFID
from rackfocus.types import InputError
from rackfocus.video.flow.dis import DISFlow

HEIGHT, WIDTH = 48, 64


def still(first, second):  # noqa: ARG001
    """A flow that sees no motion."""
    return np.zeros((*first.shape[:2], 2), np.float32)


def brightness(first, second):
    """A flow that is easily foretold."""
    shift = (float(second.mean()) - float(first.mean())) / 255
    return np.full((*first.shape[:2], 2), shift, np.float32)


def write(folder, frames):
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{number:03d}.png"), np.ascontiguousarray(frame[..., ::-1]))
    return folder


@pytest.fixture
def noise():
    random = np.random.default_rng(5)
    return random.integers(0, 256, (4, HEIGHT, WIDTH, 3)).astype(np.uint8)


def as_tensor(frame):
    return torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255


def test_beside_the_truth(noise, tmp_path):
    truth = np.stack([cv2.GaussianBlur(frame, (0, 0), 1.0) for frame in noise])
    footage = Footage("one", write(tmp_path / "video", noise), truth=write(tmp_path / "truth", truth))
    score = score_video(footage, flow=brightness)
    pairs = [(as_tensor(a), as_tensor(b)) for a, b in zip(noise, truth, strict=True)]
    assert (score.video, score.frames) == ("one", 4)
    assert score.psnr == pytest.approx(
        np.mean([peak_signal_noise_ratio(*p, data_range=1.0) for p in pairs]), abs=1e-4
    )
    assert score.ssim == pytest.approx(
        np.mean([structural_similarity_index_measure(*p, data_range=1.0) for p in pairs]), abs=1e-5
    )
    steps = np.diff(noise / 255.0, axis=0) - np.diff(truth / 255.0, axis=0)
    assert score.change_error == pytest.approx(np.abs(steps).mean(), abs=1e-5)
    shifts = [np.diff(each.reshape(4, -1).mean(1)) / 255 for each in (noise, truth)]
    assert score.flow_error == pytest.approx(np.abs(shifts[0] - shifts[1]).mean(), abs=1e-5)
    assert math.isnan(score.lpips)
    assert math.isnan(score.vepi)


def test_edges_of_the_subject(noise, tmp_path):
    shallow = np.stack([cv2.GaussianBlur(frame, (0, 0), 0.5 + index) for index, frame in enumerate(noise)])
    mask = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    mask[10:30, 20:50] = 40  # not black is the subject
    footage = Footage(
        "one",
        write(tmp_path / "video", shallow),
        sharp=write(tmp_path / "sharp", noise),
        masks=write(tmp_path / "masks", [mask] * 4),
    )
    score = score_video(footage, flow=still)
    expected = [edge_preservation(a, b, mask[..., 0] > 0) for a, b in zip(noise, shallow, strict=True)]
    assert score.vepi == pytest.approx(np.mean(expected))
    assert score.vepi_smoothness == pytest.approx(smoothness(expected))
    assert math.isnan(score.psnr)


def test_change_along_the_motion(tmp_path, noise):
    wide = cv2.GaussianBlur(np.tile(noise[0], (1, 2, 1)), (0, 0), 2.0)
    moving = [wide[:, 3 * step : 3 * step + WIDTH] for step in range(4)]
    footage = Footage("one", write(tmp_path / "moving", moving))
    followed = score_video(footage, flow=DISFlow()).warped_error
    assert score_video(footage, flow=still).warped_error == pytest.approx(
        np.abs(np.diff(np.stack(moving) / 255.0, axis=0)).mean(), abs=1e-5
    )
    assert followed < 0.2 * score_video(footage, flow=still).warped_error
    # Along the motion of the sharp video: a blurred one that stands still flickers by what moves.
    stands = Footage("one", write(tmp_path / "stands", [wide[:, :WIDTH]] * 4), sharp=footage.video)
    assert score_video(stands, flow=DISFlow()).warped_error > followed


class Brightness(nn.Module):
    num_features = 1

    def forward(self, clips):
        return clips.mean(dim=(2, 3, 4))[:, :1]


def test_whole_clips_are_compared(tmp_path):
    grey = [np.full((HEIGHT, WIDTH, 3), 5 * index, np.uint8) for index in range(2 * CLIP_FRAMES + 3)]
    footage = Footage("one", write(tmp_path / "a", grey), truth=write(tmp_path / "b", grey))
    distance = VideoFID(Brightness())
    score_video(footage, flow=still, distance=distance)
    assert distance.compute() == pytest.approx(0, abs=1e-6)  # of two clips each


def test_videos_are_matched_by_name(tmp_path, noise):
    for folder in ("ours", "truth"):
        for name in ("bear", "camel"):
            write(tmp_path / folder / name, noise)
    found = footage_of(tmp_path / "ours", tmp_path / "truth", None, None)
    assert [(each.name, each.truth) for each in found] == [
        ("bear", tmp_path / "truth" / "bear"),
        ("camel", tmp_path / "truth" / "camel"),
    ]
    (one,) = footage_of(tmp_path / "ours" / "bear", tmp_path / "truth" / "camel", None, None)
    assert (one.name, one.truth) == ("bear", tmp_path / "truth" / "camel")  # one and one need no name
    (tmp_path / "truth" / "camel").rename(tmp_path / "truth" / "horse")
    with pytest.raises(InputError, match="camel has no counterpart named camel in truth"):
        footage_of(tmp_path / "ours", tmp_path / "truth", None, None)
    with pytest.raises(InputError, match="nowhere is missing"):
        footage_of(tmp_path / "nowhere", None, None, None)


def test_what_does_not_belong_together(tmp_path, noise):
    video = write(tmp_path / "video", noise)
    short = Footage("one", video, truth=write(tmp_path / "short", noise[:3]))
    with pytest.raises(InputError, match="short has 3 frames, fewer than what belongs to it"):
        score_video(short, flow=still)
    small = Footage("one", video, truth=write(tmp_path / "small", noise[:, :40]))
    with pytest.raises(InputError, match="video is 64x48 pixels where its truth has 64x40"):
        score_video(small, flow=still)
    masks = Footage("one", video, sharp=video, masks=write(tmp_path / "masks", noise[:2]))
    with pytest.raises(InputError, match="masks has 2 frames"):
        score_video(masks, flow=still)
    with pytest.raises(InputError, match="has no two frames"):
        score_video(Footage("one", write(tmp_path / "picture", noise[:1])), flow=still)
