"""A refocusable clip gives what its video gives, without a network."""

import shutil

import pytest
import torch

from rackfocus import InputError, RefocusableClip, refocus
from rackfocus.pipelines.clip.make_clip import make_clip
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusTarget
from rackfocus.video import open_video
from rackfocus.video.codecs import H264
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.none import NoStabilizer

FAST = H264(preset="ultrafast")


@pytest.fixture
def source(tmp_path, make_video):
    return make_video(tmp_path / "v.mp4", pts=range(10), audio=[("aac", 48000, "stereo")])


@pytest.fixture
def clip(tmp_path, source, network, window_mean):
    make_clip(source, tmp_path / "v.rvr", model=network, stabilizer=window_mean())
    return tmp_path / "v.rvr"


def test_the_same_bytes_as_of_its_video(tmp_path, source, clip, network, window_mean):
    settings = {"focus": (20.0, 20.0), "codec": FAST}
    assert refocus(clip, tmp_path / "a.mp4", model="there is none", **settings) == 10
    refocus(source, tmp_path / "b.mp4", model=network, stabilizer=window_mean(), **settings)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_focus_that_is_followed_is_that_of_its_video(tmp_path, source, clip, network, window_mean):
    """But for what is rounded where the estimates of a video wait for their focus."""
    about = AnnotatedVideo("v.mp4", "0" * 64, 64, 48, 10, 24.0)
    focus = FocusAnnotation(about, (FocusTarget(0, 20, 20), FocusTarget(6, 50, 40)))
    lossless = H264(preset="ultrafast", crf=0)
    refocus(clip, tmp_path / "a.mp4", focus=focus, codec=lossless)
    refocus(source, tmp_path / "b.mp4", focus=focus, codec=lossless, model=network, stabilizer=window_mean())
    with open_video(tmp_path / "a.mp4") as one, open_video(tmp_path / "b.mp4") as other:
        for first, second in zip(one.frames(), other.frames(), strict=True):
            assert (first.encoded - second.encoded).abs().max() <= 6 / 255
            assert (first.encoded - second.encoded).abs().mean() <= 0.5 / 255


def test_a_preview_and_a_range(tmp_path, clip):
    assert refocus(clip, tmp_path / "o.mp4", first=2, last=6, scale=0.5, codec=FAST) == 4
    with open_video(tmp_path / "o.mp4") as reader:
        assert (reader.info.width, reader.info.height) == (32, 24)


def test_a_clip_of_some_frames(tmp_path, source, network):
    make_clip(source, tmp_path / "part.rvr", model=network, first=3, last=7)
    assert refocus(tmp_path / "part.rvr", tmp_path / "o.mp4", codec=FAST) == 4
    with pytest.raises(InputError, match="holds the frames 3 to 6 of its video, and none of those"):
        refocus(tmp_path / "part.rvr", tmp_path / "p.mp4", last=3, codec=FAST)


def test_a_video_that_was_moved(tmp_path, source, clip):
    moved = tmp_path / "elsewhere.mp4"
    shutil.move(source, moved)
    with pytest.raises(InputError, match="is not there"):
        refocus(clip, tmp_path / "o.mp4", codec=FAST)
    assert refocus(clip, tmp_path / "o.mp4", video=moved, codec=FAST) == 10


def test_what_is_stabilised_where_nothing_is_said(tmp_path, source, network):
    """A video and a clip alike; `NoStabilizer()` switches the filter off."""
    filters = {"default": None, "filtered": look_ahead_stabilizer(), "plain": NoStabilizer()}
    videos, maps = {}, {}
    for name, stabilizer in filters.items():
        settings = {"model": network, "stabilizer": stabilizer}
        refocus(source, tmp_path / f"{name}.mp4", focus=3.0, codec=FAST, **settings)
        make_clip(source, tmp_path / f"{name}.rvr", **settings)
        videos[name] = (tmp_path / f"{name}.mp4").read_bytes()
        maps[name] = RefocusableClip.open(tmp_path / f"{name}.rvr").disparity(5)
    assert videos["default"] == videos["filtered"] != videos["plain"]
    assert torch.equal(maps["default"], maps["filtered"])
    assert not torch.equal(maps["default"], maps["plain"])
