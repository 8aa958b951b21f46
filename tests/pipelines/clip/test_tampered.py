"""Clips that were changed since they were written, and clips from before sums were recorded."""

import json
import os
import shutil

import numpy as np
import pytest
import zarr

from rackfocus import InputError
from rackfocus.pipelines.clip.check import damaged_frames
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip


def chunk(clip, frame, name="disparity"):
    return clip / name / f"c.{frame}.0.0.0"


def change(file, without=(), **keys):
    """Change keys of a JSON file, and remove some."""
    content = json.loads(file.read_text()) | keys
    file.write_text(json.dumps({name: value for name, value in content.items() if name not in without}))


def without_sums(clip):
    """Make a clip as it was before sums were recorded."""
    change(clip / "clip.json", without=("chunk_sha256", "sha256"))
    return clip


def stop_at_four(done, _total):
    if done == 4:
        raise KeyboardInterrupt


@pytest.fixture
def unfinished(tmp_path, source, make):
    """A clip of which 4 of 6 frames are written."""
    with pytest.raises(KeyboardInterrupt):
        make(source, tmp_path / "half.rvr", progress=stop_at_four)
    return tmp_path / "half.rvr"


def goes_on(source, target, make):
    """The number of frames with which a resumed clip begins, one or more."""
    counts = []
    make(source, target, progress=lambda done, _: counts.append(done))
    return counts[0]


def test_a_valid_chunk_over_that_of_another_frame(clip):
    shutil.copy(chunk(clip, 1), chunk(clip, 2))
    shutil.copy(chunk(clip, 1, "log_exposure"), chunk(clip, 4, "log_exposure"))
    opened = RefocusableClip.open(clip)
    with pytest.raises(InputError, match=r"The disparity of frame 2 in .* is damaged"):
        opened.disparity(2)
    assert list(damaged_frames(opened)) == [2, 4]


def test_without_sums_it_is_read(clip):
    before = RefocusableClip.open(clip).disparity(3)
    opened = RefocusableClip.open(without_sums(clip))
    assert opened.info.chunk_sha256 == {}
    assert opened.disparity(3).equal(before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("disparity", 60000), ("disparity", -60000), ("disparity", np.inf), ("disparity", np.nan),
        ("log_exposure", -0.01), ("log_exposure", 2), ("log_exposure", np.inf),
    ],
)  # fmt: skip
def test_values_that_no_clip_holds(clip, name, value):
    """A valid chunk with a valid checksum, in a clip that has no sums to compare."""
    array = zarr.open_array(str(without_sums(clip) / name), mode="r+")
    values = array[2]
    values[0, 5, 7] = value
    array[2] = values
    opened = RefocusableClip.open(clip)
    with pytest.raises(InputError, match=f"{name.replace('_', ' ')} of frame 2 in .* is damaged"):
        opened.disparity(2), opened.log_exposure(2)
    assert list(damaged_frames(opened)) == [2]


@pytest.mark.parametrize(
    "changed",
    [
        {"first": 1},
        {"last": 3},
        {"settings": {}},
        {"pts": [0, 2, 4, 6, 8, 10]},
        {"chunk_sha256": {"disparity": ["0" * 64] * 6, "log_exposure": ["0" * 64] * 6}},
        {"sha256": None},
        {"without": ("sha256",)},
    ],
)
def test_a_changed_clip_json(clip, changed):
    change(clip / "clip.json", **changed)
    with pytest.raises(InputError, match=r"clip\.json is damaged .*make the clip again"):
        RefocusableClip.open(clip)


@pytest.mark.parametrize(
    "changed",
    [
        {"pts": [0, 1, 2, 2, 3, 4]},
        {"disparity_range_px": [-60000, 5]},
        {"disparity_range_px": [0, 1e400]},
        {"pts": [], "durations": [], "frames": 0},
        {"first": 10**400, "last": 1e400},
        {"video": []},
    ],
)
def test_what_no_clip_json_says(clip, changed):
    """Nor one from before sums were recorded: two runs at once had left time stamps that do not rise."""
    change(without_sums(clip) / "clip.json", **changed)
    with pytest.raises(InputError, match=r"clip\.json (is damaged|cannot be read) .*make the clip again"):
        RefocusableClip.open(clip)


def test_the_path_of_the_video_may_be_corrected(clip, source, tmp_path):
    moved = source.rename(tmp_path / "moved.mp4")
    file = clip / "clip.json"
    change(file, video=json.loads(file.read_text())["video"] | {"path": "../moved.mp4"})
    assert RefocusableClip.open(clip).source == moved


@pytest.mark.parametrize("key", ["codecs", "chunk_key_encoding", "fill_value", "chunk_grid"])
def test_another_layout_of_an_array(clip, key):
    """Zarr reads it as it is described, without an error, wherever it can."""
    changed = {
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [6, 1, 24, 32]}},
    }
    change(clip / "disparity" / "zarr.json", **{key: changed[key]})
    with pytest.raises(InputError, match=r"disparity/zarr\.json was changed; make the clip again"):
        RefocusableClip.open(clip)


def named(clip, path, **more):
    """A clip without sums that names another path of its video."""
    file = without_sums(clip) / "clip.json"
    change(file, video=json.loads(file.read_text())["video"] | {"path": path} | more)


def test_a_video_that_is_none(clip, tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "frames").mkdir()
    os.mkfifo(tmp_path / "frames" / "1.png")
    for path, sentence in (
        ("../pipe.mp4", "is a pipe, a socket or a device"),
        ("/dev/zero", "is a pipe, a socket or a device"),
        ("a" * 5000, r"is not there; say where it is now with source="),
        ("a\0b", "is not there"),
    ):
        named(clip, path, bytes=0)
        with pytest.raises(InputError, match=sentence) as error:
            _ = RefocusableClip.open(clip).source
        assert len(str(error.value)) < 600
    named(clip, "../frames", bytes=0, is_folder=True)
    with pytest.raises(InputError, match="is a pipe"):
        _ = RefocusableClip.open(clip).source
    named(clip, 5)
    with pytest.raises(InputError, match="is damaged"):
        RefocusableClip.open(clip)


def test_of_two_at_once_the_second_is_told(tmp_path, clip, source, make, contents):
    """Before, both wrote lines into one journal."""
    refused = []

    def progress(done, _):
        if done in (1, 4):
            with pytest.raises(InputError, match=r"a\.rvr is being written by another run"):
                make(source, tmp_path / "a.rvr")
            refused.append(done)

    make(source, tmp_path / "a.rvr", progress=progress)
    assert refused == [1, 4]
    assert contents(tmp_path / "a.rvr") == contents(clip)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.rvr", "in.mp4", "in.rvr"]


def test_a_journal_into_which_two_have_written(clip, unfinished, source, make, contents, caplog):
    """Each line twice, as two runs at once left it; and without sums, as there were none then."""
    journal = unfinished / "frames.jsonl"
    lines = [json.dumps(json.loads(line)[:5]) for line in journal.read_text().splitlines()]
    journal.write_text("".join(f"{line}\n{line}\n" for line in lines))
    assert goes_on(source, unfinished, make) == 1
    assert "goes on at frame 1 of the clip: it is not whole" in caplog.text
    assert contents(unfinished) == contents(clip)


@pytest.mark.parametrize("sums", [True, False])
def test_it_goes_on_at_the_first_frame_that_is_not_whole(
    tmp_path, clip, unfinished, source, make, contents, sums
):
    """A chunk that is lost, damaged or that of another frame, or a line that is none."""
    journal = unfinished / "frames.jsonl"
    lines = journal.read_text().splitlines()
    if not sums:
        lines = [json.dumps(json.loads(line)[:5]) for line in lines]
        journal.write_text("".join(f"{line}\n" for line in lines))
    faults = {
        "none": (lambda half: half, 4),
        "lost": (lambda half: chunk(half, 1).unlink(), 1),
        "cut": (lambda half: chunk(half, 3, "log_exposure").write_bytes(b"x"), 3),
        "swapped": (lambda half: shutil.copy(chunk(half, 0), chunk(half, 2)), 2),
        "no line": (lambda half: (half / "frames.jsonl").write_text(f"{lines[0]}\n[1]\n"), 1),
        "no layout": (lambda half: (half / "disparity" / "zarr.json").write_text("{}"), 4),
    }
    for name, (fault, whole) in faults.items():
        half = shutil.copytree(unfinished, tmp_path / f"{name}.rvr")
        fault(half)
        assert goes_on(source, half, make) == whole, name
        assert contents(half) == contents(clip), name
