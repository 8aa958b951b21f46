"""Small real runs, gone on with, with entries of one's own; and mistakes."""

import csv
import re
import shlex
import shutil
import sys
from html import unescape
from pathlib import Path

import pytest

from rackfocus.cli import main
from rackfocus.models.checkpoints import save_model

ROOT = Path(__file__).resolve().parents[3]
SECTION = (
    (ROOT / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .partition("## Enter the leaderboard\n")[2]
    .partition("\n## ")[0]
)
OWN = """
import torch
from rackfocus.types import FocusTarget

class Light:
    def __call__(self, srgb):
        return 0.01 * (srgb > 0.99)

class Broken:
    def __call__(self, srgb):
        raise ZeroDivisionError("of [mine]")

class Never:
    source = "action"

    def find(self, pictures, *, size, fps, device):
        return tuple(FocusTarget(p.index, size[0] / 2, size[1] / 2) for p in pictures if p.index == 0)

    def warnings(self):
        return ()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, raytraced, tiny_network):
    """A working folder with one scene, a clip, a small network, and parts of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", str(Path.cwd()))])
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    shutil.copytree(raytraced / "test" / "1200", tmp_path / "scenes" / "test" / "1200")
    shutil.copytree(raytraced / "clips" / "acts_0001", tmp_path / "clips" / "acts_0001")
    save_model(tiny_network, tmp_path / "net.safetensors")
    (tmp_path / "own.py").write_text(OWN)
    for config, name in (("model/hdr", "light"), ("model/depth", "broken"), ("autofocus", "never")):
        (tmp_path / "mine" / config).mkdir(parents=True)
        (tmp_path / "mine" / config / f"{name}.yaml").write_text(f"_target_: own.{name.title()}\n")
    for name, text in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.+?)^```", SECTION, re.M | re.S):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    yield tmp_path
    for module in ("own", "entered"):
        sys.modules.pop(module, None)


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "benchmark", "leaderboard", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


SMALL = (
    "data.root=scenes",
    "clips=clips",
    "folder=out",
    "cores=1",
    "device=cpu",
    "networks.ours=net.safetensors",
)


def rows(folder):
    with (folder / "out" / "leaderboard.csv").open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    return {tuple(row[part] for part in ("depth", "hdr", "renderer", "autofocus")): row for row in found}


def test_own_parts_are_measured_once_and_what_fails_says_why(folder, monkeypatch, capfd):
    own = ("--config-dir", "mine", *SMALL)
    asked = ("depth=[ours,broken,fastdepth]", "hdr=[truth,light]")
    assert run(monkeypatch, *own, *asked) == 0
    told = capfd.readouterr().out
    assert "No LPIPS" in told
    assert "Not measured, broken: ZeroDivisionError: of [mine]" in told
    first = rows(folder)
    assert set(first) == {
        (depth, hdr, "coverage", "")
        for depth in ("ours", "broken", "fastdepth")
        for hdr in ("truth", "light")
    }
    pipeline = first["ours", "light", "coverage", ""]
    assert 10 < float(pipeline["psnr"]) < 60
    assert float(pipeline["hdr_log_mse"]) > 0
    assert pipeline["samples"] == "1"
    assert pipeline["machine"].startswith("1 core of ")
    assert first["ours", "truth", "coverage", ""]["hdr_log_mse"] == ""
    assert "fastdepth_7.onnx are missing" in first["fastdepth", "truth", "coverage", ""]["why"]
    page = unescape((folder / "out" / "index.html").read_text(encoding="utf-8"))
    assert pipeline["psnr"] in page
    assert first["fastdepth", "truth", "coverage", ""]["why"] in page

    # Others come beside them; what is there stays to the letter, seconds too.
    assert run(monkeypatch, *own, "depth=[ours]", "hdr=[light]", "renderer=[coverage,opencv-preblur]") == 0
    assert run(monkeypatch, *own, "autofocus=[never,none]") == 0
    then = rows(folder)
    assert {key: then[key] for key in first} == first
    assert float(then["ours", "light", "opencv-preblur", ""]["psnr"]) > 10
    assert then["truth", "", "", "never"]["recall"] == "0.000"
    assert float(then["truth", "", "", "never"]["frame_s"]) > 0
    assert then["truth", "", "", "none"]["samples"] == "1"

    # A class that was changed is measured anew.
    (folder / "own.py").write_text(OWN.replace("0.01", "0.02"))
    sys.modules.pop("own")
    assert run(monkeypatch, *own, "depth=[ours]", "hdr=[light,truth]") == 0
    last = rows(folder)
    assert last["ours", "light", "coverage", ""]["hdr_log_mse"] != pipeline["hdr_log_mse"]
    assert last["ours", "truth", "coverage", ""] == first["ours", "truth", "coverage", ""]


def test_as_contributing_tells(folder, monkeypatch):
    (command,) = re.findall(r"^    rackfocus benchmark leaderboard (.+)$", SECTION, re.M)
    assert run(monkeypatch, *shlex.split(command), *SMALL) == 0
    found = rows(folder)
    assert set(found) == {
        (depth, "truth", renderer, "") for depth in ("ground", "truth") for renderer in ("coverage", "sharp")
    }
    assert not any(row["why"] for row in found.values())
    assert found["ground", "truth", "coverage", ""]["disparity"] == "aligned"
    psnr = {key: float(row["psnr"]) for key, row in found.items()}
    assert psnr["truth", "truth", "coverage", ""] == max(psnr.values())
    # What renders nothing needs no depth.
    assert psnr["ground", "truth", "sharp", ""] == psnr["truth", "truth", "sharp", ""]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["depth=[nothing]"],
            "no depth=nothing; choose from truth, none, ours, aperture_supervision, fastdepth,",
        ),
        (
            ["hdr=nothing"],
            "no hdr=nothing; choose from truth, none, ours, aperture_supervision, expandnet, hdrcnn",
        ),
        (["renderer=[gimp]"], "no renderer=gimp; choose from opencv-layered,"),
        (
            ["autofocus=[luck]", "--config-dir", "mine"],
            "action, af_net, conversation, general, never, scene_specific",
        ),
        (["depth=[]"], "depth must be a list of names"),
        (["depth=3"], "depth must be a list of names"),
        (["cores=100000"], "cores must be 1 to"),
        (["data.root=nowhere"], "nowhere"),
    ],
)
def test_mistakes(arguments, says, monkeypatch, capfd):
    assert run(monkeypatch, *SMALL, *arguments) == 2
    err = capfd.readouterr().err
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not Path("out/leaderboard.csv").exists()
    assert not Path("out/index.html").exists()


@pytest.mark.usefixtures("folder")
def test_another_file_of_that_name_is_kept(monkeypatch, capfd):
    Path("out").mkdir()
    Path("out/leaderboard.csv").write_text("a,b\n1,2\n")
    assert run(monkeypatch, *SMALL, "renderer=[opencv-preblur]") == 2
    assert "cannot be read as a leaderboard" in capfd.readouterr().err
    assert Path("out/leaderboard.csv").read_text() == "a,b\n1,2\n"


@pytest.mark.usefixtures("folder")
def test_a_part_that_lacks_a_setting_or_is_told_one(monkeypatch, folder):
    given = ("depth=[recorded]", *SMALL)
    assert run(monkeypatch, *given) == 0
    (row,) = rows(folder).values()
    assert "parts.depth.recorded" in row["why"]
    assert "path" in row["why"]
    assert run(monkeypatch, *given, "++parts.depth.recorded.path=nowhere") == 0
    (row,) = rows(folder).values()
    assert "nowhere" in row["why"]
