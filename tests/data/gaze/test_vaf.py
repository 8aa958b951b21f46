from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.gaze.vaf import Vaf
from rackfocus.focus.annotation.json_file import annotated_video, save_annotation
from rackfocus.types import FocusAnnotation, FocusTarget, InputError

SIZE = (36, 64)


def write_avi(path: Path, frames: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        for index in range(frames):
            pixels = np.full((*SIZE, 3), 20 + 5 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def write_gaze(folder: Path, frames: int) -> None:
    plane = np.zeros(SIZE, np.uint8)
    plane[10, 20] = 255
    for name in ("maps", "fixation"):
        (folder / name).mkdir(parents=True)
        for index in range(frames):
            assert cv2.imwrite(str(folder / name / f"{index + 1:04d}.png"), plane)


def annotate(root: Path, split: str, name: str, targets: tuple[FocusTarget, ...]) -> Path:
    folder = root / "vaf" / split
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(name).stem}.json"
    save_annotation(path, FocusAnnotation(annotated_video(root / "video" / name), targets))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_avi(tmp_path / "video/001.AVI", 31)
    write_avi(tmp_path / "video/002.AVI", 16)
    write_avi(tmp_path / "video/mine.AVI", 6)
    write_gaze(tmp_path / "annotation/0001", 31)
    by_user = (
        FocusTarget(0, 3.0, 4.0),
        FocusTarget(11, 32.5, 18.5),
        FocusTarget(24, 63.0, 35.0, (60.0, 30.0, 63.0, 35.0)),
    )
    annotate(tmp_path, "train", "001.AVI", (*by_user, FocusTarget(17, 1.0, 1.0, source="action")))
    annotate(tmp_path, "train", "002.AVI", ())
    annotate(tmp_path, "test", "mine.AVI", (FocusTarget(5, 1.0, 1.0, source="gaze"),))
    return tmp_path


def test_frames_targets_and_gaze(root):
    clips = Vaf(root, root / "vaf", "train", window=4, stride=3, longer_side_px=32)
    assert [indices for *_, indices in clips.clips] == [(0, 5, 10, 15), (15, 20, 25, 30), (0, 5, 10, 15)]
    first, second, third = clips[0], clips[1], clips[2]
    assert (first.name, second.name, third.name) == ("001/000000", "001/000015", "002/000000")
    # The user's three; the first is no change, and what another source says does not count.
    assert first.targets == (FocusTarget(2, 16.0, 9.0),)
    assert second.targets == (FocusTarget(2, 31.25, 17.25, (29.75, 14.75, 31.25, 17.25)),)
    assert first.is_new_target.tolist() == [False, False, True, False]
    assert first.frames.shape == (4, 3, 18, 32)
    assert first.source_size == SIZE
    assert torch.nonzero(first.fixations[0, 0]).tolist() == [[5, 10]]
    assert first.focus_regions.sum((1, 2, 3)).tolist() == pytest.approx([1] * 4)
    assert third.targets == ()
    assert third.is_new_target.tolist() == [False] * 4
    assert third.fixations is None
    assert third.focus_regions is None


def test_frames_are_those_asked_for(root):
    clip = Vaf(root, root / "vaf", "train", window=4, stride=3, longer_side_px=64)[1]
    rising = clip.frames.mean((1, 2, 3))
    assert torch.all(rising.diff() > 0.05)


def test_other_videos_and_automatic_targets(root):
    clip = Vaf(root, root / "vaf", "test", window=20)[0]
    assert clip.name == "mine/000000"
    assert clip.is_new_target.tolist() == [False, True]
    assert clip.fixation_maps is None


def test_a_video_may_lie_beside_its_annotation(root):
    (root / "video" / "mine.AVI").rename(root / "vaf" / "test" / "mine.AVI")
    assert len(Vaf(root / "nowhere", root / "vaf", "test", window=20)[0].frames) == 2


def test_missing_things_are_named(root):
    with pytest.raises(InputError, match=r"nowhere/video is no folder"):
        Vaf(root / "nowhere", root / "vaf", "train")
    with pytest.raises(InputError, match=r"vaf/validation holds no annotation"):
        Vaf(root, root / "vaf", "validation")
    with pytest.raises(IndexError):
        Vaf(root, root / "vaf", "test")[1]


def test_spoilt_files_are_named(root):
    clips = Vaf(root, root / "vaf", "train", window=4)
    (root / "annotation/0001/maps/0006.png").unlink()
    with pytest.raises(InputError, match=r"maps/0006\.png is missing"):
        clips[0]
    (root / "video/002.AVI").write_bytes((root / "video/001.AVI").read_bytes()[:300])
    with pytest.raises(InputError, match=r"002\.AVI"):
        clips[len(clips) - 1]
    (root / "video/002.AVI").unlink()
    with pytest.raises(InputError, match=r"002\.AVI is missing"):
        clips[len(clips) - 1]
    (root / "vaf/train/001.json").write_text("{}")
    with pytest.raises(InputError, match=r"001\.json: format"):
        Vaf(root, root / "vaf", "train")


def test_another_video_of_the_same_name(root):
    path = root / "vaf/test/mine.json"
    path.write_text(path.read_text().replace('"width": 64', '"width": 640'))
    with pytest.raises(InputError, match=r"mine\.AVI is 64x36 pixels where its annotation says 640x36"):
        Vaf(root, root / "vaf", "test")[0]
