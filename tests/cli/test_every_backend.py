"""Every depth and HDR model of `conf/model` goes through `refocus`, `make-clip` and `autofocus`."""

import importlib.util
import math
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

import rackfocus
from rackfocus.cli import main
from rackfocus.cli.configs.files import config_folder
from rackfocus.models.published import megadepth
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip

SIZE, FRAMES = (64, 48), 6
BACKENDS = sorted((path.parent.name, path.stem) for path in config_folder().glob("model/*/*.yaml"))
REAL = {
    "fastdepth": "fastdepth_7.onnx",
    "tcmonodepth": "tcmonodepth_small.pt",
    "expandnet": "expandnet.pth",
}
"""Files that lie in ../shared/weights."""
LARGE = ("hdrcnn", "megadepth", "tcmonodepth", "transformers")
"""They take seconds to make, to load or to run."""


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Noise of which a patch moves."""
    path = tmp_path_factory.mktemp("video") / "in.mp4"
    random = np.random.default_rng(0)
    ground = random.integers(60, 110, (SIZE[1], SIZE[0], 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"crf": "10"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for index in range(FRAMES):
            picture = ground.copy()
            picture[12:36, 8 + 2 * index : 24 + 2 * index] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def published(name, folder, request):
    """The settings that give a backend its weights: real ones, or random ones of the published layout."""
    if name in REAL:
        file = {"fastdepth": "fastdepth_7.onnx", "tcmonodepth": "tcmonodepth_small.pt"}.get(
            name, f"{name}.pth"
        )
        weights = request.getfixturevalue("shared") / "weights" / file
    elif name == "megadepth":
        weights = folder / "net_G.pth"
        torch.save(random_state(layout_of("megadepth").published_shapes()), weights)
    elif name == "hdrcnn":
        shapes = layout_of("hdrcnn").published_shapes()
        weights = layout_of("hdrcnn").write(
            folder / "hdrcnn.npz", [np.full(shape, 1e-3, np.float32) for shape in shapes]
        )
    elif name == "transformers":
        layout_of("transformers_depth").save_tiny(folder)
        return [f"name={folder}"]
    elif name == "recorded":
        random = np.random.default_rng(1)
        for index in range(FRAMES):
            values = random.integers(0, 255, (SIZE[1] // 4, SIZE[0] // 4), np.uint8)
            Image.fromarray(values).save(folder / f"{index}.png")
        return [f"path={folder}"]
    else:
        raise AssertionError(f"say here where the weights of {name} come from")
    return [f"weights={weights}"]


def layout_of(name):
    """The module of a backend's own tests, which knows the layout of its file."""
    path = Path(__file__).parents[1] / "models" / "published" / f"test_{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_layout", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def random_state(shapes):
    generator = torch.Generator().manual_seed(2)
    state = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator)
        if name.endswith("running_var"):
            value = value.square() + 0.5
        elif len(shape) == 4:
            value /= math.sqrt(shape[1] * shape[2] * shape[3])
        state[name] = value
    return state


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


@pytest.mark.parametrize(
    ("half", "name"),
    [
        pytest.param(half, name, marks=pytest.mark.slow if name in LARGE else (), id=f"{half}-{name}")
        for half, name in BACKENDS
    ],
)
def test_through_every_command(half, name, video, tmp_path, monkeypatch, request):
    monkeypatch.setattr(megadepth, "LONGER_SIDE_PX", 64)
    weights = tmp_path / "weights"
    weights.mkdir()
    settings = [f"model.{half}.{setting}" for setting in published(name, weights, request)]
    model = [f"model/{half}={name}", *settings, "network_size_px=32"]
    plain = ["stabilizer=none", *model]
    out, clip, found = (tmp_path / name for name in ("out.mp4", "clip.rvr", "focus.json"))
    assert run(monkeypatch, "refocus", video, out, "focus.x=20", "focus.y=20", *plain) == 0
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
    assert run(monkeypatch, "make-clip", video, clip, *plain) == 0
    with RefocusableClip.open(clip).open_source() as reader:
        assert reader.info.frames == FRAMES
    disparity = RefocusableClip.open(clip).disparity(FRAMES - 1)
    assert disparity.shape == (1, SIZE[1], SIZE[0])
    assert disparity.isfinite().all()
    assert run(monkeypatch, "autofocus", video, "--out", found, "longer_side_px=64", *model) == 0
    assert rackfocus.load_annotation(found).targets


def test_recorded_depth_that_cannot_be_had(video, tmp_path, monkeypatch, capfd):
    """Each as one sentence, with exit code 2, by every command."""
    depth = tmp_path / "depth"
    depth.mkdir()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(depth / "0.png")
    recorded, path = "model/depth=recorded", f"model.depth.path={depth}"
    target = tmp_path / "out.mp4"
    for settings, sentence in (
        ([], "model.depth.path"),
        ([f"{path}/nowhere"], "nowhere does not exist"),
        ([path, "model.depth.kind=metric"], "kind must be nearness or depth"),
        ([path], f"holds depth for 1 frames, and the video has {FRAMES}"),
    ):
        assert run(monkeypatch, "refocus", video, target, recorded, *settings) == 2
        told = capfd.readouterr().err.strip().splitlines()[-1]
        assert sentence in told
        assert not target.exists()
    for command in (
        ["make-clip", video, tmp_path / "clip.rvr"],
        ["autofocus", video, f"out={tmp_path / 'a'}"],
    ):
        assert run(monkeypatch, *command, recorded, path) == 2
        assert "holds depth for 1 frames" in capfd.readouterr().err
