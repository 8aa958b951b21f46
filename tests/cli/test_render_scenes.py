"""Small real runs: scenes and a clip that the loaders read, in one process and in two."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rackfocus.cli import main
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.data.gaze.focus_events import FocusEventClips
from rackfocus.one_writer import one_writer


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "render-scenes", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


SMALL = ("train=3:4", "validation=null", "test=null", "clip=false", "width=24", "height=16")
SMALL = (*SMALL, "samples_per_pixel=4", "variant=scalar_rgb")


def test_a_scene_from_the_command_line_and_the_same_by_two_processes_beside_a_clip(
    tmp_path, monkeypatch, capfd
):
    pytest.importorskip("mitsuba", reason="Mitsuba (the extra `scenes`) is not installed")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "folder=one", "workers=1", *SMALL) == 0
    assert "1 scenes in one" in capfd.readouterr().out
    assert len(RaytracedScenes("one", "train")) == 2
    made = (tmp_path / "one" / "train" / "0003" / "f2.exr").stat().st_mtime_ns
    assert run(monkeypatch, "folder=one", "workers=1", *SMALL) == 0
    assert (tmp_path / "one" / "train" / "0003" / "f2.exr").stat().st_mtime_ns == made

    clips = ("clips=2:3", "clip_frames=8", "clip_fps=8", "clip_samples_per_pixel=1")
    assert run(monkeypatch, "folder=two", "workers=2", *clips, *SMALL) == 0
    assert "1 clips in two/clips" in capfd.readouterr().out
    one = tmp_path / "one"
    files = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
    assert len(files) == 9
    for file in files:
        if file.name != "SHA256SUMS":
            assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    assert [clip.name for clip in FocusEventClips(tmp_path / "two")] == ["speaks_0002"]


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("train=5", "train=5 is not a range"),
        ("train='5:'", "needs an end"),
        ("width=0", "width"),
        ("blur_px=0", "blur_px"),
        ("workers=0", "workers"),
        ("clips=3", "clips=3 is not a range"),
        ("clips=0:2 kinds=[sings]", "sings"),
        ("clips=0:2 clip_frames=3", "clip_frames"),
    ],
)
def test_mistakes(tmp_path, monkeypatch, capfd, setting, says):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "test=null", "validation=null", "clip=false", *setting.split()) == 2
    assert says in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def _runs(process: int) -> bool:
    """Whether it is there and no zombie, which nobody may reap in a container."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="processes are listed in /proc of Linux")
def test_of_two_at_once_the_second_is_told(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with one_writer(Path("one")):
        assert run(monkeypatch, "folder=one", *SMALL) == 2
    assert "one is being written by another run" in capfd.readouterr().err


def test_ctrl_c_ends_all_processes_with_one_sentence(tmp_path):
    pytest.importorskip("mitsuba", reason="Mitsuba (the extra `scenes`) is not installed")
    settings = ["train=0:400", "validation=null", "test=null", "clip=false", "workers=2"]
    settings += ["variant=scalar_rgb", "width=24", "height=16", "samples_per_pixel=1"]
    # A shell that runs tests in the background has them ignore Ctrl-C.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "import sys; sys.argv[0] = 'rackfocus'; from rackfocus.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "render-scenes", *settings],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not list(tmp_path.glob("scenes/train/[0-9]*")):  # one of many is done
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    workers = [int(number) for number in children.read_text().split()]
    assert len(workers) == 3  # two, and the tracker of their resources
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 130
    assert errors == "rackfocus render-scenes: interrupted.\n"
    for _ in range(6000):
        if not any(_runs(worker) for worker in workers):
            break
        time.sleep(0.1)
    assert not any(_runs(worker) for worker in workers)
    assert not list(tmp_path.glob("scenes/train/[0-9]*/*.part"))
