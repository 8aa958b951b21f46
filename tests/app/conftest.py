"""A small video with two things in it, and a session that works on it with a small network."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from rackfocus.app.server.workspace import Workspace
from rackfocus.app.session.tools import Tools
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.types import AnnotatedVideo

SIZE, FRAMES = (128, 96), 30


def write_video(path: Path, *, sound: bool = False, frames: int = FRAMES) -> Path:
    """A patch that walks to the right over a still ground; a tone that grows louder."""
    random = np.random.default_rng(0)
    ground = cv2.resize(random.integers(40, 120, (12, 16, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
    patch = random.integers(120, 255, (30, 22, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15, options={"crf": "10", "g": "250"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        track = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for index in range(frames):
            picture, x = ground.copy(), 10 + 2 * index
            picture[40:70, x : x + 22] = patch
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
        if track is not None:
            count = 16000 * frames // 15
            wave = (np.linspace(0, 1, count) * 20000 * np.sin(np.arange(count) * 0.2)).astype(np.int16)
            for at in range(0, count, 1024):
                piece = av.AudioFrame.from_ndarray(wave[None, at : at + 1024].copy(), "s16", "mono")
                piece.sample_rate, piece.pts, piece.time_base = 16000, at, Fraction(1, 16000)
                container.mux(track.encode(piece))
            container.mux(track.encode(None))
    return path


@pytest.fixture(scope="session")
def write_walk() -> Callable[..., Path]:
    return write_video


@pytest.fixture(scope="session")
def a_video(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "walk.mp4", sound=True)


@pytest.fixture
def folder(tmp_path: Path, a_video: Path) -> Path:
    """A folder with that video."""
    (tmp_path / "walk.mp4").write_bytes(a_video.read_bytes())
    return tmp_path


@pytest.fixture(scope="session")
def tools() -> Tools:
    torch.manual_seed(3)
    network = RGBDHDRNet(base_width=4, levels=3).eval()
    return Tools(network=lambda: network, network_size_px=64)


@pytest.fixture
def workspace(folder: Path, tools: Tools):
    opened = Workspace.open(folder, tools=tools)
    yield opened
    opened.close()


@pytest.fixture
def session(workspace: Workspace):
    return workspace.session("walk.mp4")


@pytest.fixture
def identity() -> AnnotatedVideo:
    return AnnotatedVideo("walk.mp4", "0" * 64, *SIZE, FRAMES, 15.0)


@pytest.fixture
def until() -> Callable[..., None]:
    """Wait until something is so."""

    def wait(is_so: Callable[[], bool], seconds: float = 600) -> None:
        end_s = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end_s, "it took too long"
            time.sleep(0.005)

    return wait


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
