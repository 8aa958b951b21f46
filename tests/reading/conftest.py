"""One small file of every kind that a loader reads, and the loader."""

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import OpenEXR
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from rackfocus import RGBDHDR, load_model, save_annotation
from rackfocus.data.apertures import blb, raytraced, realbokeh
from rackfocus.data.apertures.manifest import Item, Manifest, Photograph, read_manifest, write_manifest
from rackfocus.data.evaluation_files import read_mask
from rackfocus.data.gaze import focus_events
from rackfocus.data.gaze.hevc_gaze import watched_videos
from rackfocus.data.gaze.mat_masks import read_mat_mask
from rackfocus.data.hdr_picture import read_radiance
from rackfocus.data.measured.exposure_stack import read_exposure
from rackfocus.data.measured.middlebury import _read_npz, read_pfm
from rackfocus.data.preparation.vaf_build import Seen, _write_table, read_table
from rackfocus.data.taught.cut_outs import read_cut_out
from rackfocus.focus.annotation.csv_table import read_csv, write_csv
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.focus.annotation.keyframes import load_keyframes
from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import load_af_net, save_af_net
from rackfocus.models.checkpoints import save_model
from rackfocus.models.published.onnx_file import OnnxFile
from rackfocus.models.published.tensorlayer_file import load_parameters
from rackfocus.models.recorded.readers import open_recording
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics.lens_shapes.photographed import PhotographedKernel
from rackfocus.pipelines.clip.make_clip import make_clip
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.reading.weights import read_state
from rackfocus.scenes.files import read_disparity, write_disparity
from rackfocus.tasks.non_finite import load_batch
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusTarget
from rackfocus.video import open_video
from rackfocus.video.flow.files import read_flow, write_flow
from rackfocus.video.stabilizer.none import NoStabilizer
from rackfocus.video.stills import read_picture

RAMP = np.linspace(0, 1, 12 * 16, dtype=np.float32).reshape(12, 16)
CODES = np.dstack([np.uint8(255 * RAMP), np.uint8(99 * RAMP), np.uint8(255 - 255 * RAMP)])
VIDEO = AnnotatedVideo("v.mp4", "0" * 64, 160, 90, 48, 23.976)
ANNOTATION = FocusAnnotation(VIDEO, (FocusTarget(0, 3, 4), FocusTarget(7, 80.5, 45.25, (70, 30, 90, 60))))


class Kind(NamedTuple):
    """A file in a folder of its own: made, mutated and loaded."""

    file: str
    make: Callable[[Path], Any]
    load: Callable[[Path], Any]


def as_json(content: Any) -> Callable[[Path], Any]:
    return lambda path: path.write_text(json.dumps(content, indent=1))


def picture(path: Path) -> None:
    Image.fromarray(CODES).save(path)


def photograph(path: Path) -> None:
    tags = Image.Exif()
    tags.get_ifd(0x8769).update({33434: 0.01, 33437: 2.8, 34855: 100})
    Image.fromarray(CODES).save(path, exif=tags)


def ball(path: Path) -> None:
    cv2.imwrite(str(path), cv2.circle(np.zeros((40, 40), np.uint8), (20, 20), 9, 200, -1))


def exr(**channels: np.ndarray) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        with OpenEXR.File(header, channels) as file:
            file.write(str(path))

    return make


def pfm(path: Path) -> None:
    path.write_bytes(b"Pf\n16 12\n-1.0\n" + RAMP.tobytes())


def mat(path: Path, *, compressed: bool) -> None:
    """By the published description of the format."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data.ljust(-(-len(data) // 8) * 8, b"\0")

    codes = CODES[..., 0]
    body = element(6, struct.pack("<II", 9, 0)) + element(5, struct.pack("<ii", *codes.shape))
    matrix = element(14, body + element(1, b"I") + element(2, codes.T.tobytes()))
    if compressed:
        packed = zlib.compress(matrix)
        matrix = struct.pack("<II", 15, len(packed)) + packed
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + matrix)


def onnx(path: Path) -> None:
    """The identity of three numbers, in the encoding of protocol buffers."""

    def part(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return bytes([number << 3, value])
        return bytes([number << 3 | 2, len(value)]) + value

    kind = part(1, part(1, 1) + part(2, part(1, part(1, 3))))
    node = part(1, b"x") + part(2, b"y") + part(4, b"Identity")
    graph = part(1, node) + part(2, b"g")
    graph += b"".join(part(place, part(1, name) + part(2, kind)) for place, name in ((11, b"x"), (12, b"y")))
    path.write_bytes(part(1, 8) + part(8, part(2, 13)) + part(7, graph))


def run_onnx(path: Path) -> np.ndarray:
    return OnnxFile(path, "a network", threads=1)(np.ones(3, np.float32))


def batch(path: Path) -> None:
    tensors = {"image": torch.rand(1, 3, 4, 4), "nearness": torch.rand(1, 1, 4, 4)}
    save_file(tensors, path, {"names": '["a"]', "epoch": "0", "step": "3"})


class Flat(torch.nn.Module):
    """A network to which everything has disparity 1."""

    def forward(self, srgb: torch.Tensor, *, network_size_px: int | None = None) -> RGBDHDR:  # noqa: ARG002
        return RGBDHDR(torch.ones_like(srgb[:, :1]), torch.zeros_like(srgb))


def write_clip(folder: Path) -> Path:
    """A refocusable clip of one frame."""
    picture(folder / "v.png")
    make_clip(folder / "v.png", folder / "c.rvr", model=Flat(), stabilizer=NoStabilizer())
    return folder / "c.rvr"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path)


def read_clip(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    opened = RefocusableClip.open(folder)
    return opened.disparity(0), opened.log_exposure(0)


def gaze(path: Path) -> None:
    path.write_text("video,frames,fps,width,height\nv,48,24,160,90\n")
    path.with_name("fixations.csv").write_text("video,t_start_ms,duration_ms,x,y\nv,0,400,80,45\n")


def manifest(path: Path) -> None:
    files = [path.with_name(f"{name}.jpg") for name in "ab"]
    for file in files:
        file.touch()
    deep, shot = (Photograph(file, number) for file, number in zip(files, (16.0, 2.0), strict=True))
    write_manifest(path, Manifest((Item("one", deep, (shot,), "train"),)), root=path.parent)


def bokeh(path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (path.parent / name).touch()
    as_json({"source_image": "a.jpg", "target_images": ["b.jpg"], "target_avs": ["2.0"], "source_av": 22})(
        path
    )


EVENTS = {
    "format": focus_events.CLIP_FORMAT, "fps": 24,
    "events": [{"frame": 3, "kind": "walk", "who": "a", "x": 1, "y": 2.5, "focal_disparity": -1, "until": 9}],
}  # fmt: skip
KEYFRAMES = {
    "format": "rackfocus.keyframes", "version": 1,
    "keyframes": [{"frame": 0, "disparity": -3.5, "f_number": 2}, {"frame": 48, "disparity": 6.0}],
}  # fmt: skip
SCENE = {"width": 16, "height": 12, "lights": True, "focal_disparity": 1.5, "seed": 3}
SEEN = Seen("v.mp4", 900, 12345678, "0" * 64, 2.5, cut=7)
SMALL_AF_NET = AFNet(units=3, width=8, feature_width=8, time_width=8)

KINDS = {
    "annotation": Kind("a.json", lambda path: save_annotation(path, ANNOTATION), load_annotation),
    "annotations": Kind("a.csv", lambda path: write_csv({"v.json": ANNOTATION}, path), read_csv),
    "keyframes": Kind("a.json", as_json(KEYFRAMES), load_keyframes),
    "manifest": Kind("m.json", manifest, read_manifest),
    "scene": Kind("scene.json", as_json(SCENE), lambda path: raytraced._description(path.parent)),
    "events": Kind("clip.json", as_json(EVENTS), focus_events._description),
    "BLB": Kind(
        "info.json",
        as_json({"blur_parameters": [1, 2.5], "focus_distances": [0.5, 0.25]}),
        lambda path: blb._parameters(path, 2, 2),
    ),
    "RealBokeh": Kind("1.json", bokeh, lambda path: realbokeh._scene(path, path.parent)),
    "clip": Kind(
        "c.rvr/clip.json", lambda path: write_clip(path.parents[1]), lambda path: read_clip(path.parent)
    ),
    "clip's arrays": Kind(
        "c.rvr/disparity/zarr.json",
        lambda path: write_clip(path.parents[2]),
        lambda path: read_clip(path.parents[1]),
    ),
    "clip's chunks": Kind(
        "c.rvr/disparity/c.0.0.0.0",
        lambda path: write_clip(path.parents[2]),
        lambda path: read_clip(path.parents[1]),
    ),
    "gaze": Kind("videos.csv", gaze, lambda path: watched_videos(path.parent)),
    "VAF": Kind("videos.csv", lambda path: _write_table([SEEN], path), read_table),
    "flow": Kind("a.flo", lambda path: write_flow(path, np.dstack([RAMP, RAMP])), read_flow),
    "PFM": Kind("a.pfm", pfm, read_pfm),
    "MAT": Kind("a.mat", lambda path: mat(path, compressed=False), read_mat_mask),
    "compressed MAT": Kind("a.mat", lambda path: mat(path, compressed=True), read_mat_mask),
    "disparity NPZ": Kind("a.npz", lambda path: np.savez_compressed(path, arr_0=RAMP), _read_npz),
    "depths NPZ": Kind(
        "a.npz",
        lambda path: np.savez_compressed(path, depths=RAMP[None]),
        lambda path: open_recording(path).read(0),
    ),
    "depths NPY": Kind("a.npy", lambda path: np.save(path, RAMP), lambda path: open_recording(path).read(0)),
    "depth PNG": Kind(
        "a.png",
        lambda path: cv2.imwrite(str(path), np.uint16(65535 * RAMP)),
        lambda path: open_recording(path).read(0),
    ),
    "depth EXR": Kind("a.exr", exr(Z=RAMP), lambda path: open_recording(path).read(0)),
    "light HDR": Kind("a.hdr", lambda path: cv2.imwrite(str(path), CODES / np.float32(99)), read_radiance),
    "light EXR": Kind("a.exr", exr(RGB=np.dstack([RAMP] * 3)), read_radiance),
    "disparity PNG": Kind("a.png", lambda path: write_disparity(path, RAMP), read_disparity),
    "mask": Kind("a.png", lambda path: cv2.imwrite(str(path), np.uint8(RAMP > 0.5)), read_mask),
    "cut-out": Kind(
        "a.png", lambda path: cv2.imwrite(str(path), np.dstack([CODES, CODES[..., :1]])), read_cut_out
    ),
    "bokeh ball": Kind("a.png", ball, lambda path: PhotographedKernel(path).kernel(5)),
    "exposure": Kind("a.jpg", photograph, read_exposure),
    **{
        f"picture {suffix}": Kind(f"a.{suffix}", picture, read_picture)
        for suffix in ("png", "jpg", "webp", "tiff", "bmp")
    },
    "frames": Kind("1.png", picture, lambda path: next(open_video(path.parent, fps=9).frames())),
    "network": Kind(
        "n.safetensors",
        lambda path: save_model(RGBDHDRNet(base_width=2, levels=2), path),
        load_model,
    ),
    "AF-Net": Kind("n.safetensors", lambda path: save_af_net(SMALL_AF_NET, path), load_af_net),
    "weights": Kind("w.pth", lambda path: torch.save({"a": torch.rand(3, 4)}, path), read_state),
    "old weights": Kind(
        "w.pth",
        lambda path: torch.save({"a": torch.rand(3, 4)}, path, _use_new_zipfile_serialization=False),
        read_state,
    ),
    "TensorLayer": Kind(
        "w.npz",
        lambda path: np.savez(path, params=np.array([RAMP, RAMP[0], None], object)[:2]),
        load_parameters,
    ),
    "ONNX": Kind("w.onnx", onnx, run_onnx),
    "batch": Kind("b.safetensors", batch, load_batch),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the arguments `name` and `kind` runs for each of them."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize(("name", "kind"), list(KINDS.items()), ids=list(KINDS))
