"""Healthy files of unusual kinds are read whole; damage stops reading, or is bridged if that is asked for."""

import logging
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest
import torch

from rackfocus.data.video_frames import read_frames
from rackfocus.types import InputError
from rackfocus.video import Frame, open_video
from rackfocus.video.random_access import RandomAccess

Maker = Callable[..., Path]


def read(path: Path, **settings: str) -> list[Frame]:
    with open_video(path, **settings) as reader:
        return list(reader.frames())


def same(one: Frame, other: Frame) -> bool:
    return torch.equal(one.encoded, other.encoded)


def changed(source: Path, target: Path, change: Callable[[int, bytes], bytes]) -> Path:
    """A copy of a video whose packets, numbered in decoding order, were changed."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream, opaque=True)
        for number, packet in enumerate(old.demux(stream)):
            if packet.size == 0:
                continue
            other = av.Packet(change(number, bytes(packet)))
            other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
            other.time_base, other.is_keyframe, other.stream = packet.time_base, packet.is_keyframe, copy
            new.mux(other)
    return target


def spoilt(source: Path, target: Path, numbers: set[int]) -> Path:
    """A copy in which the second half of some packets is noise."""

    def change(number: int, data: bytes) -> bytes:
        half = len(data) // 2
        return data[:half] + bytes(byte ^ 0x5A for byte in data[half:]) if number in numbers else data

    return changed(source, target, change)


def test_empty_chunks_of_an_avi_repeat_the_picture(tmp_path: Path, make_video: Maker) -> None:
    stamps = [0, 1, 2, 5, 6, 9]
    path = make_video(tmp_path / "v.avi", pts=stamps, codec="mjpeg", pixel_format="yuvj420p")
    frames = read(path)
    assert [frame.pts for frame in frames] == list(range(10))
    assert all(same(frames[3 + at], frames[2]) and same(frames[7 + at], frames[6]) for at in range(2))
    assert not same(frames[5], frames[2])
    with RandomAccess(path, height_px=48) as video:
        assert video.count == 10
        shown = {index: video.read(index)[-1][1] for index in (4, 2, 8, 6, 5, 3, 9)}
    assert (shown[4] == shown[2]).all()
    assert (shown[3] == shown[2]).all()
    assert (shown[8] == shown[6]).all()
    assert (shown[5] != shown[2]).any()
    two, four, five, nine = read_frames(path, [2, 4, 5, 9], longer_side_px=64).frames
    assert torch.equal(two, four)
    assert not torch.equal(four, five)
    assert not torch.equal(five, nine)


def test_a_cut_avi_is_still_damage(tmp_path: Path, make_video: Maker) -> None:
    path = make_video(tmp_path / "v.avi", pts=range(40), codec="mjpeg", pixel_format="yuvj420p")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.7)])
    with pytest.raises(InputError, match="cut short"):
        read(path)


@pytest.mark.parametrize(
    ("codec", "unit"), [("libx264", b"\x06\x05\xff\xff\x10"), ("libx265", b"\x4e\x01\x05\xff\xff\x10")]
)
def test_a_broken_message_beside_the_pictures_is_no_damage(
    tmp_path: Path, make_video: Maker, codec: str, unit: bytes
) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    whole = make_video(tmp_path / "v.mp4", codec=codec, pts=range(20), options=options)
    message = len(unit + b"text").to_bytes(4, "big") + unit + b"text"
    path = changed(whole, tmp_path / "m.mp4", lambda _, data: message + data)
    expected, found = read(whole), read(path)
    assert len(found) == len(expected) == 20
    assert all(map(same, expected, found))
    both = [read_frames(each, [3, 13], longer_side_px=64).frames for each in (whole, path)]
    assert torch.equal(*both)
    with RandomAccess(whole, height_px=48) as plain, RandomAccess(path, height_px=48) as video:
        for index in (13, 2):
            assert (video.read(index)[-1][1] == plain.read(index)[-1][1]).all()


def test_a_broken_message_in_a_stream_with_start_codes(tmp_path: Path, make_video: Maker) -> None:
    whole = make_video(tmp_path / "v.ts", pts=range(20))
    path = changed(whole, tmp_path / "m.ts", lambda _, data: b"\0\0\0\1\x06\x05\xff\xff\x10text" + data)
    expected, found = read(whole), read(path)
    assert len(found) == 20
    assert all(map(same, expected, found))


@pytest.mark.parametrize("sounds", [0, 3])
def test_joined_transport_streams(tmp_path: Path, make_video: Maker, sounds: int) -> None:
    one = make_video(tmp_path / "a.ts", pts=range(15))
    two = make_video(
        tmp_path / "b.ts", pts=range(25), options={"crf": "10"}, audio=[("mp2", 48000, "mono")] * sounds
    )
    (tmp_path / "ab.ts").write_bytes(one.read_bytes() + two.read_bytes())
    frames = read(tmp_path / "ab.ts")
    assert all(map(same, frames, read(one) + read(two)))
    assert len(frames) == 40
    steps = {after.pts - before.pts for before, after in pairwise(frames)}
    assert steps == {90000 // 24}
    with RandomAccess(tmp_path / "ab.ts", height_px=48) as video, RandomAccess(two, height_px=48) as second:
        assert video.count == 40
        assert (video.read(30)[-1][1] == second.read(15)[-1][1]).all()


def test_a_change_of_size_at_a_join_is_told_as_such(tmp_path: Path, make_video: Maker) -> None:
    one, two = make_video(tmp_path / "a.ts", pts=range(9)), make_video(tmp_path / "b.ts", size=(96, 64))
    (tmp_path / "ab.ts").write_bytes(one.read_bytes() + two.read_bytes())
    with pytest.raises(InputError, match=r"Frame 9 .* 96 x 64 .* frames=0:9"):
        read(tmp_path / "ab.ts")


def test_a_damaged_frame_is_held_until_the_next_key_frame(
    tmp_path: Path, make_video: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"g": "12", "bf": "0", "crf": "10", "x264-params": "scenecut=0"}
    whole = make_video(tmp_path / "v.mkv", pts=range(36), size=(160, 120), options=options)
    path = spoilt(whole, tmp_path / "d.mkv", {15})
    with pytest.raises(InputError, match=r"frame 15 .* frames=0:15 .* damaged=hold"):
        read(path)
    expected = read(whole)
    with caplog.at_level(logging.WARNING):
        found = read(path, damaged="hold")
    assert [frame.pts for frame in found] == [frame.pts for frame in expected]
    for index, frame in enumerate(found):
        assert same(frame, expected[14 if 15 <= index < 24 else index])
    assert [record.message for record in caplog.records] == [
        f"{path}: 9 damaged frames show the last good one before them"
    ]


def test_damage_among_reordered_frames_loses_none(tmp_path: Path, make_video: Maker) -> None:
    whole = make_video(
        tmp_path / "v.mp4", pts=range(48), size=(160, 120), options={"g": "16", "crf": "10", "bf": "3"}
    )
    expected = read(whole)
    for number in (5, 20, 33, 47):
        found = read(spoilt(whole, tmp_path / "d.mp4", {number}), damaged="hold")
        assert [frame.pts for frame in found] == [frame.pts for frame in expected]
        assert sum(map(same, found, expected)) >= 48 - 16 - 3


def test_an_intra_codec_holds_one_frame(tmp_path: Path, make_video: Maker) -> None:
    whole = make_video(tmp_path / "v.mov", pts=range(8), codec="prores_ks", pixel_format="yuv422p10le")
    path = changed(whole, tmp_path / "d.mov", lambda number, data: data[:60] if number == 3 else data)
    expected, found = read(whole), read(path, damaged="hold")
    assert [same(*pair) for pair in zip(found, expected, strict=True)] == [True] * 3 + [False] + [True] * 4
    assert same(found[3], expected[2])


def test_an_unknown_setting(tmp_path: Path, make_video: Maker) -> None:
    path = make_video(tmp_path / "v.mp4")
    with pytest.raises(InputError, match="damaged must be stop or hold, and is 'skip'"):
        open_video(path, damaged="skip")
