"""Parts of one's own, as CONTRIBUTING.md writes them: a module of the working folder, a folder of configs."""

import re
import shlex
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from rackfocus.cli import main
from rackfocus.cli.configs.own_configs import recorded_config_folders

ROOT = Path(__file__).resolve().parents[2]
SECTION = (
    (ROOT / "CONTRIBUTING.md")
    .read_text(encoding="utf-8")
    .partition("## Parts of your own\n")[2]
    .partition("\n## ")[0]
)
CHECK, TRAIN, REFOCUS = re.findall(r"^    (rackfocus .+)$", SECTION, re.MULTILINE)
TINY = (
    "model.base_width=4", "model.levels=3", "trainer.max_steps=1", "trainer.val_check_interval=1",
    "trainer.log_every_n_steps=1", "datamodule.view.shorter_side_px=[24,24]",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with that section's files, photographs and a video; Python does not look there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", str(Path.cwd()))])
    monkeypatch.delitem(sys.modules, "parts", raising=False)
    for name, text in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.+?)^```", SECTION, re.M | re.S):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    rng = np.random.default_rng(0)
    for scene in ("a", "b"):
        (tmp_path / "photographs" / scene).mkdir(parents=True)
        for name in ("deep", "shallow"):
            picture = rng.integers(0, 255, (48, 64, 3), np.uint8)
            Image.fromarray(picture).save(tmp_path / "photographs" / scene / f"{name}.png")
    with av.open(str(tmp_path / "in.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(2):
            picture = rng.integers(0, 255, (48, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    yield tmp_path
    sys.modules.pop("parts", None)


def typed(monkeypatch, command, *settings):
    monkeypatch.setattr(sys, "argv", [*shlex.split(command), *settings])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("place", ["after the command", "before it"])
def test_a_data_set_is_checked(place, monkeypatch, capfd):
    command = CHECK.replace(" --config-dir mine", "").replace("rackfocus", "rackfocus --config-dir mine")
    assert typed(monkeypatch, CHECK if place == "after the command" else command) == 0
    assert "train: 1" in capfd.readouterr().out


@pytest.mark.usefixtures("folder")
def test_a_lens_renders(monkeypatch):
    assert typed(monkeypatch, REFOCUS, "stabilizer=none") == 0
    assert Path("out.mp4").stat().st_size > 0


@pytest.mark.usefixtures("folder")
def test_a_loss_and_a_data_set_train_and_go_on(monkeypatch, capfd):
    assert typed(monkeypatch, TRAIN, *TINY) == 0
    (made,) = Path("runs/train").iterdir()
    assert "_target_: parts.SquaredDifference" in (made / "config.yaml").read_text()
    tried = capfd.readouterr().out.partition("Try them: ")[2].strip()
    assert f"--config-dir={Path.cwd() / 'mine'} data=pairs data.root=photographs split=validation" in tried
    assert typed(monkeypatch, "rackfocus train ckpt=last", "trainer.max_steps=2") == 0
    capfd.readouterr()
    assert typed(monkeypatch, tried, "sheet_samples=0") == 0
    assert "pairs" in capfd.readouterr().out


@pytest.mark.parametrize("module", ["absent", "broken"])
def test_a_module_that_cannot_be_imported_is_one_sentence(folder, module, monkeypatch, capfd):
    (folder / "broken.py").write_text("import what_is_not_there\n")
    assert typed(monkeypatch, TRAIN, *TINY, f"loss._target_={module}.Loss") == 2
    (sentence,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert f"loss._target_={module}.Loss cannot be imported" in sentence
    assert ("'absent'" if module == "absent" else "'what_is_not_there'") in sentence
    assert "working folder" in sentence


@pytest.fixture
def run(tmp_path):
    """A training that was begun with folders of configs: named by an option, by a setting, in the run."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "run" / "conf").mkdir(parents=True)
    (tmp_path / "run" / ".hydra").mkdir()
    sources = [
        ("main", "/conf"), ("command-line", tmp_path / "mine"),
        ("hydra.searchpath in command-line", tmp_path / "mine"), ("command-line", tmp_path / "run" / "conf"),
        ("command-line", tmp_path / "gone"), ("command-line", "mine"),
    ]  # fmt: skip
    told = [{"provider": who, "path": str(path)} for who, path in sources]
    about = {"hydra": {"runtime": {"config_sources": told}}}
    OmegaConf.save(OmegaConf.create(about), tmp_path / "run" / ".hydra" / "hydra.yaml")
    return tmp_path / "run"


def test_folders_outside_the_run_are_remembered(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    assert recorded_config_folders(run, ["ckpt=last"]) == [
        f"--config-dir={mine}",
        f"hydra.searchpath=['file://{mine}']",
    ]


@pytest.mark.parametrize("given", ["--config-dir", "--config-dir=other", "hydra.searchpath=[file:///other]"])
def test_those_given_now_come_in_their_place(run, given):
    assert recorded_config_folders(run, ["ckpt=last", given]) == []


@pytest.mark.parametrize("text", ["", "hydra: 3", "hydra: {runtime: {config_sources: [1]}}", "}{", None])
def test_a_record_that_says_nothing_gives_nothing(run, text):
    recorded = run / ".hydra" / "hydra.yaml"
    recorded.unlink() if text is None else recorded.write_text(text)
    assert recorded_config_folders(run, []) == []
