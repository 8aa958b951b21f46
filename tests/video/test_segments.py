"""Segments laid end to end are one stream, whatever the codec, and outlive the program that made them."""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
import torch

from rackfocus.types import InputError
from rackfocus.video import ColourTags, VideoWriter, encode, open_video
from rackfocus.video.codecs import H264, HEVC, Codec, ProRes
from rackfocus.video.pixels import picture_to_rgb, rgb_to_picture
from rackfocus.video.segments import CodedPacket, Segment, SegmentEncoder, joined_packets

Maker = Callable[..., Path]

FAST = H264(preset="veryfast")  # With pictures that refer to later ones, which ultrafast does without.
CODECS = [  # With how they are decoded; FFmpeg takes every ProRes 4444 for one of 12 bits.
    (H264(preset="veryfast"), "o.mp4", "yuv420p"),
    (H264(preset="veryfast", bit_depth=10), "o.mkv", "yuv420p10le"),
    (HEVC(preset="ultrafast"), "o.mp4", "yuv420p"),
    (HEVC(preset="ultrafast", bit_depth=10), "o.mov", "yuv420p10le"),
    (ProRes(), "o.mov", "yuv422p10le"),
    (ProRes(profile="4444"), "o.mkv", "yuv444p12le"),
]


def copy(source: Path, target: Path, *, stop_at: int | None = None, **settings: Any) -> VideoWriter:
    with open_video(source) as reader, VideoWriter(target, reader, **{"codec": FAST} | settings) as writer:
        for frame in reader.frames(writer.frames_written):
            if frame.index == stop_at:
                raise KeyboardInterrupt
            writer.write(frame, frame.encoded)
    return writer


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stamps(path: Path) -> list[tuple[Fraction, Fraction]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        tick = stream.time_base or Fraction(1)
        packets = [packet for packet in container.demux(stream) if packet.dts is not None and packet.size]
        return [((packet.dts or 0) * tick, (packet.pts or 0) * tick) for packet in packets]


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "SEGMENT_FRAMES", 5)


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize(("codec", "name", "pixel_format"), CODECS)
def test_every_codec_at_a_variable_rate(
    tmp_path: Path, make_video: Maker, codec: Codec, name: str, pixel_format: str
) -> None:
    times = [index * 500 + 170 * (index % 3) for index in range(23)]
    source = make_video(tmp_path / "v.mp4", pts=times, time_base=Fraction(1, 12000), last=400)
    copy(source, tmp_path / name, codec=codec)
    with open_video(source) as old, open_video(tmp_path / name) as new:
        assert (new.info.width, new.info.height) == (old.info.width, old.info.height)
        before, after = list(old.frames()), list(new.frames())
    tolerance = Fraction(1, 1000) if name.endswith("mkv") else 0
    for one, other in zip(before, after, strict=True):
        assert abs(one.pts * one.time_base - other.pts * other.time_base) <= tolerance
        assert (one.encoded - other.encoded).abs().mean() < 0.02
    decoded = stamps(tmp_path / name)
    assert all(first[0] < second[0] for first, second in pairwise(decoded))
    assert all(dts <= pts for dts, pts in decoded)
    with av.open(str(tmp_path / name)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == pixel_format


@pytest.mark.parametrize(
    ("codec", "rotation", "size"), [(FAST, 0, (86, 48)), (FAST, 90, (48, 86)), (ProRes(), 0, (85, 47))]
)
def test_odd_sizes(
    tmp_path: Path,
    make_video: Maker,
    caplog: pytest.LogCaptureFixture,
    codec: Codec,
    rotation: int,
    size: tuple[int, int],
) -> None:
    source = make_video(
        tmp_path / "v.mp4", pts=range(3), size=(85, 47), pixel_format="yuv444p", rotation=rotation
    )
    copy(source, tmp_path / "o.mov", codec=codec)
    with open_video(source) as old, open_video(tmp_path / "o.mov") as new:
        before, after = next(old.frames()).encoded, next(new.frames()).encoded
        assert (new.info.width, new.info.height) == size
    assert (before - after[:, : before.shape[1], : before.shape[2]]).abs().mean() < 0.01
    assert (after[:, -1] - after[:, -2]).abs().mean() < 0.02
    padded = f"o.mov has {size[0]} x {size[1]} instead of {before.shape[2]} x {before.shape[1]} pixels"
    assert (padded in caplog.text) == (codec is FAST)


def test_ten_bits_stay_ten(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(
        tmp_path / "v.mkv",
        pts=[0],
        pixel_format="yuv420p10le",
        codec="ffv1",
        size=(640, 48),
        tags=(1, 1, 1, 1),
    )
    copy(source, tmp_path / "o.mp4", codec=H264(preset="ultrafast", crf=0, bit_depth=None))
    with open_video(source) as old, open_video(tmp_path / "o.mp4") as new:
        assert (old.info.bit_depth, new.info.bit_depth) == (10, 10)
        difference = next(old.frames()).encoded - next(new.frames()).encoded
    assert difference.abs().mean() < 1 / 1023
    for codec, name, bits in ((FAST, "eight.mp4", 8), (HEVC(preset="ultrafast"), "hevc.mp4", 10)):
        copy(source, tmp_path / name, codec=codec)
        with open_video(tmp_path / name) as reader:
            assert reader.info.bit_depth == bits


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("stop_at", [5, 12, 22])
def test_what_was_finished_is_not_made_again_and_comes_out_the_same(
    tmp_path: Path, make_video: Maker, stop_at: int
) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(23), audio=[("aac", 48000, "stereo")])
    copy(source, tmp_path / "never.mp4", job="a")
    target = tmp_path / "out" / "o.mp4"
    target.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, job="a", stop_at=stop_at)
    assert not target.exists()
    (parts,) = target.parent.iterdir()
    with open_video(source) as reader, VideoWriter(target, reader, codec=FAST, job="a") as writer:
        assert writer.frames_written == stop_at // 5 * 5
        for frame in reader.frames(writer.frames_written):
            writer.write(frame, frame.encoded)
    assert digest(target) == digest(tmp_path / "never.mp4")
    assert list(target.parent.iterdir()) == [target]
    assert parts.name.startswith(".o")


@pytest.mark.usefixtures("short_segments")
def test_another_job_begins_anew_and_damage_is_made_again(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(18))
    target = tmp_path / "o.mp4"

    def resumed(job: str) -> int:
        with open_video(source) as reader:
            writer = VideoWriter(target, reader, codec=FAST, job=job)
            writer.__enter__()
            writer.__exit__(KeyboardInterrupt, None, None)
        return writer.frames_written

    with pytest.raises(KeyboardInterrupt):
        copy(source, target, job="a", stop_at=17)
    assert resumed("a") == 15
    (folder,) = tmp_path.glob("*.parts")
    second = folder / "000001.npz"
    second.write_bytes(second.read_bytes()[:-7])
    assert resumed("a") == 5
    assert resumed("b") == 0
    assert not list(tmp_path.glob("*.parts"))  # Nothing was finished.


def test_what_was_finished_is_used_after_a_failure_at_the_very_end(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(6))
    target = tmp_path / "o.mp4"
    with open_video(source) as reader:
        writer = VideoWriter(target, reader, codec=FAST, job="a").__enter__()
        for frame in reader.frames():
            writer.write(frame, frame.encoded)
        (target / "in the way").mkdir(parents=True)
        with pytest.raises(InputError, match=r"cannot be written \(.+\); choose another place or name"):
            writer.__exit__(None, None, None)
        (target / "in the way").rmdir()
        target.rmdir()
        with VideoWriter(target, reader, codec=FAST, job="a") as writer:
            assert writer.frames_written == 6
    assert len(stamps(target)) == 6


def test_a_segment_on_disk_is_the_same(tmp_path: Path) -> None:
    segment = Segment((CodedPacket(3, 1, 2, True, b"abc"), CodedPacket(5, 3, 2, False, b"")))
    segment.save(tmp_path / "s.npz")
    assert Segment.load(tmp_path / "s.npz") == segment
    assert Segment.load(tmp_path / "none.npz") is None
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]


def test_times_of_decoding_are_the_encoders_own(tmp_path: Path, make_video: Maker) -> None:
    """Two segments of one length get the times that one encoder without a break would give."""
    with open_video(make_video(tmp_path / "v.mp4", pts=range(12))) as reader:
        frames = list(reader.frames())
        info = reader.info
    segments = []
    for part in (frames[:6], frames[6:]):
        encoder = SegmentEncoder(H264(), info, (64, 48))
        for frame in part:
            encoder.encode(av.VideoFrame(64, 48, "yuv420p"), frame.pts, frame.duration)
        segments.append(encoder.finish())
    packets = list(joined_packets(segments))
    step = frames[1].pts - frames[0].pts
    times = [packet.dts for packet in packets]
    assert times == [times[0] + step * index for index in range(12)]
    assert times[0] < packets[0].pts


@pytest.mark.parametrize(
    ("shown", "given", "due"),
    [
        ([0], [1585284661490225664], [0]),
        ([0], [-2], [0]),
        ([7, 9], [-(10**15), 7 - 10**15], [7, 9]),
        ([0, 4, 2], [-(10**15), 2 - 10**15, 4 - 10**15], [-2, 0, 2]),
        ([0, 4, 2], [-4, -2, 0], [-4, -2, 0]),
    ],
)
def test_times_of_decoding_that_x265_does_not_know_are_not_taken_from_it(
    shown: list[int], given: list[int], due: list[int]
) -> None:
    """It knows its delay only after more pictures than that."""
    packets = [CodedPacket(pts, dts, 2, not pts, b"") for pts, dts in zip(shown, given, strict=True)]
    assert [each.dts for each in joined_packets([Segment(tuple(packets))])] == due


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: H264(crf=99), "crf must lie from 0 to 51"),
        (lambda: HEVC(preset="warp"), "preset must be one of ultrafast"),
        (lambda: H264(bit_depth=12), "bit_depth must be 8 or 10, and is 12"),
        (lambda: ProRes(bit_depth=8), "bit_depth must be 10"),
        (lambda: ProRes(profile="best"), "profile must be one of proxy"),
    ],
)
def test_settings_out_of_range(make: Callable[[], Codec], says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()


def test_containers_and_sizes_that_do_not_fit(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", pts=[0], size=(8, 6))
    with pytest.raises(InputError, match=r"cannot hold ProRes; end its name in one of \.mov, \.mkv\."):
        copy(source, tmp_path / "o.mp4", codec=ProRes(profile="hq"))
    with pytest.raises(InputError, match="HEVC cannot be made of frames of 8 x 6 pixels"):
        copy(source, tmp_path / "o.mp4", codec=HEVC(preset="ultrafast"))
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


def test_a_number_is_a_profile() -> None:
    profile: Any = 4444
    assert ProRes(profile=profile) == ProRes(profile="4444")


def test_chroma_of_422_keeps_its_place() -> None:
    across = torch.linspace(0.3, 0.7, 64).expand(48, 64)
    down = torch.linspace(0.3, 0.7, 48)[:, None].expand(48, 64)
    rgb = torch.stack([across, torch.full_like(across, 0.5), down])
    again = picture_to_rgb(rgb_to_picture(rgb, ColourTags(), "yuv422p10le"), ColourTags())
    assert (again - rgb)[:, :, 2:-2].abs().max() < 2 / 1023
