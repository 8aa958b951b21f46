"""A network whose answers are known, a filter that remembers and looks ahead, and small videos."""

import os
import signal
import time
from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from torch import nn

from rackfocus import RGBDHDR
from rackfocus.pipelines.clip.make_clip import make_clip
from rackfocus.video.stabilizer.stabilizer import Stabilized


class Known(nn.Module):
    """Disparity follows green, the light beyond white is where red is bright."""

    def forward(self, srgb, *, network_size_px=None):  # noqa: ARG002
        return RGBDHDR(20 * srgb[:, 1:2] - 8, 0.02 * (srgb > 0.4) * srgb[:, :1])


class WindowMean:
    """The mean of two frames before, the frame, and one after."""

    warm_up_frames = 2
    look_ahead_frames = 1

    def __init__(self):
        self.seen = []

    def push(self, image, disparity, log_exposure):
        self.seen.append((disparity, log_exposure, float(image.mean())))
        return [self._at(len(self.seen) - 2)] if len(self.seen) > 1 else []

    def finish(self):
        settled = [self._at(len(self.seen) - 1)] if self.seen else []
        self.seen = []
        return settled

    def _at(self, index):
        window = self.seen[max(0, index - 2) : index + 2]
        means = [torch.stack([each[half] for each in window]).mean(0) for half in (0, 1)]
        is_cut = index > 0 and abs(self.seen[index][2] - self.seen[index - 1][2]) > 20
        return Stabilized(index, *means, is_cut)


def write_video(
    path, *, pts=range(6), size=(32, 24), codec="libx264", pixel_format="yuv420p", rotation=0, jump=99
):
    """Ramps that change from frame to frame, and all at once at frame `jump`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.time_base = stream.codec_context.time_base = Fraction(1, 24)
        if codec == "libx264":
            stream.codec_context.options = {"crf": "10", "g": "4", "bf": "0"}
        if rotation:
            stream.set_display_rotation(rotation)
        across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
        for index, stamp in enumerate(pts):
            level = 90 * (index >= jump)
            planes = (40 + level + 12 * (index % 8) + 60 * across, 90 + 60 * down, 110 + 40 * across * down)
            rgb = np.stack(planes, 2).clip(0, 255).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixel_format)
            picture.pts, picture.time_base = stamp, Fraction(1, 24)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def contents(folder):
    """Every file of a folder and what is in it."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def make(source, target, **settings):
    return make_clip(source, target, model=Known(), stabilizer=WindowMean(), **settings)


def in_child(job, *, kill_after=None):
    """Run `job` in a process of its own, which may be killed with signal 9; gives its exit code or -9.

    `kill_after` is so many calls of the `progress` that the job is given then, and so many seconds more.
    """
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        code = 99
        try:
            torch.set_num_threads(1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            job() if kill_after is None else job(progress=lambda *_: os.write(said, b"."))
            code = 0
        finally:
            os._exit(code)
    os.close(said)
    with os.fdopen(heard, "rb") as calls:
        if kill_after is not None:
            calls.read(kill_after[0])
            time.sleep(kill_after[1])
            os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture(name="make")
def make_fixture():
    return make


@pytest.fixture(name="write_video")
def write_video_fixture():
    return write_video


@pytest.fixture(name="contents")
def contents_fixture():
    return contents


@pytest.fixture(name="in_child")
def in_child_fixture():
    return in_child


@pytest.fixture(name="known")
def known_fixture():
    return Known()


@pytest.fixture
def source(tmp_path):
    return write_video(tmp_path / "in.mp4")


@pytest.fixture
def clip(tmp_path, source):
    """A finished clip of six frames."""
    make(source, tmp_path / "in.rvr")
    return tmp_path / "in.rvr"
