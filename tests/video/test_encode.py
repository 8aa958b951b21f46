"""What is written is like its source in all but the pixels, and nothing half done is left."""

import errno
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from rackfocus.types import InputError
from rackfocus.video import Transfer, VideoWriter, open_video
from rackfocus.video.codecs import H264

Maker = Callable[..., Path]

FAST = H264(preset="ultrafast")
FINE = H264(preset="ultrafast", crf=1)


def copy(source: Path, target: Path, start: int = 0, stop: int | None = None, **settings: Any) -> Path:
    settings = {"codec": FAST, "whole_sound": stop is None} | settings
    with open_video(source) as reader, VideoWriter(target, reader, **settings) as writer:
        for frame in reader.frames(start, stop):
            writer.write(frame, frame.encoded)
    return target


def times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.pts * stream.time_base for frame in container.decode(stream)]


def length(path: Path) -> Fraction:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        last = list(container.decode(stream))[-1]
        return (last.pts + last.duration) * stream.time_base


def packets(path: Path, track: int = 0) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        demuxed = [packet for packet in container.demux(stream) if packet.size]
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in demuxed]


def heard(path: Path, track: int = 0) -> tuple[str, float, float]:
    """Codec, start and end in seconds of a sound track, from its decoded samples."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        pieces = list(container.decode(stream))
        first, last = pieces[0], pieces[-1]
        return stream.codec_context.name, first.time, last.time + last.samples / last.sample_rate


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
def test_variable_rate_is_kept(tmp_path: Path, make_video: Maker, name: str) -> None:
    stamps = [0, 700, 1200, 4000, 4100, 9000]
    source = make_video(tmp_path / "v.mp4", pts=stamps, time_base=Fraction(1, 30000), last=500)
    target = copy(source, tmp_path / name)
    tolerance = Fraction(1, 1000) if name == "o.mkv" else 0
    for mine, given in zip(times(target), stamps, strict=True):
        assert abs(mine - Fraction(given, 30000)) <= tolerance
    assert abs(length(target) - Fraction(9500, 30000)) <= tolerance
    part = copy(source, tmp_path / f"part_{name}", 1, 4)
    for mine, given in zip(times(part), [0, 500, 3300], strict=True):
        assert abs(mine - Fraction(given, 30000)) <= tolerance


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(10), Fraction(60)])
def test_constant_rate_is_kept(tmp_path: Path, make_video: Maker, rate: Fraction) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(20), time_base=1 / rate)
    target = copy(source, tmp_path / "o.mp4")
    assert times(target) == times(source) == [index / rate for index in range(20)]
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.frames) == (rate, 20)
        assert stream.duration * stream.time_base == 20 / rate


@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
@pytest.mark.parametrize(("rotation", "mirrored"), [(90, False), (-90, False), (180, False), (90, True)])
def test_rotation_is_kept(
    tmp_path: Path, make_video: Maker, rotation: int, mirrored: bool, name: str
) -> None:
    source = make_video(tmp_path / "v.mp4", pts=[0, 1], rotation=rotation, mirrored=mirrored)
    target = copy(source, tmp_path / name, codec=FINE)
    with open_video(source) as old, open_video(target) as new:
        if name == "o.mp4" or not mirrored:
            assert new.info.orientation == old.info.orientation
        assert (new.info.width, new.info.height) == (old.info.width, old.info.height)
        before, after = next(old.frames()).encoded, next(new.frames()).encoded
    assert (before - after).abs().mean() < 2 / 255
    with av.open(str(target)) as container:
        picture = next(container.decode(video=0))
        assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize("tags", [None, (1, 1, 1, 1), (1, 5, 6, 5), (2, 1, 1, 1), (1, 9, 1, 9)])
def test_colour_and_its_tags_are_kept(tmp_path: Path, make_video: Maker, tags: Any) -> None:
    source = make_video(tmp_path / "v.mp4", pts=[0, 1], tags=tags, aspect=Fraction(4, 3))
    target = copy(source, tmp_path / "o.mp4", codec=FINE)
    with open_video(source) as old, open_video(target) as new:
        assert new.info.colour == old.info.colour
        assert (new.info.width, new.info.height) == (old.info.width, old.info.height) == (86, 48)
        before, after = next(old.frames()).encoded, next(new.frames()).encoded
    # The outermost rows and columns lose chroma detail in 4:2:0.
    assert ((before - after)[:, 2:-2, 2:-2].abs() * 255).max() < 2.5
    assert ((before - after).abs() * 255).mean() < 1


def test_a_small_copy_of_an_untagged_large_video_keeps_its_colours(tmp_path: Path, make_video: Maker) -> None:
    """Players guess BT.709 for the source and BT.601 for the copy."""
    source = make_video(tmp_path / "v.mp4", pts=[0], size=(1280, 720))
    with (
        open_video(source) as reader,
        VideoWriter(tmp_path / "o.mp4", reader, size=(64, 36), codec=FINE) as writer,
    ):
        frame = next(reader.frames())
        colour = torch.tensor([0.4, 0.1, 0.2])[:, None, None].expand(3, 36, 64)
        writer.write(frame, colour)
    with open_video(tmp_path / "o.mp4") as reader:
        again = next(reader.frames()).encoded
    assert (again - colour).abs().max() < 0.01


@pytest.mark.parametrize("count", [1, 2])
def test_very_short(tmp_path: Path, make_video: Maker, count: int) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(count), audio=[("aac", 8000, "mono")])
    target = copy(source, tmp_path / "o.mp4")
    assert times(target) == [Fraction(index, 24) for index in range(count)]
    assert length(target) == Fraction(count, 24)


@pytest.mark.parametrize("codec", [("aac", 48000, "stereo"), ("mp2", 44100, "stereo"), ("aac", 8000, "mono")])
def test_sound_is_copied(tmp_path: Path, make_video: Maker, codec: tuple[str, int, str]) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(48), audio=[codec])
    assert packets(copy(source, tmp_path / "o.mp4")) == packets(source)
    given, kept = packets(source), packets(copy(source, tmp_path / "part.mp4", 12, 36))
    # A run of the source's own packets, half a second earlier, and no longer than the frames by a packet.
    first = [data for _, data in given].index(kept[0][1])
    assert [data for _, data in kept] == [data for _, data in given][first : first + len(kept)]
    step = Fraction(1152 if codec[0] == "mp2" else 1024, codec[1])
    for (new, _), (old, _) in zip(kept, given[first:], strict=False):
        assert abs(old - new - Fraction(1, 2)) < Fraction(1, 1000)
    _, start, end = heard(tmp_path / "part.mp4")
    assert abs(start) <= step
    assert abs(end - 1) <= step + Fraction(1, 1000)


def test_every_sound_track_is_copied_and_keeps_its_language(tmp_path: Path, make_video: Maker) -> None:
    tracks = [("aac", 48000, "stereo"), ("aac", 44100, "mono")]
    source = make_video(tmp_path / "v.mp4", audio=tracks)
    for name in ("o.mp4", "o.mov", "o.mkv"):
        target = copy(source, tmp_path / name)
        with av.open(str(target)) as container:
            found = [stream.codec_context for stream in container.streams.audio]
            assert [(codec.name, codec.sample_rate, codec.layout.name) for codec in found] == tracks
    for track in (0, 1):
        assert packets(tmp_path / "o.mov", track) == packets(source, track)


@pytest.mark.parametrize("codec", [("pcm_s16le", 8000, "mono"), ("pcm_s16le", 44100, "stereo")])
def test_sound_that_does_not_fit_becomes_aac(
    tmp_path: Path, make_video: Maker, codec: tuple[str, int, str]
) -> None:
    source = make_video(tmp_path / "v.mov", pts=range(48), audio=[codec])
    step = 1024 / codec[1]
    for start, stop in ((0, None), (12, 36)):
        name, begin, end = heard(copy(source, tmp_path / "o.mp4", start, stop))
        assert name == "aac"
        assert abs(begin) <= step
        assert abs(end - (1 if stop else 2)) <= 2 * step
    assert packets(copy(source, tmp_path / "o.mov")) == packets(source)


@pytest.mark.parametrize("sound_s", [0.2, 3.0])
def test_sound_shorter_or_longer_than_the_picture(tmp_path: Path, make_video: Maker, sound_s: float) -> None:
    source = make_video(tmp_path / "v.mkv", pts=range(24), audio=[("aac", 48000, "stereo")], sound_s=sound_s)
    _, _, end = heard(copy(source, tmp_path / "o.mp4"))
    assert end == pytest.approx(sound_s, abs=0.05)
    _, _, end = heard(copy(source, tmp_path / "part.mp4", 0, 24))
    assert end == pytest.approx(min(sound_s, 1.0), abs=0.05)


def test_a_transport_stream_starts_at_zero(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(
        tmp_path / "v.ts", pts=range(30), time_base=Fraction(1, 25), audio=[("aac", 44100, "stereo")]
    )
    target = copy(source, tmp_path / "o.mp4")
    assert times(target) == [Fraction(index, 25) for index in range(30)]
    name, start, _ = heard(target)
    assert name == "aac"
    assert abs(start) < 0.06


def test_images_become_an_srgb_video(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "a.gif", codec="gif", pixel_format="rgb8", time_base=Fraction(1, 100))
    with open_video(copy(source, tmp_path / "o.mp4")) as reader:
        assert reader.info.transfer is Transfer.SRGB
        assert reader.info.colour.matrix == 1


def test_an_interruption_leaves_nothing(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", audio=[("aac", 48000, "stereo")])
    target = tmp_path / "out" / "o.mp4"
    target.parent.mkdir()

    def break_off(error: type[BaseException] | None) -> None:
        with open_video(source) as reader, VideoWriter(target, reader, codec=FAST) as writer:
            for frame in reader.frames():
                if error is None:
                    break
                writer.write(frame, frame.encoded)
                assert not target.exists()
                if frame.index == 5:
                    raise error

    for error in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(error):
            break_off(error)
        assert list(target.parent.iterdir()) == []
    target.write_text("an older result")
    with pytest.raises(InputError, match="No frame"):
        break_off(None)
    assert target.read_text() == "an older result"
    assert list(target.parent.iterdir()) == [target]


def test_targets_that_cannot_be(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", pts=[0])
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "link.mp4").symlink_to(source)
    cases = {
        "o.webm": "is of no kind",
        "o": "is of no kind",
        "none/o.mp4": "does not exist",
        "folder.mp4": "is a folder",
        "v.mp4": "is the source itself",
        "link.mp4": "is the source itself",
        f"{'n' * 300}.mp4": "cannot be written",
    }
    before = sorted(tmp_path.iterdir())
    for name, says in cases.items():
        with pytest.raises(InputError, match=says):
            copy(source, tmp_path / name)
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_is_one_sentence(
    tmp_path: Path, make_video: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(3))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"o\.mp4 cannot be written \(No space left on device\)"):
        copy(source, tmp_path / "o.mp4")
    assert sorted(tmp_path.iterdir()) == [source]


def test_a_frame_of_another_size_is_a_mistake(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", pts=[0])
    with open_video(source) as reader, pytest.raises(ValueError, match="a frame is 8 x 6"):  # noqa: SIM117
        with VideoWriter(tmp_path / "o.mp4", reader) as writer:
            writer.write(next(reader.frames()), torch.zeros(3, 6, 8))


def test_memory_does_not_grow(tmp_path: Path, make_video: Maker) -> None:
    source = make_video(tmp_path / "v.mp4", pts=range(240), size=(320, 240), audio=[("aac", 48000, "stereo")])
    resident = Path("/proc/self/statm")
    if not resident.exists():
        pytest.skip("memory is read from /proc")

    def mebibytes() -> float:
        return int(resident.read_text().split()[1]) * 4096 / 2**20

    seen = []
    with (
        open_video(source) as reader,
        VideoWriter(tmp_path / "o.mp4", reader, size=(80, 60), codec=FAST) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame, frame.encoded[:, ::4, ::4])
            seen.append(mebibytes())
    # The 160 frames after that would be 140 MiB.
    assert seen[-1] - seen[80] < 30


def test_real_talkers_keep_their_sound(tmp_path: Path, shared: Path) -> None:
    source = shared / "data/video/grid_talkers/bbaf2n.mpg"
    if not source.exists():
        pytest.skip("the talkers are not among the shared data")
    target = copy(source, tmp_path / "o.mp4", 0, 48)
    assert times(target) == [Fraction(index, 25) for index in range(48)]
    given, kept = packets(source), packets(target)
    assert [data for _, data in kept] == [data for _, data in given][: len(kept)]
    assert heard(target)[2] == pytest.approx(48 / 25, abs=1152 / 44100)


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
def test_a_rate_that_is_odd(make_video: Maker, tmp_path: Path, name: str) -> None:
    """Of a million frames a second each has its own time, or the file is refused."""
    source = make_video(tmp_path / "v.mp4", time_base=Fraction(1, 1_000_000))
    target = tmp_path / name
    if name == "o.mkv":  # Before, all frames were written with the same time.
        with pytest.raises(InputError, match=r"o\.mkv counts milliseconds.*1e\+06 frames a second"):
            copy(source, target)
    else:
        copy(source, target)
        assert times(target) == [Fraction(index, 1_000_000) for index in range(12)]
    assert {path.name for path in tmp_path.iterdir()} <= {"v.mp4", name}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Of this source, of the largest time scale and without edit list, FFmpeg writes an empty MP4."""
    source = tmp_path / "v.mp4"
    with av.open(str(source), "w") as container:
        stream: Any = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(12):
            grey = np.full((48, 64, 3), 4 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    data = bytearray(source.read_bytes().replace(b"edts", b"free"))
    at = data.index(b"mdhd") + 16
    data[at : at + 4] = (2**31 - 1).to_bytes(4, "big")
    source.write_bytes(data)
    told = r"o\.mp4 cannot hold 4\.1\d+e\+06 frames a second: of 12 frames 0 can be read back"
    with pytest.raises(InputError, match=told):
        copy(source, tmp_path / "o.mp4", codec=H264())
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]
