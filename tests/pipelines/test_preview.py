"""One picture of five frames: the input, its disparity, and the result."""

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus import AnnotatedVideo, FocusAnnotation, FocusTarget, InputError
from rackfocus.cli.refocus import matches
from rackfocus.pipelines.preview import preview
from rackfocus.types import RGBDHDR


class Halves(torch.nn.Module):
    """The left half lies in front of the right half."""

    def forward(self, srgb: torch.Tensor, *, network_size_px: int | None = None) -> RGBDHDR:  # noqa: ARG002
        disparity = torch.full_like(srgb[:, :1], 4.0)
        disparity[..., : srgb.shape[-1] // 2] = -4.0
        return RGBDHDR(disparity, torch.zeros_like(srgb))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Nine frames, each a checkerboard in its own grey."""
    board = np.indices((48, 64)).sum(0)[..., None].repeat(3, 2) // 4 % 2
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(9):
            picture = (40 + 20 * index + 20 * board).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return tmp_path / "v.mp4"


def cells(path: Path) -> np.ndarray:
    """Pictures of the sheet: row, column, height, width, channel."""
    with Image.open(path) as opened:
        return np.asarray(opened, np.float32).reshape(-1, 48, 3, 64, 3).swapaxes(1, 2)


def test_five_frames(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "p.png"
    assert preview(source, target, focus=(10.0, 20.0), model=Halves()) == [0, 2, 4, 6, 8]
    shown = cells(target)
    assert shown.shape == (5, 3, 48, 64, 3)
    assert shown[:, 0].mean((1, 2, 3)) == pytest.approx([50, 90, 130, 170, 210], abs=4)
    contrast = shown[:, :, 8:-8, :, 1].std(2)
    # The left half is in focus, and the right half is not.
    assert (contrast[:, 2, 8:24] > 8).all()
    assert (contrast[:, 2, 44:56] < 3).all()
    assert (shown[:, 1, :, 8:24].min((1, 2, 3)) > 200).all()
    assert (shown[:, 1, :, 44:56, 0] < 200).all()


def test_the_point_of_the_last_target(tmp_path: Path, source: Path) -> None:
    about = AnnotatedVideo("v.mp4", "0" * 64, 64, 48, 9, 12.0)
    focus = FocusAnnotation(about, (FocusTarget(0, 10, 20), FocusTarget(5, 50, 20)))
    assert preview(source, tmp_path / "p.jpg", focus=focus, model=Halves(), last=8) == [0, 2, 4, 5, 7]
    contrast = cells(tmp_path / "p.jpg")[:, 2, 8:-8, 8:24, 1].std(1).mean(1)
    assert (contrast[:3] > 8).all()
    assert (contrast[3:] < 6).all()


def test_no_frame(tmp_path: Path, source: Path) -> None:
    with pytest.raises(InputError, match="There is no frame 9 to show; the last one is 8"):
        preview(source, tmp_path / "p.png", model=Halves(), first=9)
    assert not (tmp_path / "p.png").exists()


def test_several_by_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.jpg", "a.jpg", "c.png"):
        Path(name).touch()
    assert matches("*.jpg", "out/*_shallow.png") == [
        ("a.jpg", "out/a_shallow.png"), ("b.jpg", "out/b_shallow.png"),
    ]  # fmt: skip
    assert matches("a.jpg", "o.jpg") == [("a.jpg", "o.jpg")]
    with pytest.raises(InputError, match="No file matches"):
        matches("*.heic", "*.jpg")
    with pytest.raises(InputError, match="one name for the 2 files"):
        matches("*.jpg", "o.jpg")
