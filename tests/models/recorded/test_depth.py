"""Depth out of files: every kind of file by exact values, how frames find theirs, and every mistake."""

from fractions import Fraction

import av
import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image

from rackfocus import InputError
from rackfocus.models.backends import CompositeEstimator, VideoMoment
from rackfocus.models.recorded.depth import RecordedDepth, filled_from_nearest, nearness_of, resized_by_guide
from rackfocus.models.recorded.readers import depth_files

SIZE = 12, 16
PICTURE = torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(1))


def maps(count=4):
    return np.random.default_rng(2).integers(1, 250, (count, *SIZE)).astype(np.float32)


def write_folder(folder, suffix, values):
    folder.mkdir()
    for index, each in enumerate(values):
        path = folder / f"{index:04d}{suffix}"
        if suffix == ".npy":
            np.save(path, each)
        elif suffix == ".exr":
            with OpenEXR.File({"type": OpenEXR.scanlineimage}, {"Z": each}) as file:
                file.write(str(path))
        else:
            Image.fromarray(each.astype(np.uint16 if suffix == ".16.png" else np.uint8)).save(path)
    return folder


def write_video(path, images, *, rate=10, codec="ffv1", pix_fmt="gray"):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.time_base = stream.codec_context.time_base = Fraction(1, rate)
        for image in images:
            kind = "gray" if image.ndim == 2 else "rgb24"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image.astype(np.uint8), format=kind)))
        container.mux(stream.encode(None))
    return path


def at(recorded, index, *, rate=10.0, frames=None, picture=PICTURE):
    return recorded.nearness_at(picture, VideoMoment(index, index / rate, frames))[0, 0].numpy()


def written(kind, folder):
    values = maps()
    if kind == "video":
        return write_video(folder / "depth.mkv", values)
    if kind == "npz":
        np.savez_compressed(folder / "depth.npz", depths=values)
        return folder / "depth.npz"
    if kind == "array":
        np.save(folder / "depth.npy", values[:, None])
        return folder / "depth.npy"
    return write_folder(folder / "depth", kind, values)


@pytest.mark.parametrize("kind", [".png", ".16.png", ".exr", ".npy", "npz", "array", "video"])
def test_every_kind_of_file(tmp_path, kind):
    recorded = RecordedDepth(written(kind, tmp_path))
    for index in (0, 3, 1):
        np.testing.assert_array_equal(at(recorded, index, frames=4), maps()[index])


def test_depth_is_turned_round_and_what_is_unknown_is_not():
    values = np.array([[2, 0, 4, np.inf, np.nan, -1]], np.float32)
    nearness, is_known = nearness_of(values, "depth")
    np.testing.assert_array_equal(is_known, [[True, False, True, True, False, False]])
    np.testing.assert_array_equal(nearness[is_known], [0.5, 0.25, 0])
    millimetres = np.array([[500, 0, 65535]], np.uint16)
    np.testing.assert_array_equal(nearness_of(millimetres, "depth")[1], [[True, False, False]])
    nearness, is_known = nearness_of(np.array([[0, np.nan, -3, np.inf]]), "nearness")
    np.testing.assert_array_equal(is_known, [[True, False, True, False]])
    np.testing.assert_array_equal(nearness[is_known], [0, -3])


def test_holes_have_the_value_of_the_nearest_known_pixel():
    values = np.array([[1, 0, 0, 0, 9], [1, 0, 0, 0, 9]], np.float32)
    filled = filled_from_nearest(values, values > 0)
    np.testing.assert_array_equal(filled[:, [0, 1, 3, 4]], [[1, 1, 9, 9]] * 2)
    assert filled_from_nearest(values, np.ones_like(values, bool)) is values


def test_a_coarse_edge_moves_to_that_of_the_frame():
    """Enlarged, the map has a soft edge at 32; the frame has a hard one at 34."""
    frame = torch.zeros(1, 3, 64, 64)
    frame[..., 34:] = 1
    coarse = torch.zeros(1, 1, 16, 16)
    coarse[..., 8:] = 10
    plain = torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bilinear")
    found = resized_by_guide(coarse, frame)
    assert (found[..., 34] - found[..., 33]).min() > 6
    assert plain.diff(dim=-1).max() < 3
    torch.testing.assert_close(found[..., 34:], torch.full((1, 1, 64, 30), 10.0), rtol=0, atol=0.1)
    assert found.min() >= 0
    assert found.max() <= 10
    flat = torch.full((1, 1, 5, 7), 3.0)
    torch.testing.assert_close(
        resized_by_guide(flat, torch.rand(1, 3, 40, 41)), torch.full((1, 1, 40, 41), 3.0)
    )
    assert resized_by_guide(coarse, frame[..., ::8, ::8]).shape == (1, 1, 8, 8)


def test_frames_find_their_map_by_index_or_by_time(tmp_path):
    """Ten maps a second for twenty-five frames a second: the nearest in time."""
    values = maps(5)
    folder = write_folder(tmp_path / "depth", ".npy", values)
    recorded = RecordedDepth(folder, fps=10)
    for index in range(11):
        np.testing.assert_array_equal(at(recorded, index, rate=25, frames=11), values[round(index / 2.5)])
    film = RecordedDepth(write_video(tmp_path / "depth.mkv", values))
    np.testing.assert_array_equal(at(film, 10, rate=25, frames=11), values[4])
    np.testing.assert_array_equal(at(film, 1, rate=25), values[0])


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["10_zf_0.5.png", "0_zf_0.91.png", "5_zf_0.7.png"], [1, 2, 0]),
        (["frame-000001.depth.png", "frame-000000.depth.png"], [1, 0]),
        (["clip2_7.png", "clip2_8.png"], [0, 1]),
    ],
)
def test_the_order_of_names(tmp_path, names, order):
    for name in names:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no depth")
    assert [file.name for file in depth_files(tmp_path)] == [names[each] for each in order]


def test_a_recording_is_known_by_its_files(tmp_path):
    folder = write_folder(tmp_path / "depth", ".npy", maps())
    before = RecordedDepth(folder).identity()
    assert before == RecordedDepth(folder).identity()
    assert before != RecordedDepth(folder, "depth").identity()
    np.save(folder / "0002.npy", np.zeros((3, 3)))
    assert before != RecordedDepth(folder).identity()


def test_a_missing_path_kind_or_rate(tmp_path):
    folder = write_folder(tmp_path / "depth", ".png", maps())
    with pytest.raises(InputError, match="does not exist; give the folder, array or video"):
        RecordedDepth(tmp_path / "nothing")
    with pytest.raises(InputError, match="kind must be nearness or depth, and is metric"):
        RecordedDepth(folder, "metric")
    with pytest.raises(InputError, match="fps must be above 0"):
        RecordedDepth(folder, fps=0)
    with pytest.raises(InputError, match="time stamps of its own"):
        RecordedDepth(write_video(tmp_path / "depth.mkv", maps()), fps=10)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no file of depth"):
        RecordedDepth(tmp_path / "empty")
    (folder / "0001.npy").write_bytes(b"")
    with pytest.raises(InputError, match="several kinds"):
        RecordedDepth(folder)


def test_a_missing_frame_and_a_wrong_count(tmp_path):
    folder = write_folder(tmp_path / "depth", ".png", maps())
    with pytest.raises(InputError, match=r"depth for 4 frames, and the video has 6; set model\.depth\.fps"):
        at(RecordedDepth(folder), 0, frames=6)
    with pytest.raises(InputError, match="and the video has more"):
        at(RecordedDepth(folder), 4)
    with pytest.raises(InputError, match=r"no depth for frame 9, shown at 0\.900 s: it ends at 0\.300 s"):
        at(RecordedDepth(folder, fps=10), 9)
    (folder / "0002.png").unlink()
    with pytest.raises(InputError, match=r"has no depth 2 between 0001\.png and 0003\.png"):
        RecordedDepth(folder)
    for file, name in zip(sorted(folder.iterdir()), "abc", strict=True):
        file.rename(folder / f"{name}.png")
    with pytest.raises(InputError, match="not numbered"):
        RecordedDepth(folder)


def test_colours_are_no_depth(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "0.png")
    Image.fromarray(colours).convert("P").save(tmp_path / "palette.png")
    for name in ("0.png", "palette.png"):
        with pytest.raises(InputError, match="is in colours, and depth must be grey"):
            at(RecordedDepth(tmp_path / name), 0)
    grey = np.repeat(maps(1)[0][..., None], 3, 2).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(at(RecordedDepth(tmp_path / "grey.png"), 0), maps(1)[0])
    film = write_video(tmp_path / "film.mkv", [grey, colours], pix_fmt="bgr0")
    np.testing.assert_array_equal(at(RecordedDepth(film), 0), maps(1)[0])
    with pytest.raises(InputError, match=r"Frame 1 of .*film\.mkv is in colours"):
        at(RecordedDepth(film), 1)
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": colours.astype(np.float32)}) as file:
        file.write(str(tmp_path / "0.exr"))
    with pytest.raises(InputError, match="is in colours"):
        at(RecordedDepth(tmp_path / "0.exr"), 0)


@pytest.mark.parametrize("kind", [".png", ".exr", ".npy", "npz", "video"])
def test_damaged_files(tmp_path, kind):
    path = written(kind, tmp_path)
    file = sorted(path.iterdir())[0] if path.is_dir() else path
    data = file.read_bytes()
    for part in (data[: len(data) // 2], b"not what it is called"):
        file.write_bytes(part)
        with pytest.raises(InputError, match="damaged"):
            at(RecordedDepth(path), 3 if kind == "video" else 0)


def test_arrays_that_are_no_depth(tmp_path):
    np.savez(tmp_path / "other.npz", depth=maps())
    with pytest.raises(InputError, match="holds no array depths, but depth"):
        RecordedDepth(tmp_path / "other.npz")
    np.savez(tmp_path / "flat.npz", depths=np.zeros(5))
    with pytest.raises(InputError, match="holds 5 values and must hold frames x height x width"):
        RecordedDepth(tmp_path / "flat.npz")
    np.save(tmp_path / "cube.npy", np.zeros((2, 3, 4, 5)))
    with pytest.raises(InputError, match="frames x height x width"):
        RecordedDepth(tmp_path / "cube.npy")
    folder = tmp_path / "unknown"
    folder.mkdir()
    np.save(folder / "0.npy", np.full(SIZE, np.nan))
    with pytest.raises(InputError, match="holds no known depth in map 0"):
        at(RecordedDepth(folder), 0)


def test_single_pictures_have_no_recorded_depth(tmp_path):
    depth = RecordedDepth(write_folder(tmp_path / "depth", ".png", maps()))
    assembled = CompositeEstimator(depth=depth, hdr=lambda srgb: torch.zeros_like(srgb))
    with pytest.raises(InputError, match="belongs to a video"):
        assembled(PICTURE)
    disparity = assembled(PICTURE, moments=[VideoMoment(1, 0.1)]).disparity
    nearest = maps()[1].argmax()
    assert disparity.flatten()[nearest] == disparity.min()
