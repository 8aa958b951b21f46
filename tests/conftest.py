"""Shapes are checked under pytest, and only here: the hook fights torch.compile."""

import gc
import os
import subprocess
import sys
import zipfile

# Before torch is loaded: see rackfocus.cli.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from jaxtyping import install_import_hook

with install_import_hook("rackfocus", "beartype.beartype"):
    import rackfocus

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import cv2
import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
TORCH_THREADS, OPENCV_THREADS = torch.get_num_threads(), cv2.getNumThreads()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is imported and collected, which stays to the end, out of every garbage collection.

    To search these many objects again and again took a third of the time of small tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("there is no CUDA GPU on this machine")


@pytest.fixture(autouse=True)
def threads_as_at_the_start() -> Iterator[None]:
    """Commands set the number of threads, and with another number a sum differs in its last digit."""
    yield
    torch.set_num_threads(TORCH_THREADS)
    cv2.setNumThreads(OPENCV_THREADS)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real files by others, which lie beside the checkout on some machines only."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("there is no ../shared with real data on this machine")
    return folder


@pytest.fixture(scope="session")
def raytraced() -> Path:
    return ROOT / "datasets" / "raytraced"


@pytest.fixture(scope="session")
def installed_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the wheel of this checkout is unpacked, for PYTHONPATH."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@pytest.fixture
def tiny_network() -> "rackfocus.models.rgbd_hdr.RGBDHDRNet":
    from rackfocus.models.rgbd_hdr import RGBDHDRNet

    torch.manual_seed(3)
    return RGBDHDRNet(base_width=4, levels=3)


@pytest.fixture(scope="session")
def write_event_clip() -> Callable[..., Path]:
    """Makes a tiny ray-traced clip with focus events, but for the ray tracing."""
    return _write_event_clip


def _write_event_clip(root: Path, name: str, *, frames: int = 30, events: tuple[int, ...] = (10, 20)) -> Path:
    """A clip as render-scenes makes them: squares; the one of the latest event flickers from then on."""
    import json

    import av
    import numpy as np

    from rackfocus.focus.annotation.json_file import annotated_video, save_annotation
    from rackfocus.scenes.clips.events import CLIP_FORMAT
    from rackfocus.types import FocusAnnotation, FocusTarget

    height, width, fps = 32, 48, 6
    folder = root / "clips" / name
    folder.mkdir(parents=True)
    places = [8, 24, 40]
    boxes = [[x - 4, 10, x + 3, 25] for x in places]
    generator = np.random.default_rng(int(name.rpartition("_")[2]))
    background = generator.integers(60, 120, (height, width, 3), np.uint8)
    with av.open(str(folder / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        for frame in range(frames):
            picture = background.copy()
            latest = sum(frame >= event for event in events)
            for who, (left, top, right, bottom) in enumerate(boxes):
                lit = who == latest and who > 0 and frame % 2 == events[who - 1] % 2
                picture[top : bottom + 1, left : right + 1] = 240 if lit else 20
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    names = ("first", "second", "third")
    people = {name: {"box": box} for name, box in zip(names, boxes, strict=True)}
    about = {
        "format": CLIP_FORMAT,
        "fps": fps,
        "events": [{"frame": event, "who": names[1 + at]} for at, event in enumerate(events)],
        "frames": [{"frame": frame, "people": people} for frame in range(frames)],
    }
    (folder / "clip.json").write_text(json.dumps(about))
    targets = tuple(
        FocusTarget(t, float(places[at]), 17.0, tuple(map(float, boxes[at])))
        for at, t in enumerate((0, *events))
    )
    save_annotation(
        folder / "annotation.json", FocusAnnotation(annotated_video(folder / "clip.mp4"), targets)
    )
    return folder
