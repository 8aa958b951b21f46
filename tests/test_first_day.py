"""A researcher's first day: the README's own commands, from an empty folder, by the installed wheel."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DAY = README.partition("A first day:")[2].split("```")[1]
PREPARE, TRAIN, GO_ON, EVALUATE, REFOCUS, SWEEP, STILLS = re.findall(r"^rackfocus .+$", DAY, re.MULTILINE)
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
OWN_SECTION = CONTRIBUTING.partition("## Parts of your own\n")[2].partition("\n## ")[0]
_, OWN, _ = re.findall(r"^    (rackfocus .+)$", OWN_SECTION, re.MULTILINE)
SMALL = (
    "model.base_width=4", "model.levels=2", "datamodule.view.shorter_side_px=[32,40]",
    "datamodule.view.crop_px=32", "trainer.log_every_n_steps=1", "trainer.val_check_interval=1",
    "callbacks.last.every_n_steps=1",
)  # fmt: skip


@pytest.fixture
def typed(tmp_path, installed_wheel):
    """Types a command of the README, with settings that make it small; returns the process."""
    environment = {**os.environ, "PYTHONPATH": str(installed_wheel), "OMP_NUM_THREADS": "1"}
    # A shell in the foreground, unlike one that started pytest in the background, lets Ctrl-C through.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += (
        "import sys; sys.argv[0] = 'rackfocus'; sys.path.remove(''); from rackfocus.cli import main; main()"
    )

    def run(command, *settings, until=None):
        words = shlex.split(command.replace("<date>", made(tmp_path).name), comments=True)
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words[1:], *settings],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if until is not None:
            while not until():
                assert process.poll() is None, process.communicate()
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=1200)
        assert process.returncode == (0 if until is None else 130), err
        return out, err

    return run


def made(folder):
    """The run's folder that came last."""
    return max(folder.glob("runs/train/*"), key=lambda run: run.stat().st_mtime_ns, default=folder)


def noise(generator, size):
    blurred = cv2.GaussianBlur(generator.uniform(0, 255, (*size, 3)), (0, 0), 1.5)
    return np.clip(128 + 2.5 * (blurred - 128), 0, 255).astype(np.uint8)


def write_day(folder):
    """What lies in the folder in the morning: photographs, stills with gaze, a video, scenes, own parts."""
    generator = np.random.default_rng(0)
    for name in ("photographs", "MIT1003/stimuli", "MIT1003/fixmaps"):
        (folder / name).mkdir(parents=True)
    for scene in ("ash", "elm", "oak"):
        deep = noise(generator, (192, 256))
        cv2.imwrite(str(folder / f"photographs/{scene}_f16.png"), deep)
        shallow = np.roll(deep, (1, -2), axis=(0, 1))
        shallow[:, 128:] = cv2.blur(shallow[:, 128:], (7, 7))
        cv2.imwrite(str(folder / f"photographs/{scene}_f2.png"), shallow)
        cv2.imwrite(str(folder / f"MIT1003/stimuli/{scene}.png"), deep)
        cv2.imwrite(str(folder / f"MIT1003/fixmaps/{scene}.png"), noise(generator, (192, 256))[..., 0])
        (folder / "pairs" / scene).mkdir(parents=True)
        for name in ("deep", "shallow"):
            cv2.imwrite(str(folder / "pairs" / scene / f"{name}.png"), deep[:48, :64])
    with av.open(str(folder / "in.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(2):
            picture = noise(generator, (48, 64))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    for split in ("train", "validation", "test"):
        scene = next((ROOT / "datasets" / "raytraced" / split).iterdir())
        shutil.copytree(scene, folder / "datasets" / "raytraced" / split / scene.name)
    for name, text in re.findall(r"^```(?:python|yaml)\n# (\S+)\n(.+?)^```", OWN_SECTION, re.M | re.S):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_first_day(typed, tmp_path):
    write_day(tmp_path)
    out, _ = typed(PREPARE)
    assert "3 pairs and triplets: manifest.json" in out

    def has_checkpoint():
        return (made(tmp_path) / "checkpoints" / "last.ckpt").is_file()

    _, err = typed(TRAIN, "loss=pixels", *SMALL, until=has_checkpoint)
    run = made(tmp_path)
    assert f"rackfocus train ckpt=last hydra.run.dir={run}" in err.replace("\n", "")
    step = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    out, _ = typed(GO_ON, f"trainer.max_steps={step + 1}")
    assert f"Try them: rackfocus evaluate checkpoint={run}/rgbd_hdr.safetensors data=manifest" in out
    typed(EVALUATE, "sheet_samples=1")
    (records,) = tmp_path.glob("runs/evaluate/*/records.csv")
    assert "oak_f16" in records.read_text()
    typed(REFOCUS, "stabilizer=none")
    assert (tmp_path / "out.mp4").stat().st_size > 0

    out, _ = typed(SWEEP, "loss=pixels", *SMALL, "trainer.max_steps=1", "hydra.sweep.dir=sweep")
    assert "without_hdr" in (tmp_path / "sweep" / "summary.csv").read_text()

    typed(OWN, "data.root=pairs", *SMALL, "trainer.max_steps=1")
    assert "parts.Pairs" in (made(tmp_path) / "config.yaml").read_text()

    small = ("model.width=8", "model.feature_width=8", "model.time_width=8", "data.train_count=2")
    small = (*small, "datamodule.view.height_px=32", "datamodule.view.width_px=48", "datamodule.batch_size=2")
    typed(STILLS, *small, "trainer.max_steps=1", "trainer.val_check_interval=1")
    assert (made(tmp_path) / "af_net.safetensors").is_file()
