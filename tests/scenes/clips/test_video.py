import av
import numpy as np
import pytest

from rackfocus.scenes.clips.video import encode_video, write_mp4


def test_sound_starts_with_the_picture(tmp_path):
    click = np.zeros(48000)
    click[24000:24480] = np.sin(np.arange(480) / 5)
    frames = [np.full((32, 48, 3), value, np.uint8) for value in np.linspace(0, 240, 24)]
    write_mp4(tmp_path / "a.mp4", frames, fps=24, sound=click)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert len(list(container.decode(video=0))) == 24
    with av.open(str(tmp_path / "a.mp4")) as container:
        waves = list(container.decode(audio=0))
    assert waves[0].pts == 0
    heard = np.concatenate([wave.to_ndarray()[0] for wave in waves])
    loud = np.flatnonzero(np.abs(heard) > 0.3)
    assert loud[0] == pytest.approx(24002, abs=8)


def test_video_code_of_white_and_black():
    linear = np.stack([np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), 9.0)], axis=-1)
    assert encode_video(linear)[0, 0].tolist() == [0, 255, 255]
