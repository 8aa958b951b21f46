"""Decoding by a GPU: its samples are those of the CPU, and where there is none, a sentence says so."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.decoding.hardware import hardware, planar

Maker = Callable[..., Path]


@pytest.mark.parametrize(
    ("interleaved", "planes", "depth"), [("nv12", "yuv420p", 8), ("p010le", "yuv420p10le", 10)]
)
def test_interleaved_samples_are_those_in_planes(interleaved: str, planes: str, depth: int) -> None:
    codes = np.random.default_rng(0).integers(0, 2**depth, (96, 64), np.uint16)
    picture = av.VideoFrame.from_ndarray(codes.astype(np.uint8) if depth == 8 else codes, format=planes)
    picture.pts, picture.colorspace, picture.color_range = 7, 1, 2
    downloaded = picture.reformat(format=interleaved)
    back = planar(downloaded)
    assert back.format.name == planes
    assert (back.to_ndarray() == codes).all()
    assert (back.pts, back.colorspace, back.color_range) == (7, 1, 2)
    assert planar(picture) is picture


def test_hardware_that_ffmpeg_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match=r"^hwaccel must be null or one of .*, and is nvdec\.$"):
        hardware("nvdec")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_hardware_that_is_not_there_is_refused(make_video: Maker, tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4")
    with pytest.raises(InputError, match=r"^hwaccel=cuda is not there.*leave it out to decode on the CPU\.$"):
        open_video(source, hwaccel="cuda")


@pytest.mark.gpu
def test_a_gpu_decodes_the_same_samples(make_video: Maker, tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", size=(320, 240))
    with open_video(source) as cpu, open_video(source, hwaccel="cuda") as gpu:
        for one, other in zip(cpu.frames(), gpu.frames(), strict=True):
            assert one.pts == other.pts
            assert torch.equal(one.encoded, other.encoded)
