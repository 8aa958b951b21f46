"""Small files that claim, or unpack to, far more than they hold: one sentence, and little memory."""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import google_crc32c
import numpy as np
import pytest
import torch
from numcodecs import Blosc

from rackfocus import InputError
from rackfocus.data.evaluation_files import read_mask
from rackfocus.data.gaze.mat_masks import read_mat_mask
from rackfocus.data.hdr_picture import read_radiance
from rackfocus.data.measured.middlebury import Middlebury
from rackfocus.focus.annotation.keyframes import load_keyframes
from rackfocus.models.recorded.readers import open_recording
from rackfocus.optics.lens_shapes.photographed import PhotographedKernel
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.pipelines.estimates import in_linear_light
from rackfocus.reading.weights import read_state
from rackfocus.video import open_video
from rackfocus.video.stills import read_picture

SIDE = 20_000
"""In pixels; 400 million of them are three times the limit."""
LARGEST_BYTES = 200 * 2**20
"""Of memory beyond what the process of the tests has already."""


@pytest.fixture(autouse=True)
def few_bytes(request: pytest.FixtureRequest) -> Iterator[None]:
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmHWM")
    yield
    allowed = 2 * LARGEST_BYTES if "large_video" in request.fixturenames else LARGEST_BYTES
    assert status("VmHWM") - before < allowed


def status(name: str, process: str = "self") -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def packed_zeros(count: int, head: bytes = b"") -> bytes:
    packer = zlib.compressobj(1)
    parts = [packer.compress(head)]
    parts += [packer.compress(bytes(min(1 << 20, count - at))) for at in range(0, count, 1 << 20)]
    return b"".join([*parts, packer.flush()])


@pytest.fixture(scope="module")
def png(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole black picture, grey, of 400 million pixels in 400 kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path = tmp_path_factory.mktemp("bomb") / "a.png"
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", packed_zeros((SIDE + 1) * SIDE))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(
    "load", [read_picture, read_mask, PhotographedKernel, lambda path: open_recording(path).read(0)]
)
def test_picture(png: Path, load: Callable[[Path], object]) -> None:
    with pytest.raises(InputError, match=r"a\.png claims 20000 x 20000 pixels, .* RACKFOCUS_MAX_PIXELS"):
        load(png)


def test_a_short_picture_that_claims_a_large_one(tmp_path: Path) -> None:
    """Within the limit, but no 100 bytes unpack to 100 million."""
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((30, 40), np.uint8))
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 10_000, 10_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    said = rf"a\.png claims 10000 x 10000 pixels, more than its {len(content)} bytes can hold; replace it\.$"
    with pytest.raises(InputError, match=said):
        read_mask(path)


def test_a_chunk_that_claims_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((30, 40), np.uint8))
    content = bytearray(path.read_bytes())
    start = content.index(b"IDAT") - 4
    content[start : start + 4] = struct.pack(">I", 2**32 - 1)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png cannot be read as a picture, or it is damaged"):
        read_mask(path)


def test_bytes_after_the_end_of_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.ones((30, 40), np.uint8))
    path.write_bytes(path.read_bytes() + b"a note of a camera")
    assert read_mask(path).shape == (1, 30, 40)


def test_the_limit_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = tmp_path / "s.png"
    cv2.imwrite(str(small), np.zeros((30, 40), np.uint8))
    monkeypatch.setenv("RACKFOCUS_MAX_PIXELS", "1200")
    assert read_picture(small).shape == (3, 30, 40)
    monkeypatch.setenv("RACKFOCUS_MAX_PIXELS", "1199")
    with pytest.raises(InputError, match="claims 40 x 30 pixels, more than the 1199"):
        read_picture(small)
    monkeypatch.setenv("RACKFOCUS_MAX_PIXELS", "16k")
    with pytest.raises(InputError, match="RACKFOCUS_MAX_PIXELS must be a number of pixels"):
        read_picture(small)


def npz(path: Path, name: str, shape: tuple[int, ...], count: int) -> None:
    """An array of zeros in a `.npz`; its header claims a shape, and it holds so many values."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # noqa: SIM117
        with archive.open(f"{name}.npy", "w") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            for at in range(0, count, 1 << 20):
                file.write(bytes(min(1 << 20, count - at)))


def test_arrays(tmp_path: Path) -> None:
    npz(tmp_path / "a_disp.npz", "arr_0", (SIDE, SIDE), SIDE**2)
    cv2.imwrite(str(tmp_path / "a_left.png"), np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(InputError, match=r"a_disp\.npz claims 20000 x 20000 pixels"):
        Middlebury(tmp_path)[0]
    # No more is unpacked than the header says.
    npz(tmp_path / "a_disp.npz", "arr_0", (4, 5), 1 << 26)
    assert not Middlebury(tmp_path)[0].valid.any()
    npz(tmp_path / "d.npz", "depths", (2, 4, 5), 1 << 26)
    assert open_recording(tmp_path / "d.npz").read(1).shape == (4, 5)
    npz(tmp_path / "d.npz", "depths", (2, SIDE, SIDE), 100)
    with pytest.raises(InputError, match=r"d\.npz claims 20000 x 20000 pixels"):
        open_recording(tmp_path / "d.npz")


def test_matlab(tmp_path: Path) -> None:
    head = struct.pack("<IIII", 6, 8, 9, 0) + struct.pack("<IIii", 5, 8, SIDE, SIDE)
    head += struct.pack("<II", 1, 8) + b"I" * 8 + struct.pack("<II", 2, SIDE**2)
    packed = packed_zeros(SIDE**2, struct.pack("<II", 14, len(head) + SIDE**2) + head)
    begin = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    (tmp_path / "a.mat").write_bytes(begin + struct.pack("<II", 15, len(packed)) + packed)
    with pytest.raises(InputError, match=r"a\.mat claims 20000 x 20000 pixels"):
        read_mat_mask(tmp_path / "a.mat")


def test_headers_of_light(tmp_path: Path) -> None:
    path = tmp_path / "a.hdr"
    cv2.imwrite(str(path), np.ones((4, 5, 3), np.float32))
    path.write_bytes(path.read_bytes().replace(b"-Y 4 +X 5", b"-Y 20000 +X 20000"))
    with pytest.raises(InputError, match=r"a\.hdr claims 20000 x 20000 pixels"):
        read_radiance(path)


def mjpeg(path: Path, side: int, frames: int) -> None:
    coded = cv2.imencode(".jpg", np.zeros((side, side, 3), np.uint8))[1].tobytes()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width = stream.height = side
        stream.pix_fmt = "yuvj420p"
        for number in range(frames):
            packet = av.Packet(coded)
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base = Fraction(1, 24)
            container.mux(packet)


def test_header_of_a_video(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    mjpeg(path, 64, 2)
    claimed = path.read_bytes().replace(struct.pack("<ii", 64, 64), struct.pack("<ii", SIDE, SIDE))
    claimed = re.sub(rb"(\xff\xc0..\x08)....", rb"\1" + struct.pack(">HH", SIDE, SIDE), claimed, flags=re.S)
    path.write_bytes(claimed)
    with pytest.raises(InputError, match=r"v\.avi is damaged, or has more than the 134217728 pixels"):
        open_video(path)


@pytest.fixture(scope="module")
def large_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two frames of 8192 x 8192 pixels in 2 MB."""
    path = tmp_path_factory.mktemp("large") / "v.mkv"
    mjpeg(path, 8192, 2)
    return path


def test_large_frames_are_reduced_as_they_are_decoded(large_video: Path) -> None:
    """A frame of 8192 x 8192 pixels takes 100 MB decoded, and 800 MB as floating point."""
    with open_video(large_video) as reader:
        frames = [frame.encoded for frame in reader.frames(reduction=in_linear_light((410, 410)))]
    assert [frame.shape for frame in frames] == [(3, 410, 410)] * 2


@pytest.fixture(scope="module")
def chunk() -> bytes:
    """A chunk of a clip that unpacks to 400 MB, with the right sum at its end."""
    packed = Blosc("zstd", 1).encode(np.zeros(SIDE**2, np.uint8))
    return packed + struct.pack("<I", google_crc32c.value(packed))


def test_chunks(chunk: bytes, clip: Path) -> None:
    (clip / "disparity" / "c.0.0.0.0").write_bytes(chunk)
    with pytest.raises(InputError, match=r"disparity of frame 0 .* is damaged"):
        RefocusableClip.open(clip).disparity(0)


def test_torch(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1 << 20)}, tmp_path / "stored.pth")
    assert read_state(tmp_path / "stored.pth")["a"].shape == (1 << 20,)
    with (
        zipfile.ZipFile(tmp_path / "stored.pth") as stored,
        zipfile.ZipFile(tmp_path / "w.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for each in stored.namelist():
            packed.writestr(each, stored.read(each))
    with pytest.raises(InputError, match=r"w\.pth cannot be read as weights \(it is compressed\)"):
        read_state(tmp_path / "w.pth")


@pytest.mark.parametrize(
    "content", [b"[" * 200_000, b'{"a":' * 500 + b"1" + b"}" * 500, b" " * ((1 << 26) + 1)]
)
def test_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json cannot be read as JSON"):
        load_keyframes(tmp_path / "a.json")
