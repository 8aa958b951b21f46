"""A tiny real run of train, evaluate and demo; a training that is stopped is a process of its own."""

import contextlib
import csv
import io
import itertools
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from rackfocus import load_model
from rackfocus.cli import main

STEPS = 12
TINY = (
    "experiment=demo",
    "model.base_width=4",
    "model.levels=3",
    f"trainer.max_steps={STEPS}",
    "trainer.val_check_interval=5",
    "trainer.log_every_n_steps=1",
    "+trainer.limit_val_batches=1",
    "datamodule.view.shorter_side_px=[40,48]",
    "datamodule.view.crop_px=40",
    "callbacks.last.every_n_steps=3",
)


def start(folder, *arguments, **settings):
    """A process of its own, as a shell in the foreground would start it."""
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "import sys; sys.argv[0] = 'rackfocus'; from rackfocus.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **settings,
    )


def stop(process, signal_number, *, once):
    """Send it the signal as soon as something is true."""
    until = time.monotonic() + 600
    while not once():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(process.pid, signal_number)
    return process.communicate(timeout=600)


def rows_of(folder):
    path = folder / "metrics" / "metrics.csv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def states(folder):
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    names = [name for name in ("state_dict", "current_model_state") if name in checkpoint]
    return [values for name in names for values in checkpoint[name].values()]


def assert_alike(folder, other):
    """Both trainings ended with the same weights, chose the same, and measured the same on the way."""
    assert all(torch.equal(*pair) for pair in zip(states(folder), states(other), strict=True))
    chosen = [load_model(made / "rgbd_hdr.safetensors").state_dict() for made in (folder, other)]
    assert all(torch.equal(values, chosen[1][name]) for name, values in chosen[0].items())
    assert rows_of(folder) == rows_of(other)


def interrupted_step(process, errors, folder, *, code):
    """The process said how to go on, and the last checkpoint is whole; its step."""
    assert process.returncode == code
    assert "Traceback" not in errors
    named = re.search(r"rackfocus train ckpt=last hydra\.run\.dir=(\S+)", errors)
    assert (folder.parents[2] / named[1]).resolve() == folder.resolve(), errors
    step: int = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    return step


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-c", "from rackfocus.cli import main; main()", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def run_here(folder, *arguments):
    """In this process, which has imported everything; returns what it printed."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["rackfocus", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code == 0
    return printed.getvalue()


@pytest.fixture(scope="module")
def trained(tmp_path_factory, raytraced):
    """The folder of a whole training, and what it printed."""
    folder = tmp_path_factory.mktemp("train")
    printed = run_here(folder, "train", f"data.root={raytraced}", *TINY)
    (made,) = (folder / "runs" / "train").iterdir()
    return made, printed


def test_training_leaves_a_network_and_how_it_came_about(trained):
    folder, printed = trained
    assert f"runs/train/{folder.name}/rgbd_hdr.safetensors" in printed
    prediction = load_model(folder / "rgbd_hdr.safetensors")(torch.rand(1, 3, 24, 32))
    assert prediction.disparity.isfinite().all()
    assert "base_width: 4" in (folder / "config.yaml").read_text()
    assert re.search(r"git revision: \w+", (folder / "environment.txt").read_text())
    assert "torch==" in (folder / "environment.txt").read_text()
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["best.ckpt", "last.ckpt"]
    assert any((folder / "tensorboard").rglob("events.*"))
    with (folder / "metrics" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(bool(row["train/loss"]) for row in rows) == STEPS
    assert [row["step"] for row in rows if row["validation/psnr"]] == ["4", "9", "11"]


def test_a_checkpoint_is_plain_tensors(trained):
    checkpoint = torch.load(trained[0] / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == STEPS


def test_the_best_checkpoint_is_the_network_that_is_left(trained):
    best = load_model(trained[0] / "checkpoints" / "best.ckpt").state_dict()
    left = load_model(trained[0] / "rgbd_hdr.safetensors").state_dict()
    assert all(torch.equal(values, left[name]) for name, values in best.items())


def test_killed_and_then_interrupted_a_training_goes_on_to_the_same_weights(trained, tmp_path, raytraced):
    rows = random.randint(4, 6)
    process = start(tmp_path, "train", f"data.root={raytraced}", *TINY)
    runs = tmp_path / "runs" / "train"
    stop(
        process,
        signal.SIGKILL,
        once=lambda: runs.is_dir() and any(len(rows_of(p)) >= rows for p in runs.iterdir()),
    )
    (made,) = runs.iterdir()
    last, network = made / "checkpoints" / "last.ckpt", made / "rgbd_hdr.safetensors"
    killed_ns = last.stat().st_mtime_ns
    process = start(tmp_path, "train", "ckpt=last")
    _, errors = stop(process, signal.SIGINT, once=lambda: last.stat().st_mtime_ns > killed_ns)
    assert interrupted_step(process, errors, made, code=130) % 3 == 0
    assert not network.exists()
    run_here(tmp_path, "train", "ckpt=last")
    assert list(runs.iterdir()) == [made]
    assert_alike(made, trained[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ("callbacks=ema", "trainer.accumulate_grad_batches=2", "datamodule.workers=1"),
        ("trainer.precision=bf16-mixed", "channels_last=true", "callbacks=ema"),
    ],
)
def test_a_training_killed_twice_goes_on_to_the_same_weights(settings, tmp_path, raytraced):
    whole, made = tmp_path / "whole", tmp_path / "made"
    settings = ("train", f"data.root={raytraced}", *TINY, *settings)
    assert run(tmp_path, *settings, f"hydra.run.dir={whole}").returncode == 0
    for command, rows in ((settings, 5), (("train",), 9)):
        process = start(tmp_path, *command, "ckpt=last", f"hydra.run.dir={made}")
        stop(process, signal.SIGKILL, once=lambda rows=rows: len(rows_of(made)) >= rows)
    result = run(tmp_path, "train", "ckpt=last", f"hydra.run.dir={made}")
    assert result.returncode == 0, result.stderr
    assert_alike(made, whole)


@pytest.mark.slow
def test_a_request_to_end_leaves_the_last_checkpoint(tmp_path, raytraced):
    folder = tmp_path / "made"
    settings = (*TINY, "trainer.max_steps=5000", f"hydra.run.dir={folder}")
    process = start(tmp_path, "train", f"data.root={raytraced}", *settings)
    _, errors = stop(process, signal.SIGTERM, once=(folder / "checkpoints" / "last.ckpt").exists)
    # The checkpoint of the step in which the signal came, whichever that was.
    assert interrupted_step(process, errors, folder, code=143) >= 3


@pytest.mark.slow
def test_a_full_disk_leaves_the_last_checkpoint(trained, tmp_path, raytraced):
    folder, last = tmp_path / "made", trained[0] / "checkpoints" / "last.ckpt"
    size = last.stat().st_size
    process = start(
        tmp_path, "train", f"data.root={raytraced}", *TINY, f"hydra.run.dir={folder}", "callbacks=ema",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 2
    assert "cannot be written (File too large); make room" in errors
    assert "Traceback" not in errors
    assert not list((folder / "checkpoints").iterdir())


@pytest.mark.slow
def test_a_training_that_runs_away_is_one_sentence(tmp_path, raytraced):
    result = run(tmp_path, "train", f"data.root={raytraced}", *TINY, "learning_rate=1e30")
    assert result.returncode == 2
    (sentence,) = [line for line in result.stderr.splitlines() if line.strip()]
    assert "of step 2 (train/" in sentence
    (kept,) = tmp_path.glob("runs/train/*/non_finite")
    assert str(kept) in sentence


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["basic", "joblib", "workers"])
def test_a_sweep_does_its_other_jobs_when_one_fails_and_goes_on(launcher, trained, tmp_path, raytraced):
    chosen = (f"hydra/launcher={launcher}",)
    if launcher == "joblib":
        pytest.importorskip(
            "hydra_plugins.hydra_joblib_launcher", reason="the extra `sweeps` is not installed"
        )
    if launcher == "workers":
        local = ("batch@hydra.launcher.workers=local", "hydra.launcher.workers.workers=2")
        chosen = ("hydra/launcher=ray", *local)
    sweep = tmp_path / "sweep"
    settings = ("train", "-m", f"data.root={raytraced}", *TINY, f"hydra.sweep.dir={sweep}")
    settings = (*settings, *chosen, "learning_rate=1e30,5e-4")
    result = run(tmp_path, *settings)
    assert result.returncode == 2
    assert "rackfocus train, job 0: The " in result.stderr
    assert "Traceback" not in result.stderr
    assert (sweep / "summary.csv").is_file()
    assert_alike(sweep / "1", trained[0])
    assert "learning_rate=1e30,5e-4" in (sweep / "1" / "environment.txt").read_text()
    assert "learning_rate: 0.0005" in (sweep / "1" / "config.yaml").read_text()
    again = run(tmp_path, *settings[:-1], "ckpt=last", "learning_rate=5e-5,5e-4")
    assert again.returncode == 0, again.stderr
    assert "There is no" in again.stdout  # job 0 begins anew, job 1 was done
    assert_alike(sweep / "1", trained[0])


@pytest.mark.slow
def test_a_job_that_a_queue_ends_is_queued_again_and_goes_on(trained, tmp_path, raytraced, monkeypatch):
    pytest.importorskip("submitit", reason="the extra `slurm` is not installed")
    monkeypatch.setenv("SUBMITIT_PREEMPT_SIGNAL", "USR1")
    sweep = tmp_path / "sweep"
    process = start(
        tmp_path, "train", "-m", "hydra/launcher=submitit_local", f"data.root={raytraced}", *TINY,
        "callbacks.last.every_n_steps=1000", "learning_rate=1e-3,5e-4", f"hydra.sweep.dir={sweep}",
    )  # fmt: skip
    until = time.monotonic() + 600
    while len(rows_of(sweep / "1")) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    # submitit names the folder of a job after the process that watches over it.
    watchers = [path.name for path in (sweep / ".submitit").iterdir() if path.name.isdigit()]
    jobs = [Path(f"/proc/{pid}/task/{pid}/children").read_text().split() for pid in watchers]
    for job in itertools.chain(*jobs):
        os.kill(int(job), signal.SIGUSR1)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    logs = [path.read_text() for path in (sweep / ".submitit").rglob("*_log.out")]
    assert sum("Requeued job" in log for log in logs) == len(watchers) == 2
    assert (sweep / "summary.csv").is_file()
    assert_alike(sweep / "1", trained[0])


@pytest.mark.slow
def test_two_processes_train_together(tmp_path, raytraced):
    folder = tmp_path / "made"
    devices = ("trainer.accelerator=cpu", "trainer.devices=2", "trainer.strategy=ddp")
    result = run(tmp_path, "train", f"data.root={raytraced}", *TINY, *devices, f"hydra.run.dir={folder}")
    assert result.returncode == 0, result.stderr
    assert "GLOBAL_RANK: 1" in result.stderr + result.stdout
    assert result.stdout.count("The best weights") == 1
    assert torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == STEPS
    assert sum(bool(row["train/loss"]) for row in rows_of(folder)) == STEPS


@pytest.mark.slow
def test_a_compiled_network_has_the_weights_of_any_other(tmp_path, raytraced):
    settings = (*TINY, "trainer.max_time=null", "trainer.max_steps=2", "trainer.val_check_interval=2")
    result = run(tmp_path, "train", f"data.root={raytraced}", *settings, "compile=true", "callbacks=ema")
    assert result.returncode == 0, result.stderr
    (made,) = tmp_path.glob("runs/train/*")
    result = run(tmp_path, "train", "ckpt=last", "trainer.max_steps=4", "compile=false", "callbacks=ema")
    assert result.returncode == 0, result.stderr
    assert torch.load(made / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 4
    assert load_model(made / "rgbd_hdr.safetensors")(torch.rand(1, 3, 24, 32)).disparity.isfinite().all()


def test_evaluate(trained, tmp_path, raytraced, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    scene = next((raytraced / "validation").iterdir())
    shutil.copytree(scene, tmp_path / "scenes" / "validation" / scene.name)
    settings = ("data.root=scenes", "split=validation")
    settings = (*settings, f"checkpoint={trained[0] / 'rgbd_hdr.safetensors'}")
    monkeypatch.setattr(sys, "argv", ["rackfocus", "evaluate", *settings])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert "truth, coverage" in capfd.readouterr().out
    (made,) = (tmp_path / "runs" / "evaluate").iterdir()
    with (made / "records.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "data.root=nowhere"), "nowhere/train is no folder"),
        (("train", "scheduler=cosine", "trainer.max_steps=-1"), "scheduler.T_max, the steps in which"),
        (("train", "data=sintel", "data.root=nowhere"), "no split 'train'"),
        (("train", "ckpt=nowhere.ckpt"), "no checkpoint nowhere.ckpt"),
        (("train", "ckpt=last"), "no runs/train/*/checkpoints/last.ckpt"),
        (("evaluate", "data.root=nowhere"), "nowhere/test is no folder"),
        (("evaluate", "checkpoint=nowhere.safetensors"), "no checkpoint nowhere.safetensors"),
        (("demo", "data.root=nowhere"), "nowhere/validation is no folder"),
    ],
)
def test_what_is_missing_is_one_sentence(arguments, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rackfocus", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    (sentence,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert says in sentence


@pytest.mark.slow
def test_the_demo_writes_its_page(tmp_path, raytraced):
    result = run(tmp_path, "demo", f"data.root={raytraced}", *TINY[1:])
    assert result.returncode == 0, result.stderr
    (made,) = (tmp_path / "runs" / "demo").iterdir()
    page = (made / "index.html").read_text()
    assert page.count("<video ") == 3
    assert page.count("<img ") == 3 * 9 + 1  # the timeline of focus
    assert page.count("data:image/jpeg;base64,") == 3 * 9
    assert "truth, coverage" in page
    assert "Held-out PSNR after training" in result.stdout
    assert str(made.relative_to(tmp_path) / "index.html") in result.stdout.replace("\n", "")
