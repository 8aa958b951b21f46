"""Frames by their index: the same ones as read in order."""

from fractions import Fraction

import av
import numpy as np
import pytest

from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.random_access import RandomAccess

ORDER = (0, 11, 3, 4, 10, 1, 7, 7, 0)


@pytest.mark.parametrize(
    "settings",
    [
        {"options": {"g": "4", "bf": "2"}},
        {"options": {"g": "250", "bf": "3"}, "pts": [0, 1, 2, 5, 6, 7, 8, 12, 13, 14, 20, 21]},
        {"rotation": 90},
        {"codec": "mpeg4", "options": {"g": "5"}, "name": "a.avi"},
        {"options": {"g": "5", "bf": "2"}, "name": "b.avi"},
        {"options": {"g": "5", "bf": "2"}, "name": "a.ts"},
        {"codec": "mpeg2video", "options": {"g": "5", "bf": "2"}, "name": "a.mpg"},
        {"codec": "libx265", "pixel_format": "yuv420p10le", "name": "a.mkv",
         "options": {"x265-params": "log-level=none:keyint=4"}},
    ],
    ids=["closed", "uneven", "turned", "avi", "reordered-avi", "transport", "program", "hevc"],
)  # fmt: skip
def test_frames_are_those_read_in_order(make_video, tmp_path, settings):
    name = settings.pop("name", "a.mp4")
    if not name.endswith(".avi"):
        settings |= {"time_base": Fraction(1, 24)}
    path = make_video(tmp_path / name, size=(64, 48), **settings)
    with open_video(path) as reader:
        frames = list(reader.frames())
    wanted = [np.round(frame.encoded.numpy() * 255).transpose(1, 2, 0) for frame in frames]
    with RandomAccess(path, height_px=480) as video:
        assert video.count == len(wanted)
        assert video.size == (wanted[0].shape[1], wanted[0].shape[0])
        np.testing.assert_allclose(
            video.times_s, [each.time_s - frames[0].time_s for each in frames], atol=1e-3
        )
        for index in ORDER:
            [(at, picture)] = video.read(index)
            assert at == index
            assert np.abs(picture - wanted[index]).max() <= 1


@pytest.mark.parametrize(
    "options", [{"g": "250"}, {"g": "9", "b_strategy": "0", "x264-params": "open-gop=1"}], ids=["far", "open"]
)
def test_frames_far_from_where_decoding_begins(make_video, tmp_path, options):
    path = make_video(tmp_path / "a.mp4", pts=range(70), options={"bf": "3", "sc_threshold": "0", **options})
    with RandomAccess(path, height_px=48) as one, RandomAccess(path, height_px=48) as other:
        ordered = [one.read(index)[0][1] for index in range(70)]
        for index in (69, 30, 55):
            found = other.read(index, before=8)
            assert [at for at, _ in found] == list(range(index - 8, index + 1))
            for at, picture in found:
                np.testing.assert_array_equal(picture, ordered[at])


def test_a_video_cut_amid_a_group_of_pictures(make_video, tmp_path):
    """An edit list hides the frames that the first ones shown are made from."""
    whole = make_video(
        tmp_path / "a.mp4", pts=range(40), options={"g": "250", "bf": "2", "sc_threshold": "0"}
    )
    path = tmp_path / "cut.mp4"
    with (
        av.open(str(whole)) as given,
        av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as cut,
    ):
        (pictures,) = given.streams.video
        stream = cut.add_stream_from_template(pictures)
        for packet in given.demux(pictures):
            if packet.dts is not None:
                packet.pts -= round(11 / 24 / packet.time_base)
                packet.dts -= round(11 / 24 / packet.time_base)
                packet.stream = stream
                cut.mux(packet)
    with open_video(path) as reader:
        wanted = [np.round(frame.encoded.numpy() * 255).transpose(1, 2, 0) for frame in reader.frames()]
    with RandomAccess(path, height_px=480) as video:
        assert video.count == len(wanted) == 29
        for index in (20, 0, 28, 5):
            [(_, picture)] = video.read(index)
            assert np.abs(picture - wanted[index]).max() <= 1


def test_those_before_come_along(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4", options={"g": "250"})
    with RandomAccess(path, height_px=24) as video:
        assert [at for at, _ in video.read(8, before=3)] == [5, 6, 7, 8]
        assert video.read(9)[0][1].shape == (24, 32, 3)


def test_a_reduced_picture_is_the_mean_of_the_whole_one(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4", tags=(1, 1, 1, 1))
    with RandomAccess(path, height_px=480) as whole, RandomAccess(path, height_px=24) as half:
        pixels = whole.read(4)[0][1].astype(float)
        mean = pixels.reshape(24, 2, 32, 2, 3).mean(axis=(1, 3))
        assert np.abs(mean - half.read(4)[0][1]).max() <= 3


def test_mistakes(make_video, tmp_path):
    path = make_video(tmp_path / "a.mp4")
    with RandomAccess(path, height_px=48) as video:
        with pytest.raises(InputError, match="no frame 12"):
            video.read(12)
        path.unlink()
        with pytest.raises(InputError, match="any more"):
            video.read(3)
    (tmp_path / "b.mp4").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a video"):
        RandomAccess(tmp_path / "b.mp4", height_px=48)
