"""Labels on disk, and the pictures that get them."""

import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.preparation.teaching_pictures import teaching_pictures
from rackfocus.data.taught.taught_photographs import LabelledPhotographs, is_labelled, write_label
from rackfocus.types import InputError


@pytest.fixture
def picture():
    return np.full((12, 16, 3), (200, 100, 50), np.uint8)


@pytest.fixture
def root(tmp_path, picture):
    write_label(tmp_path, "photos/a", picture, torch.arange(16.0).expand(12, 16) - 3)
    write_label(tmp_path, "clips/b_00007", picture, torch.zeros(12, 16))
    return tmp_path


def test_a_label_keeps_nearness_up_to_scale_and_shift(root):
    flat, ramp = (LabelledPhotographs(root)[index] for index in range(2))
    assert (flat.name, ramp.name) == ("clips/b_00007", "photos/a")
    torch.testing.assert_close(ramp.nearness, torch.arange(16.0).expand(1, 12, 16) / 15, atol=1e-5, rtol=0)
    assert not flat.nearness.any()
    colour = torch.tensor([200, 100, 50])[:, None, None] / 255
    torch.testing.assert_close(ramp.image, colour.expand(3, 12, 16), atol=2 / 255, rtol=0)


def test_a_folder_in_it_is_a_data_set_too(root):
    assert [sample.name for sample in (LabelledPhotographs(root / "photos")[0],)] == ["a"]
    assert is_labelled(root, "photos/a")
    assert not is_labelled(root, "photos/b")
    assert not list(root.rglob("*.partial"))


def test_bad_labels(root, tmp_path, picture):
    with pytest.raises(InputError, match="nowhere"):
        LabelledPhotographs(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty holds no label"):
        LabelledPhotographs(tmp_path / "empty")
    labels = LabelledPhotographs(root / "photos")
    cv2.imwrite(str(root / "photos" / "a.jpg"), picture[:6])
    with pytest.raises(InputError, match=r"a\.nearness\.png is 16x12 pixels where .*a\.jpg is 16x6"):
        labels[0]
    (root / "photos" / "a.jpg").unlink()
    with pytest.raises(InputError, match=r"a\.jpg is missing or damaged"):
        labels[0]
    write_label(root, "photos/a", picture, torch.rand(12, 16))
    path = root / "photos" / "a.nearness.png"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match=r"a\.nearness\.png cannot be read"):
        labels[0]


def test_photographs_and_frames_get_names_and_are_reduced(tmp_path, write_event_clip):
    write_event_clip(tmp_path, "enters_0", frames=30)
    folder = tmp_path / "clips" / "enters_0"
    cv2.imwrite(str(folder / "wide.png"), np.full((20, 100, 3), (10, 20, 30), np.uint8))
    still, clip = sorted(teaching_pictures([folder], frames_per_clip=3), key=lambda s: len(s.names))
    assert still.names == ("enters_0/wide",)
    assert clip.names == ("enters_0/clip_00005", "enters_0/clip_00015", "enters_0/clip_00025")
    ((name, picture),) = still.pictures(set(still.names), 50)
    assert name == "enters_0/wide"
    assert picture.shape == (10, 50, 3)
    assert (picture == (30, 20, 10)).all()
    wanted = {"enters_0/clip_00015"}
    ((name, picture),) = clip.pictures(wanted, 24)
    assert wanted == {name}
    assert picture.shape == (16, 24, 3)


def test_all_frames_of_a_short_clip(tmp_path, write_event_clip):
    folder = write_event_clip(tmp_path, "enters_0", frames=30)
    (clip,) = teaching_pictures([folder], frames_per_clip=100)
    assert clip.indices == tuple(range(30))


def test_bad_folders(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        teaching_pictures([tmp_path / "nowhere"], frames_per_clip=1)
    with pytest.raises(InputError, match="holds no photograph and no video"):
        teaching_pictures([tmp_path], frames_per_clip=1)
    with pytest.raises(InputError, match="frames_per_clip"):
        teaching_pictures([tmp_path], frames_per_clip=0)
    for name in ("a.png", "a.jpg"):
        cv2.imwrite(str(tmp_path / name), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(InputError, match="have the same name"):
        teaching_pictures([tmp_path], frames_per_clip=1)
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    (tmp_path / "a.png").unlink()
    (still,) = teaching_pictures([tmp_path], frames_per_clip=1)
    with pytest.raises(InputError, match=r"a\.jpg is not an image"):
        list(still.pictures(set(still.names), 64))
