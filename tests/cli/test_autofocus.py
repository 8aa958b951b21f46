"""Tiny real runs of `autofocus`, `refocus autofocus=...` and `benchmark autofocus`; mistakes."""

import csv
import sys

import av
import numpy as np
import pytest

import rackfocus
from rackfocus.cli import main
from rackfocus.one_writer import one_writer

SIZE, FRAMES = (96, 64), 30
SMALL = ("longer_side_px=96", "network_size_px=32")


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """A textured patch that stands still and then walks to the right; no sound."""
    path = tmp_path_factory.mktemp("video") / "walk in.mp4"
    random = np.random.default_rng(0)
    ground = random.integers(60, 110, (SIZE[1], SIZE[0], 3), np.uint8)
    patch = random.integers(150, 255, (24, 16, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=15, options={"crf": "10"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for index in range(FRAMES):
            picture, x = ground.copy(), 10 + 2 * max(0, index - 10)
            picture[20:44, x : x + 16] = patch
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_targets_and_their_picture(video, tmp_path, monkeypatch, capfd):
    out, picture = tmp_path / "focus.json", tmp_path / "focus.png"
    assert run(monkeypatch, "autofocus", video, "--out", out, "--picture", picture, *SMALL) == 0
    annotation = rackfocus.load_annotation(out)
    assert annotation.video.frames == FRAMES
    assert annotation.targets[0].t == 0
    assert {target.source for target in annotation.targets} == {"action"}
    assert picture.stat().st_size > 1000
    printed = capfd.readouterr().out.splitlines()
    lines = printed[printed.index(f"{out}: {len(annotation.targets)} targets") + 1 :]
    # Modes that tell no reason give the frame and the time alone.
    assert [line.partition(":")[0] for line in lines[:-1]] == [
        f"  frame {target.t} ({target.t / 15:.2f} s)" for target in annotation.targets
    ]
    assert lines[-1] == str(picture)


def test_what_a_user_said_is_kept(video, tmp_path, monkeypatch):
    out = tmp_path / "focus.json"
    assert run(monkeypatch, "autofocus", video, f"out={out}", *SMALL) == 0
    found = rackfocus.load_annotation(out)
    user = rackfocus.FocusTarget(5, 20.0, 30.0, until=9)
    rackfocus.save_annotation(out, rackfocus.FocusAnnotation(found.video, (*found.targets, user)))
    assert run(monkeypatch, "autofocus", video, f"out={out}", *SMALL) == 0
    again = rackfocus.load_annotation(out)
    assert user in again.targets
    assert len(again.targets) == len(found.targets) + 1


def test_of_two_at_once_the_second_is_told(video, tmp_path, monkeypatch, capfd):
    out = tmp_path / "focus.json"
    with one_writer(out):
        assert run(monkeypatch, "autofocus", video, "--out", out, *SMALL) == 2
    assert f"{out} is being written by another run" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["action", "conversation", "general", None])
def test_all_the_way_to_a_video(video, tmp_path, monkeypatch, capfd, mode):
    out = tmp_path / "out.mp4"
    fast = ("stabilizer=none", "codec.preset=ultrafast", "network_size_px=32")
    given = () if mode is None else (f"autofocus={mode}",)
    assert run(monkeypatch, "refocus", video, out, *given, *fast) == 0
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.mp4"]
    if mode == "conversation":
        assert "no sound" in capfd.readouterr().out


def test_the_benchmark_times_every_stage(video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "benchmark", "autofocus", f"source='{video}'", *SMALL) == 0
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    (table,) = made.glob("*.csv")
    with table.open() as file:
        assert len(list(csv.DictReader(file))) >= 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("autofocus", "missing.mp4", "--out", "a.json"), "missing.mp4"),
        (("autofocus", "VIDEO", "--out", "a.json", "frames=3:9"), "begins with the first frame"),
        (("autofocus", "VIDEO", "--out", "a.json", "picture=a.jpg"), "picture must end in .png"),
        (
            ("autofocus", "VIDEO", "--out", "a.json", "autofocus=action", "autofocus.clusters=0"),
            "clusters must be 1 or more",
        ),
        (("autofocus", "VIDEO", "--out", "a.json", "autofocus.stay_s=0"), "stay_s must be above 0"),
        (("autofocus", "VIDEO"), "out"),
        (("refocus", "VIDEO", "b.mp4", "autofocus=action", "focus.disparity=1"), "only once"),
    ],
)
def test_mistakes(video, tmp_path, monkeypatch, capfd, arguments, says):
    monkeypatch.chdir(tmp_path)
    given = [str(video) if each == "VIDEO" else each for each in arguments]
    assert run(monkeypatch, *given) == 2
    assert says in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
