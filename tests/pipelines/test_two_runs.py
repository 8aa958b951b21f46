"""Campaigns of whole commands: two runs of one output, started and killed at random instants.

The records are in experiments/reliability.
"""

import json
import subprocess
import sys

import pytest

COMMANDS = """
import contextlib, hashlib, json, os, random, shutil, signal, sys, time
from pathlib import Path
import torch
from rackfocus.cli import main
from rackfocus.models.checkpoints import save_model
from rackfocus.models.rgbd_hdr import RGBDHDRNet
import rackfocus.cli.clip, rackfocus.cli.make_clip, rackfocus.cli.refocus

os.chdir(sys.argv[1])
# A clip records it, and it changes with every change of the working tree.
rackfocus.cli.make_clip.git_revision = lambda: "unknown"
draw = random.Random(int(sys.argv[2]))

def begin(*commands):
    "Start commands, one after the other, in a process of their own, which writes to a file what they say."
    child = os.fork()  # before any thread of this process has begun to compute
    if child:
        return child
    log = os.open(f"said.{os.getpid()}", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1), os.dup2(log, 2)
    torch.set_num_threads(1)
    for arguments in commands:
        sys.argv, code = ["rackfocus", *arguments], 99
        with contextlib.suppress(Exception):
            try:
                main()
            except SystemExit as end:
                code = end.code
        if code != 0:
            break
    os._exit(code)

def end(child):
    "The exit code of a command, and what it said."
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = Path(f"said.{child}").read_text() if Path(f"said.{child}").exists() else ""
    return code, said

def finished(*commands):
    began = time.monotonic()
    code, said = end(begin(*commands))
    assert code == 0, said
    return time.monotonic() - began

def digest(place):
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files if file.is_file()]

def clean(*, but):
    return {file.name for file in Path().iterdir() if not file.name.startswith("said.")} == {*before, *but}

if not Path("tiny.safetensors").exists():
    maker = os.fork()  # torch begins threads
    if maker == 0:
        torch.manual_seed(3)
        save_model(RGBDHDRNet(base_width=4, levels=3), Path("tiny.safetensors"))
        os._exit(0)
    assert os.waitpid(maker, 0)[1] == 0
COMMON = ("checkpoint=tiny.safetensors", "stabilizer=none", "network_size_px=32")
before = {"tiny.safetensors", "v.mp4"}
outcomes = []
"""

PAIRS = """
SETTINGS = (("focus.disparity=-3", "codec.preset=ultrafast"), ("focus.disparity=6", "codec.preset=ultrafast"))
right = []
for number, settings in enumerate(SETTINGS):
    seconds = finished(("refocus", "v.mp4", f"right{number}.mp4", *COMMON, *settings))
    right.append(digest(Path(f"right{number}.mp4"))[0][1])
before |= {"right0.mp4", "right1.mp4"}
for _ in range(int(sys.argv[3])):
    target = Path("out.mp4")
    target.unlink(missing_ok=True)
    children = []
    for settings in draw.sample(SETTINGS, 2):
        child = begin(("refocus", "v.mp4", "out.mp4", *COMMON, *settings))
        children.append((SETTINGS.index(settings), child))
        time.sleep(draw.uniform(0, 0.6 * seconds))
    ends = [(which, *end(child)) for which, child in children]
    wins = [which for which, code, _ in ends if code == 0]
    told = [said for _, code, said in ends if code == 2]
    outcomes.append([len(wins), len(told),
                     all(said.count("rackfocus refocus: out.mp4 is being written by another run") == 1 and
                         "Traceback" not in said for said in told),
                     digest(target)[0][1] in [right[which] for which in wins],
                     clean(but=["out.mp4"])])
    print(json.dumps(outcomes[-1]), flush=True)
print(json.dumps(outcomes))
"""

KILLS = """
command = "make-clip", "v.mp4", "two.rvr", *COMMON
finished(("make-clip", "v.mp4", "whole.rvr", *COMMON))
before |= {"whole.rvr"}
journal = Path("two.rvr/frames.jsonl")

def lines():
    with contextlib.suppress(FileNotFoundError):
        return journal.read_bytes().count(b"\\n")
    return 0

def runs(child):
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

def wait_for(frames, child):
    while lines() < frames and runs(child):
        time.sleep(0.002)

for _ in range(int(sys.argv[3])):
    first = draw.randrange(8)
    one = begin(command)
    wait_for(first, one)
    time.sleep(draw.uniform(0, 0.1))
    other = begin(command)
    time.sleep(draw.choice((0, draw.uniform(0, 1))))
    os.kill(one, signal.SIGKILL)
    wait_for(first + draw.randrange(1, 4), other)
    os.kill(other, signal.SIGKILL)
    codes, kept = [end(child)[0] for child in (one, other)], lines()
    finished(command, ("clip", "verify", "two.rvr"))
    same = digest(Path("two.rvr")) == digest(Path("whole.rvr"))
    outcomes.append([codes, kept, same, clean(but=["two.rvr"])])
    print(json.dumps(outcomes[-1]), flush=True)
    shutil.rmtree("two.rvr")
print(json.dumps(outcomes))
"""


def outcomes(folder, script, make_video, *, frames, seed, count):
    """Each outcome of a script is printed when it is known; the last line has all."""
    make_video(folder / "v.mp4", frames)
    command = [sys.executable, "-c", COMMANDS + script, str(folder), str(seed), str(count)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    print(result.stdout)
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture
def make_video():
    def make(path, frames):
        import av
        import numpy as np

        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=24)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            across = np.linspace(0, 150, 64)[None, :, None] + np.zeros((48, 1, 3))
            for index in range(frames):
                picture = (across + 5 * (index % 20)).astype(np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))

    return make


@pytest.mark.slow
def test_twenty_pairs_of_refocus(tmp_path, make_video):
    """With different settings: the video is that of one run, and the other is told so."""
    found = outcomes(tmp_path, PAIRS, make_video, frames=12, seed=4, count=20)
    assert len(found) == 20
    assert all(
        wins + told == 2 and sentence and right and clean for wins, told, sentence, right, clean in found
    )
    assert sum(told for _, told, *_ in found) >= 10


@pytest.mark.slow
def test_twenty_double_kills_of_make_clip(tmp_path, make_video):
    """The resumed clip verifies, and has the bytes of an undisturbed one."""
    found = outcomes(tmp_path, KILLS, make_video, frames=60, seed=5, count=20)
    assert len(found) == 20
    assert all(same and clean for _, _, same, clean in found)
    assert sum(-9 in codes for codes, *_ in found) >= 10
    assert sum(kept > 0 for _, kept, *_ in found) >= 5
