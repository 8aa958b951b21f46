"""The recipes of CONTRIBUTING.md, "How to add", followed to the letter."""

import importlib
import re
import shlex
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from rackfocus.cli import main

ROOT = Path(__file__).resolve().parents[1]
TEXT = (
    (ROOT / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .partition("## How to add\n")[2]
    .partition("\n## ")[0]
)
RECIPES = dict(re.findall(r"^### (.+?)\n(.+?)(?=^### |\Z)", TEXT, re.MULTILINE | re.DOTALL))


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """Writes the files of a recipe where Python and Hydra find them, then runs its command."""
    monkeypatch.chdir(tmp_path)

    def run(title, *settings):
        for file, code in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.+?)^```", RECIPES[title], re.M | re.S):
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code)
            if path.suffix == ".py":
                module = file.removeprefix("src/").removesuffix(".py").replace("/", ".")
                package = importlib.import_module(module.rpartition(".")[0])
                monkeypatch.setattr(package, "__path__", [*package.__path__, str(path.parent)])
                monkeypatch.delitem(sys.modules, module, raising=False)
        (command,) = re.findall(r"^    (rackfocus .+)$", RECIPES[title], re.M)
        where = f"hydra.searchpath=[file://{tmp_path / 'conf'}]"
        monkeypatch.setattr(sys, "argv", [*shlex.split(command), where, *settings])
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code in (0, None)

    return run


@pytest.fixture
def video(tmp_path):
    random = np.random.default_rng(0)
    with av.open(str(tmp_path / "in.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            picture = random.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def test_there_are_five():
    assert list(RECIPES) == ["A lens", "A depth model", "A detector", "A data set", "An experiment"]


@pytest.mark.usefixtures("video")
@pytest.mark.parametrize("title", ["A lens", "A depth model"])
def test_what_renders(title, follow, tmp_path):
    follow(title, "stabilizer=none")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


@pytest.mark.usefixtures("video")
def test_a_detector(follow, tmp_path):
    follow("A detector")
    assert (tmp_path / "focus.json").is_file()


def test_a_data_set(follow, tmp_path, capsys):
    folder = tmp_path / "photographs" / "one"
    folder.mkdir(parents=True)
    for name in ("deep", "shallow"):
        Image.new("RGB", (32, 24), (200, 100, 50)).save(folder / f"{name}.png")
    follow("A data set")
    assert "train: 1" in capsys.readouterr().out


def test_an_experiment(follow, tmp_path):
    follow(
        "An experiment",
        f"data.root={ROOT / 'datasets' / 'raytraced'}",
        "datamodule.view.crop_px=48",
        "+trainer.limit_val_batches=1",
    )
    (weights,) = tmp_path.glob("runs/train/*/rgbd_hdr.safetensors")
    assert weights.stat().st_size > 0
