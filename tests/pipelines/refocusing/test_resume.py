"""Stopped at any instant and started again, a video comes out to the same bytes."""

import contextlib
import errno
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from rackfocus import InputError, Lens, refocus
from rackfocus.types import (
    AnnotatedVideo,
    FocusAnnotation,
    FocusKeyframe,
    FocusKeyframes,
    FocusTarget,
)
from rackfocus.video import encode
from rackfocus.video.codecs import H264

FAST = H264(preset="veryfast")


@pytest.fixture(scope="module", autouse=True)
def short_segments():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode, "SEGMENT_FRAMES", 5)
        yield


def annotation():
    video = AnnotatedVideo("v.mp4", "0" * 64, 64, 48, 23, 24.0)
    return FocusAnnotation(video, (FocusTarget(0, 5, 5), FocusTarget(14, 60, 40)), aperture=2.8)


class Stop(BaseException):
    """Stands for a kill: nothing but `finally` sees it."""


def stop_at(frame):
    def progress(done, total):  # noqa: ARG001
        if done == frame:
            raise Stop

    return progress


@pytest.fixture(scope="module")
def source(tmp_path_factory, make_video):
    folder = tmp_path_factory.mktemp("source")
    return make_video(folder / "v.mp4", pts=range(23), audio=[("aac", 48000, "stereo")])


@pytest.fixture(scope="module")
def run(source, network, window_mean):
    def run(target, progress=None):
        settings = {"focus": annotation(), "model": network, "codec": FAST, "progress": progress}
        return refocus(source, target, stabilizer=window_mean(), **settings)

    return run


@pytest.fixture(scope="module")
def never(run, tmp_path_factory):
    """What is made when nothing stops it."""
    target = tmp_path_factory.mktemp("never") / "o.mp4"
    run(target)
    return target.read_bytes()


@pytest.mark.parametrize(
    "stops", [*(pytest.param(stops, marks=pytest.mark.slow) for stops in ([3], [6, 11])), [12, 12, 19], [22]]
)
def test_the_same_bytes(tmp_path, run, never, stops):
    target = tmp_path / "o.mp4"
    for stop in stops:
        with pytest.raises(Stop):
            run(target, stop_at(stop))
        assert not target.exists()
    assert run(target) == 23
    assert target.read_bytes() == never
    assert [path.name for path in tmp_path.iterdir()] == ["o.mp4"]


@pytest.mark.parametrize(
    "stops", [*(pytest.param(stops, marks=pytest.mark.slow) for stops in ([4], [9, 17])), [23], [12, 30]]
)
def test_the_same_bytes_where_focus_is_looked_for(tmp_path, make_video, network, window_mean, stops):
    """Stopped while the 23 frames are estimated, or their target is followed; none is estimated twice."""
    source = make_video(tmp_path / "v.mp4", pts=range(23))

    def run(target, stop=None):
        told = []

        def progress(done, total):
            told.append(done)
            assert total == 46
            if done == stop:
                raise Stop

        settings = {"focus": annotation(), "model": network, "codec": FAST, "autofocus_progress": progress}
        with contextlib.suppress(Stop):
            refocus(source, target, stabilizer=window_mean(), **settings)
        return told

    (tmp_path / "never").mkdir()
    assert run(tmp_path / "never" / "o.mp4") == list(range(1, 47))
    target, before = tmp_path / "o.mp4", 0
    for stop in stops:
        assert run(target, stop) == list(range(before + 1, stop + 1))
        assert not target.exists()
        before = min(stop, 23)
    assert run(target) == list(range(before + 1, 47))
    assert target.read_bytes() == (tmp_path / "never" / "o.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["never", "o.mp4", "v.mp4"]


@pytest.mark.parametrize("file", ["whole.mp4", "job.json.partial", "000002.npz.partial"])
def test_killed_between_the_frames(tmp_path, make_video, network, monkeypatch, file):
    """While the folder is made, a segment is stored, or the segments are put together."""
    source, target = make_video(tmp_path / "v.mp4", pts=range(13)), tmp_path / "o.mp4"
    refocus(source, target, model=network, codec=FAST)
    never = target.read_bytes()
    replace = Path.replace

    def killed(self, to):
        if self.name == file:
            raise Stop
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", killed)
    target.unlink()
    with pytest.raises(Stop):
        refocus(source, target, model=network, codec=FAST)
    assert not target.exists()
    monkeypatch.setattr(Path, "replace", replace)
    refocus(source, target, model=network, codec=FAST)
    assert target.read_bytes() == never
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.mp4", "v.mp4"]


def test_another_setting_begins_anew(tmp_path, make_video, network):
    source, target = make_video(tmp_path / "v.mp4", pts=range(12)), tmp_path / "o.mp4"

    def first_frame(**settings):
        """Which frame a run begins with; it is stopped when a segment is finished."""
        done = []

        def progress(count, _):
            done.append(count)
            if count >= 7:
                raise Stop

        with pytest.raises(Stop):
            refocus(source, target, **{"model": network, "codec": FAST, "progress": progress} | settings)
        return done[0]

    assert first_frame() == 1
    assert first_frame() == 6
    for change in (
        {"focus": 1.0},
        {"focus": (3.0, 3.0)},
        {"lens": Lens(f_number=4)},
        {"f_number": FocusKeyframes((FocusKeyframe(0, f_number=3),))},
        {"codec": H264(preset="veryfast", crf=20)},
        {"scale": 0.5},
        {"network_size_px": 32},
        {"first": 1},
    ):
        assert first_frame(**change) == 1
        assert first_frame(**change) == 6


def test_a_full_disk_is_one_sentence_and_costs_nothing_that_was_done(
    tmp_path, make_video, network, monkeypatch
):
    source, target = make_video(tmp_path / "v.mp4", pts=range(12)), tmp_path / "o.mp4"
    replace = Path.replace

    def full(self, to):
        if self.name == "000001.npz.partial":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"o\.mp4 cannot be written \(No space left on device\)"):
        refocus(source, target, model=network, codec=FAST)
    assert not target.exists()
    monkeypatch.setattr(Path, "replace", replace)
    seen = []
    refocus(source, target, model=network, codec=FAST, progress=lambda done, _: seen.append(done))
    assert seen == [6, 7, 8, 9, 10, 11, 12]


def test_of_two_at_once_the_second_is_told(tmp_path, make_video, network):
    """Before, both wrote segments into one folder: the video was spliced from both, without an error."""
    source, target = make_video(tmp_path / "v.mp4", pts=range(12)), tmp_path / "o.mp4"
    settings = {"model": network, "codec": FAST}
    refocus(source, target, **settings)
    never, refused = target.read_bytes(), []

    def progress(done, _):
        if done in (1, 7):
            with pytest.raises(InputError, match=r"o\.mp4 is being written by another run") as error:
                refocus(source, target, focus=4.0, **settings)
            refused.append(error)

    refocus(source, target, progress=progress, **settings)
    assert len(refused) == 2
    assert target.read_bytes() == never
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.mp4", "v.mp4"]


def test_goes_on_before_the_first_segment_whose_times_do_not_rise(tmp_path, make_video, network):
    source, target = make_video(tmp_path / "v.mp4", pts=range(17)), tmp_path / "o.mp4"
    with pytest.raises(Stop):
        refocus(source, target, model=network, codec=FAST, progress=stop_at(16))
    (folder,) = tmp_path.glob(".o-*.parts")
    (folder / "000001.npz").write_bytes((folder / "000000.npz").read_bytes())
    done = []
    refocus(source, target, model=network, codec=FAST, progress=lambda count, _: done.append(count))
    assert done == list(range(6, 18))


KILLING = """
import hashlib, json, os, signal, sys, time
from pathlib import Path
source, folder, instants = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
import torch
from rackfocus import refocus
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.video import encode
from rackfocus.video.codecs import H264
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer

encode.SEGMENT_FRAMES = 5

def begin(target):
    heard, said = os.pipe()
    child = os.fork()  # before any thread of this process has begun to compute
    if child:
        os.close(said)
        return child, open(heard, "rb")
    torch.set_num_threads(1)
    torch.manual_seed(3)
    refocus(source, target, focus=(20.0, 20.0), model=RGBDHDRNet(base_width=4, levels=3).eval(),
            stabilizer=TemporalStabilizer(flow=DISFlow(), window_frames=3, look_ahead_frames=2),
            codec=H264(preset="veryfast"), progress=lambda *_: os.write(said, b"."))
    os._exit(0)

def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()

def finish(target):
    child, frames = begin(target)
    frames.read()
    assert os.waitpid(child, 0)[1] == 0

finish(folder / "never.mp4")
outcomes = []
for number, (done, more_s) in enumerate(instants):
    target = folder / f"{number}.mp4"
    child, frames = begin(target)
    frames.read(done)
    time.sleep(more_s)
    os.kill(child, signal.SIGKILL)
    killed = os.waitpid(child, 0)[1] == signal.SIGKILL
    kept = len(list(folder.glob(f".{number}-*.parts/*.npz")))
    finish(target)
    outcomes.append([killed, kept, digest(target) == digest(folder / "never.mp4"),
                     not list(folder.glob(f".{number}-*"))])
print(json.dumps(outcomes))
"""


@pytest.mark.slow
def test_killed_at_twenty_random_instants(tmp_path, make_video):
    source = make_video(tmp_path / "v.mp4", pts=range(90), audio=[("aac", 48000, "stereo")])
    (tmp_path / "out").mkdir()
    draw = random.Random(8)
    instants = sorted((draw.randrange(100), draw.uniform(0, 0.02)) for _ in range(20))  # frames, seconds
    command = [sys.executable, "-c", KILLING, str(source), str(tmp_path / "out"), json.dumps(instants)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    outcomes = json.loads(result.stdout.splitlines()[-1])
    print(result.stdout)
    assert len(outcomes) == 20
    assert all(same and clean for _, _, same, clean in outcomes)
    assert sum(killed for killed, *_ in outcomes) >= 10
    assert len({kept for _, kept, *_ in outcomes}) >= 3
