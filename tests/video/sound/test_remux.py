"""Sound of any order, with any time stamps, is in the new file, and what cannot be kept is reported."""

import itertools
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from rackfocus.video import VideoWriter, open_video
from rackfocus.video.codecs import H264
from rackfocus.video.sound.stamps import Stamps

Maker = Callable[..., Path]


def copy(source: Path, target: Path) -> Path:
    codec = H264(preset="ultrafast")
    with open_video(source) as reader, VideoWriter(target, reader, codec=codec, job="a") as writer:
        for frame in reader.frames(writer.frames_written):
            writer.write(frame, frame.encoded)
    return target


def packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        demuxed = [packet for packet in container.demux(container.streams.audio[0]) if packet.size]
        return [((packet.pts or 0) * packet.time_base, bytes(packet)) for packet in demuxed]


def restamped(path: Path, takes: dict[int, int]) -> Path:
    """Give some sound packets of a Matroska file, of one cluster, the time stamps of other ones."""
    content = path.read_bytes()
    # A block is its track (1 byte), the time (2 bytes), flags (1 byte), and the packet.
    places = [content.index(packet) - 3 for _, packet in packets(path)]
    changed = bytearray(content)
    for index, other in takes.items():
        changed[places[index] : places[index] + 2] = content[places[other] : places[other] + 2]
    path.write_bytes(changed)
    return path


def relabelled(path: Path, order: int) -> Path:
    """Change the channel order of a MOV file to one that is known by number (`CoreAudioBaseTypes.h`)."""
    content = bytearray(path.read_bytes())
    at = content.index(b"chan") + 8
    content[at : at + 8] = struct.pack(">II", order, 0)
    path.write_bytes(content)
    return path


def heard(path: Path) -> tuple[str, str, int]:
    """Codec, channel order and number of samples of the sound."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        name = stream.codec_context.layout.name
        return stream.codec_context.name, name, sum(piece.samples for piece in container.decode(stream))


def test_stamps() -> None:
    stamps = Stamps()
    given = [
        (3, 10),
        (13, 10),
        (13, 10),
        (20, 10),
        (33, 10),
        (0, 10),
        (10, 10),
        (None, 10),
        (90, 10),
        (5, 10),
    ]
    assert [stamps.follow(*each) for each in given] == [3, 13, 13, 20, 33, 43, 53, 63, 90, 100]


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
def test_channels_in_an_order_without_a_name(tmp_path: Path, make_video: Maker, name: str) -> None:
    source = make_video(tmp_path / "v.mov", audio=[("pcm_s16le", 8000, "7.1")])
    # C Lc Rc L R Ls Rs LFE
    target = copy(relabelled(source, (127 << 16) | 8), tmp_path / name)
    if name == "o.mp4":
        assert heard(target) == ("aac", "7.1", pytest.approx(4000, abs=2048))
    else:
        assert packets(target) == packets(source)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("FL", "mono"), ("mono", "mono"), ("5.1(side)", "5.1"), ("5.1", "5.1"), ("7.1", "7.1"),
        ("quad", "stereo"), ("5.1.4", "stereo"), ("FL+FR+FC+LFE+BL+BR+FLC+FRC+BC", "stereo"),
    ],
)  # fmt: skip
def test_channels_that_aac_holds_are_kept_and_others_are_said(
    tmp_path: Path, make_video: Maker, caplog: pytest.LogCaptureFixture, given: str, kept: str
) -> None:
    source = make_video(tmp_path / "v.mov", audio=[("pcm_s16le", 48000, given)])
    assert heard(copy(source, tmp_path / "o.mp4"))[:2] == ("aac", kept)
    assert ("they were mixed to stereo" in caplog.text) == (kept == "stereo")


@pytest.mark.parametrize("codec", [("aac", 8000, "mono"), ("pcm_s16le", 8000, "mono")])
@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
def test_a_repeated_stamp(tmp_path: Path, make_video: Maker, codec: Any, name: str) -> None:
    source = make_video(tmp_path / "v.mkv", pts=range(24), audio=[codec])
    before = packets(source)
    target = copy(restamped(source, {5: 4}), tmp_path / name)
    after = packets(target)
    assert all(one <= other for (one, _), (other, _) in itertools.pairwise(after))
    if codec[0] == "aac" or name == "o.mkv":
        # MKV cannot hide what leads in before time zero.
        late = len(before) - len(after)
        assert late == (codec[0] == "aac" and name == "o.mkv")
        assert [data for _, data in after] == [data for _, data in before[late:]]
        moved = [abs(new - old) for (new, _), (old, _) in zip(after, before[late:], strict=True)]
        assert max(moved[: 5 - late] + moved[6 - late :]) <= Fraction(1, 1000)
    else:  # Overlapping samples are left out, and a gap remains.
        assert heard(target)[2] == pytest.approx(8000 - 1024, abs=2048)
        assert after[-1][0] == pytest.approx(1, abs=0.26)


@pytest.mark.parametrize("codec", [("aac", 8000, "mono"), ("pcm_s16le", 8000, "mono")])
@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
def test_a_clock_that_starts_again(tmp_path: Path, make_video: Maker, codec: Any, name: str) -> None:
    source = make_video(tmp_path / "v.mkv", pts=range(24), audio=[codec])
    before = packets(source)
    again = {index: index - 4 for index in range(4, len(before))}
    target = copy(restamped(source, again), tmp_path / name)
    after = packets(target)
    assert after[-1][0] == pytest.approx(before[-1][0], abs=0.14)
    gaps = [other - one for (one, _), (other, _) in itertools.pairwise(after)]
    assert max(gaps) <= Fraction(130, 1000)
    assert min(gaps) > 0
    assert heard(target)[2] == pytest.approx(8000, abs=2048)


def test_sound_before_the_picture_is_said(
    tmp_path: Path, make_video: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    for codec in (("aac", 48000, "mono"), ("pcm_s16le", 8000, "mono")):
        source = make_video(
            tmp_path / "late.mkv",
            pts=range(500, 1000, 40),
            time_base=Fraction(1, 1000),
            last=40,
            audio=[codec],
        )
        caplog.clear()
        copy(source, tmp_path / "o.mp4")
        assert "sound track 1 begins 0.5 s before the picture" in caplog.text
        caplog.clear()
        with (
            open_video(source) as reader,
            VideoWriter(tmp_path / "part.mp4", reader, codec=H264(preset="ultrafast")) as writer,
        ):
            for frame in reader.frames(5):
                writer.write(frame, frame.encoded)
        assert not caplog.text


def test_sound_that_is_refused_while_it_is_written_does_not_take_the_picture_along(
    tmp_path: Path, make_video: Maker, caplog: pytest.LogCaptureFixture
) -> None:
    source = make_video(tmp_path / "v.mkv", pts=range(12), audio=[("eac3", 48000, "stereo")])
    content = source.read_bytes()
    for _, packet in packets(source)[4:]:
        content = content.replace(packet, bytes(len(packet)))
    source.write_bytes(content)
    with open_video(copy(source, tmp_path / "o.mp4")) as reader:
        assert len(list(reader.frames())) == 12
        assert not reader.info.has_audio
    assert "holds pictures only, as its sound cannot be written" in caplog.text
