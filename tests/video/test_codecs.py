"""Settings of codecs, and the encoder of a GPU that is not there."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from rackfocus.types import InputError
from rackfocus.video import VideoWriter, open_video
from rackfocus.video.codecs import H264, HEVC, NVENC, Codec

Maker = Callable[..., Path]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder": "av1_nvenc"}, "codec.encoder must be h264_nvenc or hevc_nvenc, and is av1_nvenc."),
        ({"cq": 0}, "codec.cq must lie from 1 to 51, and is 0."),
        ({"cq": float("nan")}, "codec.cq must lie from 1 to 51, and is nan."),
        ({"preset": "medium"}, "codec.preset must be one of p1, p2, p3, p4, p5, p6, p7, and is medium."),
    ],
)
def test_settings_of_nvenc_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        NVENC(**settings)
    assert str(refused.value) == message


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(("encoder", "instead"), [("h264_nvenc", "h264"), ("hevc_nvenc", "hevc")])
def test_nvenc_that_is_not_there_is_refused_at_once(encoder: str, instead: str) -> None:
    with pytest.raises(InputError, match=rf"^codec={encoder} is not there.*use codec={instead}\.$"):
        NVENC(encoder)


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="there is one core only"
)
@pytest.mark.parametrize("codec", [H264(), HEVC()], ids=["h264", "hevc"])
def test_the_bytes_do_not_depend_on_the_number_of_cores(codec: Codec) -> None:
    def coded() -> bytes:
        with av.open(io.BytesIO(), "w", format="matroska") as container:
            stream: Any = container.add_stream(codec.encoder, rate=24, options=codec.options())
            stream.width, stream.height, stream.pix_fmt = 320, 240, codec.pixel_format(8)
            shown = [np.ascontiguousarray(noise[at : at + 240, at : at + 320]) for at in range(24)]
            frames = [av.VideoFrame.from_ndarray(each, format="rgb24") for each in shown]
            return b"".join(bytes(packet) for frame in [*frames, None] for packet in stream.encode(frame))

    noise = np.random.default_rng(0).integers(0, 256, (280, 360, 3), dtype=np.uint8)
    cores = os.sched_getaffinity(0)
    by_all = coded()
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert coded() == by_all
    finally:
        os.sched_setaffinity(0, cores)


@pytest.mark.gpu
@pytest.mark.parametrize("encoder", ["h264_nvenc", "hevc_nvenc"])
def test_nvenc_writes_every_frame_at_its_time(make_video: Maker, tmp_path: Path, encoder: str) -> None:
    source = make_video(tmp_path / "a.mp4", pts=range(100), size=(320, 240))
    with (
        open_video(source) as reader,
        VideoWriter(tmp_path / "o.mp4", reader, codec=NVENC(encoder)) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame, frame.encoded)
    with av.open(str(source)) as before, av.open(str(tmp_path / "o.mp4")) as after:
        times = [[picture.time for picture in each.decode(video=0)] for each in (before, after)]
    assert times[0] == times[1]
