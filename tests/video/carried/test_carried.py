"""What belongs to a video beside its pictures is in the new file, and what it cannot hold is listed."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.subtitles.subtitle import SubtitleSet

from rackfocus.video import VideoWriter, open_video
from rackfocus.video.carried.chapters import chapters_between
from rackfocus.video.carried.listing import listing
from rackfocus.video.carried.time_code import later
from rackfocus.video.codecs import H264

Maker = Callable[..., Path]

TAGS = {
    "title": "A film", "artist": "Somebody", "comment": "Two words",
    "creation_time": "2020-01-02T03:04:05.000000Z",
    "location": "+48.8577+002.2950/", "make": "Maker", "model": "Model 1",
    "com.apple.quicktime.make": "Maker", "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950/",
}  # fmt: skip
CHAPTERS: list[Any] = [
    {"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": "First"}},
    {"id": 2, "start": 500, "end": 1000, "time_base": Fraction(1, 1000), "metadata": {"title": "Second"}},
]
ASS = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def everything(path: Path) -> Path:
    """A video of a second with all that its container holds."""
    text = "srt" if path.suffix == ".mkv" else "mov_text"
    german = "ger" if path.suffix == ".mov" else "deu"
    options = {} if path.suffix == ".mkv" else {"movflags": "use_metadata_tags"}
    with av.open(str(path), "w", container_options=options) as container:
        container.metadata.update(TAGS)
        container.set_chapters(CHAPTERS)
        video: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.metadata.update(language=german, title="Camera A", timecode="01:02:03:04")
        sounds: list[Any] = [container.add_stream("aac", rate=8000, layout="mono") for _ in range(2)]
        for sound, language, title in zip(sounds, (german, "eng"), ("Voices", "Remarks"), strict=True):
            sound.metadata.update(language=language, title=title)
        sounds[0].disposition, sounds[1].disposition = Disposition.default, Disposition(0)
        lines: Any = container.add_stream(text)
        lines.codec_context.subtitle_header, lines.time_base = ASS, Fraction(1, 1000)
        lines.metadata.update(language="fra", title="Text")
        if path.suffix == ".mkv":
            container.add_attachment("font.ttf", "application/x-truetype-font", b"a font")
            sounds[1].disposition = Disposition.comment
        for index in range(25):
            picture = av.VideoFrame.from_ndarray(np.full((72, 64), 5 * index, np.uint8), format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for sound in sounds:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts, silence.time_base = 8000, 0, Fraction(1, 8000)
            container.mux(sound.encode(silence))
            container.mux(sound.encode(None))
        for start, end, line in ((100, 400, b"One"), (600, 900, b"{\\i1}Two{\\i0}\\Nlines")):
            shown = SubtitleSet.create(b"0,0,Default,,0,0,0,," + line, 0, end - start)
            packet = lines.codec_context.encode_subtitle(shown)
            packet.stream, packet.time_base = lines, Fraction(1, 1000)
            packet.pts, packet.dts, packet.duration = start, start, end - start
            container.mux(packet)
    return path


def copy(source: Path, target: Path, start: int = 0, stop: int | None = None) -> Path:
    codec = H264(preset="ultrafast")
    with (
        open_video(source) as reader,
        VideoWriter(target, reader, codec=codec, whole_sound=stop is None) as writer,
    ):
        for frame in reader.frames(start, stop):
            writer.write(frame, frame.encoded)
    return target


def subtitles(path: Path) -> list[tuple[float, float, str]]:
    """Start, end and text of the first subtitle track."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        for packet in container.demux(stream):
            shown = stream.codec_context.decode2(packet) if packet.size else None
            if shown is not None and shown.rects and packet.pts is not None:
                line: Any = shown.rects[0]
                start = float(packet.pts * packet.time_base)
                length = float((packet.duration or 0) * packet.time_base)
                found.append((round(start, 3), round(start + length, 3), line.ass.decode().split(",,")[-1]))
    return found


LOST = {
    ("mkv", "mp4"): {"attachment font.ttf"},
    ("mkv", "mov"): {"attachment font.ttf", "use of sound track 2 as comment"},
}


@pytest.mark.parametrize("into", ["mov", "mp4", "mkv"])
@pytest.mark.parametrize("given", ["mov", "mp4", "mkv"])
def test_everything_is_kept_or_listed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, given: str, into: str
) -> None:
    source = everything(tmp_path / f"v.{given}")
    before = listing(source)
    for name in ("tag title", "tag location", "tag com.apple.quicktime.make", "chapter 2", "time code",
                 "language of sound track 1", "title of sound track 2", "subtitle track 1"):  # fmt: skip
        assert name in before, name
    target = copy(source, tmp_path / f"o.{into}")
    after = listing(target)
    lost = LOST.get((given, into), set())
    assert {name: text for name, text in before.items() if name not in lost} == {
        name: after.get(name) for name in before if name not in lost
    }
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == bool(lost)
    assert all(name in warnings[0] for name in lost)
    (first, second) = subtitles(target)
    assert (first, second[:2]) == ((0.1, 0.4, "One"), (0.6, 0.9))
    assert second[2] in ("{\\i1}Two{\\i0}\\Nlines", "{\\i1}Two{\\r}\\Nlines")


def test_a_part_has_its_part(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = everything(tmp_path / "v.mp4")
    target = copy(source, tmp_path / "o.mp4", 8, 20)
    after = listing(target)
    assert after["time code"] == "01:02:03:12"
    assert subtitles(target)[0] == (0, 0.08, "One")
    with av.open(str(target)) as container:
        assert [(each["start"], each["end"]) for each in container.chapters()] == [(0, 180), (180, 480)]
    assert not caplog.records


def test_a_cover_picture(tmp_path: Path, make_video: Maker, caplog: pytest.LogCaptureFixture) -> None:
    with av.open(str(tmp_path / "c.png"), "w", format="image2") as picture:
        stream: Any = picture.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = 8, 8, "rgb24"
        picture.mux(stream.encode(av.VideoFrame(8, 8, "rgb24")))
    cover = (tmp_path / "c.png").read_bytes()
    plain = make_video(tmp_path / "plain.mkv")
    with av.open(str(plain)) as given, av.open(str(tmp_path / "v.mkv"), "w") as container:
        track = container.add_stream_from_template(given.streams.video[0], opaque=True)
        container.add_attachment("cover.png", "image/png", cover)
        for packet in given.demux(given.streams.video[0]):
            if packet.size:
                packet.stream = track
                container.mux(packet)
    source = tmp_path / "v.mkv"
    for name in ("o.mkv", "o.mp4"):
        target = copy(source, tmp_path / name)
        with av.open(str(target)) as container:
            found = [each for each in container.streams if Disposition.attached_pic in each.disposition]
            assert [bytes(next(container.demux(each))) for each in found] == [cover]
            assert len(container.streams.video) == 2
    assert not caplog.records
    copy(source, tmp_path / "o.mov")
    assert "o.mov cannot hold, and lacks: cover picture" in caplog.text


@pytest.mark.parametrize(
    ("code", "frames", "fps", "then"),
    [
        ("01:02:03:04", 25, Fraction(25), "01:02:04:04"),
        ("23:59:59:29", 1, Fraction(30), "00:00:00:00"),
        ("00:00:59;29", 1, Fraction(30000, 1001), "00:01:00;02"),
        ("00:09:59;29", 1, Fraction(30000, 1001), "00:10:00;00"),
        ("00:00:00;00", 107892, Fraction(30000, 1001), "01:00:00;00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("00:00:00;00", 1, Fraction(25), None),
        ("soon", 0, Fraction(25), None),
    ],
)
def test_time_codes(code: str, frames: int, fps: Fraction, then: str | None) -> None:
    assert later(code, frames, fps) == then


def test_drop_frame_counts_through_a_day_and_back_to_its_first_frame() -> None:
    rate, code = Fraction(30000, 1001), "00:00:00;00"
    for _ in range(24 * 6):
        for step in (1798, 2, 1798 * 9):
            before = code
            code = later(code, step, rate) or ""
            assert code != before
    assert code == "00:00:00;00"


def test_chapters_are_cut() -> None:
    cut = chapters_between(CHAPTERS, Fraction(1, 4), Fraction(3, 4))
    assert [(each["id"], each["start"], each["end"]) for each in cut] == [(1, 0, 250), (2, 250, 500)]
    (second,) = chapters_between(CHAPTERS, Fraction(1, 2), None)
    assert (second["start"], second["end"], second["metadata"]) == (0, 500, {"title": "Second"})
