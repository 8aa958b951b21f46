from fractions import Fraction

import numpy as np
import pytest

from rackfocus import InputError
from rackfocus.video import open_video
from rackfocus.video.sound.samples import RATE, read_sound


@pytest.mark.parametrize("audio", [("pcm_s16le", 44100, "stereo"), ("pcm_s16le", 8000, "mono"),
                                   ("aac", 48000, "5.1")])  # fmt: skip
def test_any_track_is_heard_at_16_khz(make_video, tmp_path, audio):
    path = make_video(tmp_path / "a.mkv", pts=range(48), audio=[audio])
    heard = read_sound(path, 0.0, 1.0)
    assert heard.shape == (1, RATE)
    assert heard.dtype == np.float32
    level = np.sqrt(np.square(heard[0, 4000:]).mean())
    assert 0.1 < level < 0.8


def test_a_part_is_the_part_of_the_whole(make_video, tmp_path):
    path = make_video(tmp_path / "a.mkv", pts=range(24 * 8), audio=[("pcm_s16le", RATE, "mono")])
    whole = read_sound(path, 0.0, 8.0)
    for begin, end in ((1.0, 2.5), (6.5, 7.0)):  # before and after what needs a seek
        part = read_sound(path, begin, end)
        np.testing.assert_allclose(part, whole[:, round(begin * RATE) : round(end * RATE)], atol=2e-3)


def test_times_count_from_the_first_frame(make_video, tmp_path):
    late = make_video(
        tmp_path / "late.mkv", pts=range(500, 1500, 40), time_base=Fraction(1, 1000), last=40,
        audio=[("pcm_s16le", RATE, "mono")], sound_s=2.0,
    )  # fmt: skip
    with open_video(late) as video:
        origin = next(video.frames(0, 1)).time_s
    assert origin == pytest.approx(0.5)
    found = read_sound(late, 0.0, 1.0)
    np.testing.assert_array_equal(found, read_sound(late, 0.0, 1.0, origin_s=origin))
    np.testing.assert_allclose(found, read_sound(late, 0.5, 1.5, origin_s=0.0), atol=1e-6)


@pytest.mark.parametrize("order", [(122 << 16) | 6, (127 << 16) | 8])
def test_channels_in_an_order_without_a_name(make_video, tmp_path, order):
    """MPEG_5_1_B and MPEG_7_1_B of CoreAudioBaseTypes.h; PyAV frees the list of such channels twice."""
    layout = "5.1" if order & 0xFFFF == 6 else "7.1"
    path = make_video(tmp_path / "v.mov", audio=[("pcm_s16le", 16000, layout)])
    expected = read_sound(path, 0, 0.5)
    content = bytearray(path.read_bytes())
    at = content.index(b"chan") + 8
    content[at : at + 8] = order.to_bytes(4, "big") + bytes(4)
    path.write_bytes(content)
    for _ in range(3):
        found = read_sound(path, 0, 0.5)
    assert found.shape == expected.shape
    assert np.abs(found).max() > 0.1


def test_where_the_track_ends_there_is_silence(make_video, tmp_path):
    path = make_video(tmp_path / "a.mkv", audio=[("pcm_s16le", RATE, "mono")], sound_s=0.5)
    heard = read_sound(path, -0.5, 2.0)
    assert heard.shape == (1, round(2.5 * RATE))
    assert not heard[0, : RATE // 2].any()
    assert heard[0, RATE // 2 : RATE].any()
    assert not heard[0, round(1.1 * RATE) :].any()
    assert not read_sound(path, 100.0, 101.0).any()
    assert read_sound(path, 1.0, 1.0).shape == (1, 0)


def test_no_track_is_no_sound(make_video, tmp_path):
    silent = make_video(tmp_path / "silent.mp4")
    assert read_sound(silent, 0, 1) is None
    assert read_sound(silent, 0, 1, origin_s=0.0) is None
    folder = tmp_path / "frames"
    folder.mkdir()
    assert read_sound(folder, 0, 1, origin_s=0.0) is None


def test_an_end_before_the_start_is_told(make_video, tmp_path):
    with pytest.raises(InputError, match="end_s must come after"):
        read_sound(make_video(tmp_path / "a.mp4"), 2.0, 1.0)
