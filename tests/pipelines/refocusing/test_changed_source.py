"""A source is replaced while it is read: no result has the frames of one file and the sound of another."""

import shutil

import pytest
from PIL import Image

from rackfocus import InputError, refocus
from rackfocus.pipelines.clip.make_clip import make_clip
from rackfocus.pipelines.preview import preview
from rackfocus.video import encode
from rackfocus.video.codecs import H264
from rackfocus.video.stabilizer.none import NoStabilizer

TOLD = "was changed or replaced while it was read; run the same command again"


@pytest.mark.parametrize("frame", [3, 12], ids=["between frames", "before the sound"])
def test_no_video_has_parts_of_two_sources(tmp_path, make_video, network, monkeypatch, frame):
    monkeypatch.setattr(encode, "SEGMENT_FRAMES", 5)
    source = make_video(tmp_path / "v.mp4", audio=[("aac", 48000, "stereo")])
    make_video(tmp_path / "other.mp4", options={"crf": "40"})

    def replace(done, _total):
        if done == frame:
            shutil.copy(tmp_path / "other.mp4", source)

    with pytest.raises(InputError, match=TOLD):
        refocus(
            source,
            tmp_path / "o.mp4",
            model=network,
            stabilizer=NoStabilizer(),
            codec=H264(),
            progress=replace,
        )
    assert not (tmp_path / "o.mp4").exists()
    # What the stored segments hold is of the first source; the next run is another job, and deletes them.
    assert refocus(source, tmp_path / "o.mp4", model=network, codec=H264()) == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.mp4", "other.mp4", "v.mp4"]


def test_no_clip(tmp_path, make_video, network):
    source = make_video(tmp_path / "v.mp4")

    def touch(done, total):
        if done == total:
            source.touch()

    with pytest.raises(InputError, match=TOLD):
        make_clip(source, tmp_path / "o.rvr", model=network, stabilizer=NoStabilizer(), progress=touch)
    assert make_clip(source, tmp_path / "o.rvr", model=network, stabilizer=NoStabilizer()) == 12


@pytest.mark.parametrize("name", ["o.jpg", "o.mp4"])
def test_nothing_of_pictures(tmp_path, network, name):
    """A folder of them: only those count that are read, not the result beside them."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (32, 24), (0, 40 * number, 90)).save(folder / f"{number}.png")
    settings = {"model": network, "last": 1 if name == "o.jpg" else 3, "stabilizer": NoStabilizer()}

    def replace(_done, _total):
        Image.new("RGB", (32, 24), (90, 40, 0)).save(folder / "2.png", compress_level=0)

    with pytest.raises(InputError, match=TOLD):
        refocus(folder, tmp_path / name, progress=replace, **settings)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["frames"]
    assert refocus(folder, folder / name, **settings) == settings["last"]


def test_no_preview(tmp_path, make_video, network):
    source = make_video(tmp_path / "v.mp4")

    def touching(*arguments, **settings):
        source.touch()
        return network(*arguments, **settings)

    with pytest.raises(InputError, match=TOLD):
        preview(source, tmp_path / "o.png", model=touching)
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]
