import pytest

from rackfocus.data.measured.video_clips import VideoClips
from rackfocus.types import InputError


def test_frames_of_a_video(raytraced):
    clips = VideoClips([raytraced / "clip" / "clip.mp4"], first=2, frames=3, longer_side_px=96)
    (sample,) = clips
    assert sample.name == "clip"
    assert sample.images.shape[:2] == (3, 3)
    assert max(sample.images.shape[2:]) == 96
    later = VideoClips([raytraced / "clip" / "clip.mp4"], first=3, frames=2, longer_side_px=96)[0]
    assert (sample.images[1:] == later.images).all()


def test_bad_input(raytraced, tmp_path):
    video = raytraced / "clip" / "clip.mp4"
    with pytest.raises(InputError, match="no video"):
        VideoClips([])
    for settings in ({"first": -1}, {"frames": 1}):
        with pytest.raises(InputError, match="frames 2 or more"):
            VideoClips([video], **settings)
    with pytest.raises(InputError, match=r"ends after 48 frames"):
        VideoClips([video], first=10_000)[0]
    with pytest.raises(InputError, match="missing"):
        VideoClips([tmp_path / "nowhere.mp4"])[0]
