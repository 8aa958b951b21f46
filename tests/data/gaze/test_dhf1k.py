import struct
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from rackfocus.data.gaze import dhf1k
from rackfocus.data.gaze.dhf1k import Dhf1k
from rackfocus.data.gaze.focus_clip import Sampling, clip_targets, target_frames
from rackfocus.data.video_frames import read_frames
from rackfocus.types import FocusTarget, InputError
from rackfocus.video import open_video

SIZE = (36, 64)
FRAMES = 33


def level(index: int) -> int:
    """The gray of a frame, by which it is known."""
    return 40 + 5 * index


def write_avi(path: Path, frames: int = FRAMES, size: tuple[int, int] = SIZE) -> None:
    """MPEG-4 Part 2 in AVI at 30 frames a second with key frames 12 apart, as the videos of DHF1K are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mpeg4", rate=30, options={"g": "12", "qmin": "1", "qmax": "2"})
        stream.width, stream.height, stream.pix_fmt = size[1], size[0], "yuv420p"
        for index in range(frames):
            pixels = np.full((*size, 3), level(index), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def density(index: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Two peaks, of which the one that moves is stronger."""
    plane = np.zeros(size, np.uint8)
    plane[8:11, 5 + index : 8 + index] = 255
    plane[30:33, 50:53] = 200
    return plane


def mask(index: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    plane = np.zeros(size, np.uint8)
    plane[9, 6 + index] = plane[31, 51] = 255
    return plane


def write_png(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def write_mat(path: Path, values: np.ndarray, *, compressed: bool = True) -> None:
    """A MAT-file of version 5 with the uint8 matrix `I`, by the published description of the format."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    name = struct.pack("<HH", 1, 1) + b"I\0\0\0"  # A small element.
    body = element(6, struct.pack("<II", 9, 0)) + element(5, struct.pack("<ii", *values.shape)) + name
    body += element(2, values.T.tobytes())
    matrix = element(14, body)
    if compressed:
        packed = zlib.compress(matrix)
        matrix = struct.pack("<II", 15, len(packed)) + packed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + matrix)


def write_published(root: Path, number: int, frames: int = FRAMES) -> None:
    write_avi(root / "video" / f"{number:03d}.AVI", frames)
    folder = root / "annotation" / f"{number:04d}"
    for index in range(frames):
        write_png(folder / "maps" / f"{index + 1:04d}.png", density(index))
        write_png(folder / "fixation" / f"{index + 1:04d}.png", mask(index))
        write_mat(folder / "fixation" / "maps" / f"{index + 1:04d}.mat", mask(index) // 255)
    # The archive holds the last frame here.
    write_png(folder / f"{frames:04d}.png", np.zeros((*SIZE, 3), np.uint8))


def write_unpacked(root: Path, number: int, *, masks: str, frames: int = FRAMES) -> None:
    folder = root / f"{number:04d}"
    for index in range(frames):
        name = f"{index + 1:04d}"
        write_png(folder / "images" / f"{name}.png", np.full((*SIZE, 3), level(index), np.uint8))
        write_png(folder / "maps" / f"{name}.png", density(index))
        if masks == "mat":
            write_mat(folder / "fixation" / "maps" / f"{name}.mat", mask(index) // 255, compressed=False)
        else:
            write_png(folder / "fixation" / masks / f"{name}.png", mask(index))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_published(tmp_path, 1)
    write_published(tmp_path, 601, frames=6)
    write_avi(tmp_path / "video" / "701.AVI", 3)  # The test set has no annotation.
    return tmp_path


def grays(frames: torch.Tensor) -> list[int]:
    return [round(255 * frame.mean().item()) for frame in frames]


def srgb_of_bt709(code: int) -> float:
    """Written plainly: the camera curve of BT.709 undone, that of sRGB applied."""
    value = code / 255
    light = value / 4.5 if value < 0.081 else ((value + 0.099) / 1.099) ** (1 / 0.45)
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def test_every_fifth_frame_with_its_own_map(root):
    clips = Dhf1k(root, "train", window=3, stride=2, longer_side_px=64)
    assert [indices for _, indices in clips.clips] == [(0, 5, 10), (10, 15, 20), (20, 25, 30)]
    clip = clips[1]
    assert (clip.name, clip.frame_indices, clip.source_size) == ("0001/000010", (10, 15, 20), SIZE)
    assert clip.times_s == pytest.approx((1 / 3, 1 / 2, 2 / 3))
    assert clip.frames.shape == (3, 3, *SIZE)
    for gray, index in zip(grays(clip.frames), (10, 15, 20), strict=True):
        assert gray == pytest.approx(255 * srgb_of_bt709(level(index)), abs=2)
    for number, index in enumerate((10, 15, 20)):
        assert torch.nonzero(clip.fixations[number, 0]).tolist() == [[9, 6 + index], [31, 51]]
        expected = torch.from_numpy(density(index) / density(index).sum(dtype=float)).float()
        torch.testing.assert_close(clip.fixation_maps[number, 0], expected, rtol=1e-4, atol=1e-7)
        region = torch.zeros(SIZE)
        region[8:11, 5 + index : 8 + index] = 1 / 9
        torch.testing.assert_close(clip.focus_regions[number, 0], region, rtol=1e-4, atol=1e-7)
    assert clip.targets is None
    assert clip.is_new_target is None


def test_smaller_frames_keep_the_aspect_and_the_places(root):
    clip = Dhf1k(root, "train", window=2, longer_side_px=32)[0]
    assert clip.frames.shape == (2, 3, 18, 32)
    assert torch.nonzero(clip.fixations[1, 0]).tolist() == [[4, 5], [15, 25]]
    assert clip.fixation_maps.sum((1, 2, 3)).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_splits_and_a_short_video(root):
    clips = Dhf1k(root, "validation", window=20)
    assert len(clips) == 1
    assert clips[0].frame_indices == (0, 5)
    with pytest.raises(IndexError):
        clips[1]
    assert len(dhf1k.SPLITS["train"]) == 600
    assert len(dhf1k.SPLITS["validation"]) == 100


@pytest.mark.parametrize("masks", ["mat", "maps", ""])
def test_the_unpacked_layout_gives_the_same(root, tmp_path, masks):
    other = tmp_path / "unpacked"
    write_unpacked(other, 1, masks=masks)
    settings = {"window": 2, "stride": 5, "longer_side_px": 64}
    first, second = Dhf1k(root, "train", **settings)[0], Dhf1k(other, "train", **settings)[0]
    assert second.name == first.name
    assert torch.equal(first.fixations, second.fixations)
    assert torch.equal(first.fixation_maps, second.fixation_maps)
    assert grays(second.frames) == [level(0), level(5)]


def test_frames_found_by_seeking_are_those_read_in_turn(tmp_path):
    """With B-frames as well, in the AVI, where a packet does not tell when it is shown, and in MP4."""
    for name, codec in (("a.avi", "mpeg4"), ("b.avi", "libx264"), ("c.mp4", "libx264"), ("d.mkv", "libx264")):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=30, options={"g": "12", "bf": "2"})
            stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
            for index in range(40):
                pixels = np.full((*SIZE, 3), level(index), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode(None))
        with open_video(path) as reader:
            in_turn = [255 * srgb_of_bt709(255 * frame.encoded.mean().item()) for frame in reader.frames()]
        for wanted in ([0], [11, 12, 13], [20, 39], [39], [24, 30], list(range(40))):
            read = read_frames(path, wanted, longer_side_px=64)
            assert read.source_size == SIZE
            found = [255 * frame.mean().item() for frame in read.frames]
            assert found == pytest.approx([in_turn[index] for index in wanted], abs=0.2), (name, wanted)


def test_missing_folders(tmp_path, root):
    with pytest.raises(InputError, match="nowhere is no folder"):
        Dhf1k(tmp_path / "nowhere", "train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no annotated video 0601 to 0700"):
        Dhf1k(tmp_path / "empty", "validation")
    with pytest.raises(InputError, match="no annotated split 'test'"):
        Dhf1k(root, "test")
    for file in (root / "annotation/0001/maps").iterdir():
        file.unlink()
    with pytest.raises(InputError, match=r"0001/maps holds no map"):
        Dhf1k(root, "train")


@pytest.mark.parametrize(
    "file", ["video/001.AVI", "annotation/0001/maps/0006.png", "annotation/0001/fixation/0006.png"]
)
def test_missing_and_spoilt_files_are_named(root, file):
    clips = Dhf1k(root, "train", window=2, stride=2)
    path = root / file
    path.write_bytes(path.read_bytes()[:70])
    with pytest.raises(InputError, match=path.name):
        clips[0]
    path.unlink()
    with pytest.raises(InputError, match=f"{path.name} is missing"):
        clips[0]
    if file != "video/001.AVI":
        assert clips[1].frame_indices == (10, 15)


@pytest.mark.parametrize("folder", ["maps", "fixation"])
def test_wrong_size_is_named(root, folder):
    write_png(root / "annotation/0001" / folder / "0001.png", density(0, (40, 60)))
    with pytest.raises(InputError, match=rf"{folder}/0001\.png is 60x40 pixels where the video has 64x36"):
        Dhf1k(root, "train")[0]


@pytest.mark.parametrize("damage", ["short", "cut"])
def test_a_video_that_ends_before_its_maps_is_named(root, damage):
    path = root / "video/001.AVI"
    clips = Dhf1k(root, "train", window=2, stride=5)
    if damage == "short":
        write_avi(path, 18)
    else:
        content = path.read_bytes()
        first = content.index(b"movi")
        path.write_bytes(content[: first + (len(content) - first) // 2])
    assert clips[0].frame_indices == (0, 5)
    with pytest.raises(InputError, match=r"001\.AVI .*(ends after|cut short)"):
        clips[len(clips) - 1]


@pytest.mark.parametrize("damage", [b"", b"MATLAB 5.0".ljust(124) + b"\0\1IM", b"junk" * 50])
def test_spoilt_mat_files_are_named(tmp_path, damage):
    write_unpacked(tmp_path, 1, masks="mat", frames=2)
    (tmp_path / "0001/fixation/maps/0001.mat").write_bytes(damage)
    with pytest.raises(InputError, match=r"0001\.mat"):
        Dhf1k(tmp_path, "train")[0]


@pytest.mark.parametrize(
    ("count", "fps", "expected"),
    [
        (16, 30.0, [(0, 5, 10), (5, 10, 15)]),
        (9, 24.0, [(0, 4, 8)]),
        (26, 50.0, [(0, 8, 17), (8, 17, 25)]),
        (21, 60.0, [(0, 10, 20)]),
        (1, 30.0, [(0,)]),
        (4, 3.0, [(0, 1, 2), (1, 2, 3)]),
    ],
)
def test_sampling_is_by_time(count, fps, expected):
    assert Sampling(window=3, stride=1).windows(count, fps) == expected


def test_every_sampled_frame_is_in_a_clip():
    windows = Sampling(window=4, stride=3).windows(60, 30.0)
    assert [window[0] // 5 for window in windows] == [0, 3, 6, 8]
    assert {frame for window in windows for frame in window} == set(range(0, 60, 5))
    with pytest.raises(InputError, match="stride"):
        Sampling(window=4, stride=0)


def test_targets_go_to_the_nearest_sampled_frame():
    early, first, second = (FocusTarget(0, 1, 1), FocusTarget(12, 2, 2), FocusTarget(13, 3, 3))
    last = FocusTarget(49, 639.5, 359.5, (600.0, 300.0, 639.5, 359.5))
    at = target_frames((last, early, second, first), range(0, 46, 5))
    assert at == {10: first, 15: second, 45: last}
    (moved,) = clip_targets(at, (40, 45), source=(360, 640), size=(180, 320))
    assert moved == FocusTarget(1, 319.5, 179.5, (299.75, 149.75, 319.5, 179.5))
