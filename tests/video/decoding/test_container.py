"""What refers to other files is no video and no picture, whatever its name is, and they are not opened."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.decoding.container import open_file
from rackfocus.video.sound.samples import read_sound
from rackfocus.video.stills import read_picture

Maker = Callable[..., Path]

DASH = """<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>
<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{name}</BaseURL></Representation>
</AdaptationSet></Period></MPD>"""
LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile {name}\n",
    "ffconcat of a number": "ffconcat version 1.0\nfile fd:\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{name}\n#EXT-X-ENDLIST\n",
    "dash": DASH,
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.fixture
def as_standard_input() -> Iterator[Callable[[Path], None]]:
    """Makes a file the standard input, which `fd:` in a list would mean."""
    kept = os.dup(0)

    def take(path: Path) -> None:
        with path.open("rb") as file:
            os.dup2(file.fileno(), 0)

    yield take
    os.dup2(kept, 0)
    os.close(kept)


def descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The video that the lists name, two frames with sound."""
    path = tmp_path_factory.mktemp("other") / "other.mp4"
    with av.open(str(path), "w") as container:
        pictures, track = (
            container.add_stream("libx264", rate=24),
            container.add_stream("aac", rate=16000, layout="mono"),
        )
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        for _ in range(2):
            container.mux(pictures.encode(av.VideoFrame(64, 48, "yuv420p")))
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        sound.sample_rate = 16000
        container.mux([*pictures.encode(None), *track.encode(sound), *track.encode(None)])
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".mpd", ".sdp", ".ffconcat", ".png", ".jpg", ""])
@pytest.mark.parametrize("kind", LISTS)
def test_lists_are_refused(
    other: Path, as_standard_input: Callable[[Path], None], kind: str, suffix: str
) -> None:
    as_standard_input(other)
    disguised = other.with_name(f"list{suffix}")
    for name in (other, other.name):
        disguised.write_text(LISTS[kind].format(name=name))
        with pytest.raises(InputError, match="can be read"), open_video(disguised) as reader:
            list(reader.frames())
        with pytest.raises(InputError, match="can be read"):
            read_picture(disguised)
        with pytest.raises(InputError, match="can be read"):
            read_sound(disguised, 0, 1)


@pytest.mark.parametrize("name", ["%02d.mp4", "*.mp4"])
def test_a_pattern_in_a_name_is_only_a_name(tmp_path: Path, make_video: Maker, name: str) -> None:
    make_video(tmp_path / "01.mp4", pts=[0, 1])
    with open_video(make_video(tmp_path / "00.mp4", pts=[0]).rename(tmp_path / name)) as reader:
        assert len(list(reader.frames())) == 1
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        open_video(tmp_path / name)


def test_pictures_with_another_suffix_and_folders_of_them_are_read(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), np.full((6, 8, 3), 80 * number, np.uint8))
    with open_video(tmp_path) as reader:
        assert [round(float(frame.encoded.mean() * 255)) for frame in reader.frames()] == [0, 80, 160]
    disguised = (tmp_path / "002.png").rename(tmp_path / "002.jpg")
    assert round(float(read_picture(disguised).mean() * 255)) == 160


def test_no_descriptor_stays_open(tmp_path: Path, make_video: Maker) -> None:
    video = make_video(tmp_path / "v.mp4", pts=[0])
    open_file(video).close()
    before = descriptors()
    for _ in range(3):
        open_file(video).close()
    assert descriptors() == before
