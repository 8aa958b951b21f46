"""A folder of videos from the command line: the same bytes as one by one, and every mistake in a report."""

import csv
import json
from pathlib import Path

import pytest

from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip

HERE = "+batch.alone_in_this_process=true"
"""Without a process for each video, which takes seconds to start."""


@pytest.fixture(name="folder")
def make_folder(tmp_path, write_video):
    (tmp_path / "in" / "day").mkdir(parents=True)
    for name, frames in (("a.mp4", 3), ("day/b.mp4", 3), ("long.mp4", 60)):
        write_video(tmp_path / "in" / name, frames=frames)
    return tmp_path / "in"


@pytest.fixture
def write_video():
    import av
    import numpy as np

    def write_video(path, *, frames):
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=24, options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
            for index in range(frames):
                picture = np.zeros((24, 32, 3), np.uint8)
                picture[:, (index + np.arange(32)) // 4 % 2 == 0] = 220
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))

    return write_video


SMALL = ("checkpoint=net.safetensors", "stabilizer=none", "codec.preset=veryfast")


def report(folder):
    with Path(folder, "report.csv").open(newline="") as lines:
        return {row["video"]: (row["state"], row["reason"]) for row in csv.DictReader(lines)}


def test_the_same_bytes_as_one_by_one_with_settings_for_all_and_by_row(call, folder, capfd):
    assert len(list(folder.rglob("*.mp4"))) == 3
    Path("table.csv").write_text("video,focus.disparity,lens\nday/b.mp4,2,polygon\nlong.mp4,0,\n")
    settings = (*SMALL, "lens.f_number=4", "rows=table.csv", "part_frames=48", HERE)
    assert call("batch", "in", "out", *settings) == 0
    assert set(report("out").values()) == {("done", "")}
    in_row = {"day/b.mp4": ("focus.disparity=2", "lens=polygon"), "long.mp4": ("focus.disparity=0",)}
    one_by_one = {"a.mp4": (), **in_row}
    for name, own in one_by_one.items():
        assert call("refocus", f"in/{name}", "alone.mp4", *SMALL, "lens.f_number=4", *own) == 0
        assert Path("out", name).read_bytes() == Path("alone.mp4").read_bytes(), name
    hidden = {".rackfocus-batch"}
    assert {path.name for path in Path("out").iterdir()} == {"a.mp4", "day", "long.mp4", *hidden} | {
        "report.csv",
        "report.json",
    }

    assert call("batch", "in", "out", *settings) == 0
    assert set(report("out").values()) == {("unchanged", "")}
    assert call("batch", "in", "out", *settings, "focus.disparity=1") == 0
    own = ("unchanged", "")
    assert report("out") == {"a.mp4": ("done", ""), "day/b.mp4": own, "long.mp4": own}
    assert "out/report.csv" in capfd.readouterr().out


def test_clips_in_parts_and_their_focus(call, folder):
    (folder / "a.mp4").unlink()
    estimation = ("checkpoint=net.safetensors", "stabilizer=none")
    assert call("batch", "in", "clips", "pipeline=make-clip", "part_frames=48", *estimation, HERE) == 0
    assert call("make-clip", "in/long.mp4", "clips/alone.rvr", *estimation) == 0
    made, alone = (RefocusableClip.open(Path("clips", name)) for name in ("long.rvr", "alone.rvr"))
    assert made.info == alone.info
    assert [path.name for path in Path("clips").glob(".*")] == [".rackfocus-batch"]
    assert call("batch", "clips/day", "focus", "pipeline=autofocus", "autofocus=action", HERE) == 0
    assert json.loads(Path("focus/b.json").read_text())["format"] == "rackfocus.focus"


def test_a_folder_with_what_fails(call, folder, write_video, capfd):
    (folder / "broken.mp4").write_bytes(b"no video")
    write_video(folder / "a.mov", frames=2)
    Path("out/long.mp4").mkdir(parents=True)
    assert call("batch", "in", "out", *SMALL, HERE) == 1
    states = report("out")
    assert states.pop("day/b.mp4") == ("done", "")
    assert {state for state, _ in states.values()} == {"failed"}
    reasons = {name: reason for name, (_, reason) in states.items()}
    assert reasons["broken.mp4"].startswith("in/broken.mp4 is not a video that can be read")
    assert reasons["a.mp4"] == "a.mp4 and a.mov would both become out/a.mp4; rename one of them."
    assert reasons["a.mov"] == "a.mov and a.mp4 would both become out/a.mp4; rename one of them."
    assert reasons["long.mp4"] == "out/long.mp4 is a folder; give the name of a file."
    assert "would both become" in " ".join(capfd.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere", "out"), "nowhere is no folder"),
        (("in", "out", "pipeline=train"), "pipeline must be one of refocus, make-clip, autofocus"),
        (("in", "out", "preview=true"), "preview=true cannot be set in a batch"),
        (("in", "out", "focsu.x=3"), "There is no setting 'focsu.x'"),
        (("in", "out", "focus.z=3"), "There is no setting 'focus.z'"),
        (("in", "out", "rows=table.csv"), "The row of a.mp4 cannot be used: There is no setting 'focus.z'"),
        (("in", "out", "part_frames=0"), "part_frames must be a positive number"),
        (("in", "out", "batch.workers=0"), "workers must be at least 1, and is 0"),
        (("in", "net.safetensors", HERE), "net.safetensors cannot be used"),
    ],
)
def test_where_nothing_can_start(call, write_video, arguments, says, capfd):
    Path("in").mkdir()
    write_video(Path("in/a.mp4"), frames=1)
    Path("table.csv").write_text("video,focus.z\na.mp4,3\n")
    assert call("batch", *arguments) == 2
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 1
    assert says in told[0]
    assert not Path("out", "report.csv").exists()
