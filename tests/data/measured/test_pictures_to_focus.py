import cv2
import numpy as np
import pytest

from rackfocus.data.measured.pictures_to_focus import PicturesToFocus, PictureWithPoint
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture


def test_stills_and_frames(raytraced, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((6, 8, 3), (0, 100, 200), np.uint8))
    (tmp_path / "clip.mp4").symlink_to(raytraced / "clip" / "clip.mp4")
    still, frame = PicturesToFocus(
        tmp_path, [PictureWithPoint("a.png", 7, 5), PictureWithPoint("clip.mp4", 3, 4, frame=2)]
    )
    assert (still.name, still.point) == ("a", (7, 5))
    assert (still.image - read_picture(tmp_path / "a.png")).abs().max() < 1e-5
    assert (frame.name, frame.point) == ("clip, frame 2", (3, 4))
    assert 0.1 < frame.image.mean() < 0.9


def test_bad_input(raytraced, tmp_path):
    with pytest.raises(InputError, match="nowhere is no folder"):
        PicturesToFocus(tmp_path / "nowhere", [])
    clip = raytraced / "clip"
    with pytest.raises(InputError, match=r"\(9999, 0\) lies outside of .*clip\.mp4"):
        PicturesToFocus(clip, [PictureWithPoint("clip.mp4", 9999, 0)])[0]
    with pytest.raises(InputError, match=r"nowhere\.png"):
        PicturesToFocus(clip, [PictureWithPoint("nowhere.png", 0, 0)])[0]
    with pytest.raises(InputError, match="frame"):
        PicturesToFocus(clip, [PictureWithPoint("clip.mp4", 0, 0, frame=100_000)])[0]
