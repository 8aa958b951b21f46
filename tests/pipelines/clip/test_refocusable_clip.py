"""Whatever happens to a clip or its video, it is one sentence; and others can read it."""

import json

import numpy as np
import pytest
import zarr

from rackfocus import InputError
from rackfocus.pipelines.clip.check import damaged_frames
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip


def test_any_program_that_reads_zarr_reads_it(clip):
    group = zarr.open_group(str(clip), mode="r")
    mine = RefocusableClip.open(clip)
    assert group["disparity"].shape == (6, 1, 24, 32)
    assert group["log_exposure"].shape == (6, 3, 24, 32)
    assert group["disparity"].dtype == group["log_exposure"].dtype == np.float16
    assert np.array_equal(group["disparity"][2], mine.disparity(2).numpy())
    assert np.array_equal(group["log_exposure"][5], mine.log_exposure(5).numpy())


def test_broken_frames_are_named(clip):
    calls = []
    assert damaged_frames(RefocusableClip.open(clip), progress=lambda *call: calls.append(call)) == {}
    assert calls[-1] == (6, 6)
    damaged, cut, gone = (clip / "disparity" / f"c.{at}.0.0.0" for at in (1, 3, 4))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    cut.write_bytes(cut.read_bytes()[:-20])
    gone.unlink()
    (clip / "log_exposure" / "c.4.0.0.0").write_bytes(b"")
    broken = damaged_frames(RefocusableClip.open(clip))
    assert list(broken) == [1, 3, 4]
    assert broken[1] == f"The disparity of frame 1 in {clip} is damaged; make the clip again."
    assert broken[4] == f"The disparity of frame 4 in {clip} is missing; make the clip again."


def test_every_bit_counts(clip):
    chunk = clip / "disparity" / "c.0.0.0.0"
    whole = chunk.read_bytes()
    for at in np.random.default_rng(3).choice(8 * len(whole), 40, replace=False):
        data = bytearray(whole)
        data[at // 8] ^= 1 << (at % 8)
        chunk.write_bytes(data)
        with pytest.raises(InputError, match="frame 0"):
            RefocusableClip.open(clip).disparity(0)


def test_the_video_may_move_if_one_says_where(tmp_path, clip, source):
    moved = source.rename(tmp_path / "elsewhere.mp4")
    with pytest.raises(InputError, match="is not there; say where it is now with source=PATH"):
        _ = RefocusableClip.open(clip).source
    assert RefocusableClip.open(clip, source=moved).source == moved
    both = tmp_path / "together"
    both.mkdir()
    clip.rename(both / "in.rvr")
    moved.rename(tmp_path / "in.mp4")
    assert RefocusableClip.open(both / "in.rvr", source=tmp_path / "in.mp4").frames == 6


def test_a_changed_video_is_found_out(clip, source):
    data = bytearray(source.read_bytes())
    data[-1] ^= 1
    source.write_bytes(data)
    with pytest.raises(InputError, match="is not the video that"):
        _ = RefocusableClip.open(clip).source


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "other"}, "belongs to something else"),
        ({"version": 2}, "update rackfocus"),
        ({"version": 0}, "make the clip again"),
        ({"pts": [0]}, "is damaged"),
        ({"video": {}}, "is damaged"),
        ({"settings": None}, "is damaged"),
    ],
)
def test_an_odd_clip_json(clip, change, sentence):
    file = clip / "clip.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(InputError, match=sentence):
        RefocusableClip.open(clip)


def test_what_is_no_clip(tmp_path, clip, source):
    for path in (tmp_path, source, tmp_path / "none.rvr"):
        with pytest.raises(InputError, match="is no refocusable clip"):
            RefocusableClip.open(path)
    (clip / "clip.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        RefocusableClip.open(clip)


def test_arrays_that_are_gone_or_of_another_size(tmp_path, clip, source, make):
    (clip / "disparity" / "zarr.json").unlink()
    with pytest.raises(InputError, match="disparity is damaged or missing"):
        RefocusableClip.open(clip)
    make(source, tmp_path / "b.rvr", last=4)
    (clip / "disparity" / "zarr.json").write_bytes(
        (tmp_path / "b.rvr" / "disparity" / "zarr.json").read_bytes()
    )
    with pytest.raises(InputError, match="not of the size"):
        RefocusableClip.open(clip)
