"""A clip holds what network and filter say; it comes to the same bytes, however often it is stopped."""

import errno
import os
import random
import resource
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus import InputError
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics.curve_tables import to_srgb
from rackfocus.pipelines.clip.make_clip import describe, make_clip
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.video import open_video
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer.none import NoStabilizer
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer


def test_a_clip_holds_what_the_network_says(tmp_path, source, known):
    calls = []
    frames = make_clip(
        source,
        tmp_path / "a.rvr",
        model=known,
        stabilizer=NoStabilizer(),
        revision="r1",
        progress=lambda *call: calls.append(call),
    )
    clip = RefocusableClip.open(tmp_path / "a.rvr")
    assert frames == clip.frames == 6
    assert calls == [(done, 6) for done in range(1, 7)]
    assert (clip.source, clip.info.revision, clip.info.video.path) == (source, "r1", "../in.mp4")
    lowest, highest = np.inf, -np.inf
    with open_video(source) as reader:
        for frame in reader.frames():
            said = known(to_srgb("bt709")(frame.encoded.half()[None]))
            assert torch.equal(clip.disparity(frame.index), said.disparity[0].half().float())
            assert torch.equal(clip.log_exposure(frame.index), said.log_exposure[0].half().float())
            assert clip.info.pts[frame.index] == frame.pts
            assert clip.info.durations[frame.index] == frame.duration
            lowest = min(lowest, said.disparity.half().min().item())
            highest = max(highest, said.disparity.half().max().item())
    assert clip.info.disparity_range_px == (lowest, highest)


def test_a_frame_is_the_same_in_whatever_range_it_is_made(tmp_path, write_video, make):
    source = write_video(tmp_path / "in.mp4", pts=range(8), jump=5)
    make(source, tmp_path / "all.rvr")
    make(source, tmp_path / "some.rvr", first=4, last=7)
    everything, some = (RefocusableClip.open(tmp_path / name) for name in ("all.rvr", "some.rvr"))
    assert (list(some.frame_range), everything.info.cuts, some.info.cuts) == ([4, 5, 6], (5,), (5,))
    assert some.info.pts == everything.info.pts[4:7]
    for frame in some.frame_range:
        assert torch.equal(some.disparity(frame), everything.disparity(frame))
        assert torch.equal(some.log_exposure(frame), everything.log_exposure(frame))
    for outside in (3, 7):
        with pytest.raises(InputError, match="holds frames 4 to 6, and not"):
            some.disparity(outside)


def test_stopped_at_every_instant_it_comes_to_the_same_bytes(tmp_path, write_video, make, contents, in_child):
    """The process ends at the first, second, ... change that it makes to the disk, until none is left."""
    source = write_video(tmp_path / "in.mp4", pts=range(3))
    make(source, tmp_path / "whole.rvr")
    target, stops = tmp_path / "stopped.rvr", 0

    def stopped_at(count):
        left = [count]

        def ending(change):
            def changed(*arguments, **keywords):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(7)
                return change(*arguments, **keywords)

            return changed

        for name in ("fsync", "replace", "rename", "unlink", "mkdir"):
            setattr(os, name, ending(getattr(os, name)))
        make(source, target)

    while (code := in_child(partial(stopped_at, stops))) != 0:
        assert code == 7
        stops += 1
        assert stops < 60
    assert stops > 14
    assert contents(target) == contents(tmp_path / "whole.rvr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "stopped.rvr", "whole.rvr"]


def test_killed_at_random_instants_it_comes_to_the_same_bytes(
    tmp_path, write_video, make, contents, in_child
):
    source = write_video(tmp_path / "in.mp4", pts=range(12))
    make(source, tmp_path / "whole.rvr")
    chance = random.Random(5)
    for _ in range(4):
        instant = chance.randrange(5), chance.uniform(0, 0.02)
        in_child(partial(make, source, tmp_path / "killed.rvr"), kill_after=instant)
    make(source, tmp_path / "killed.rvr")
    assert contents(tmp_path / "killed.rvr") == contents(tmp_path / "whole.rvr")


@pytest.mark.slow
def test_killed_twenty_times_with_the_real_network(tmp_path, write_video, contents, in_child):
    source = write_video(tmp_path / "in.mp4", pts=range(40), size=(96, 64))

    def real(target, **settings):
        stabilizer = TemporalStabilizer(flow=DISFlow(), window_frames=3, look_ahead_frames=2)
        make_clip(source, target, stabilizer=stabilizer, **settings)

    assert in_child(partial(real, tmp_path / "whole.rvr")) == 0
    chance = random.Random(5)
    kills = 0
    while kills < 20:
        target = tmp_path / f"killed{kills // 5}.rvr"
        for _ in range(5):
            instant = chance.randrange(8), chance.uniform(0, 0.02)
            kills += in_child(partial(real, target), kill_after=instant) == -9
        assert in_child(partial(real, target)) == 0
        assert contents(target) == contents(tmp_path / "whole.rvr")


def test_interrupted_by_ctrl_c_it_goes_on(tmp_path, source, make, contents):
    def interrupt(done, _total):
        if done == 3:
            raise KeyboardInterrupt

    make(source, tmp_path / "whole.rvr")
    with pytest.raises(KeyboardInterrupt):
        make(source, tmp_path / "a.rvr", progress=interrupt)
    with pytest.raises(InputError, match="is not finished"):
        RefocusableClip.open(tmp_path / "a.rvr")
    calls = []
    make(source, tmp_path / "a.rvr", progress=lambda done, _: calls.append(done))
    assert calls == [3, 4, 5, 6]
    assert contents(tmp_path / "a.rvr") == contents(tmp_path / "whole.rvr")


def test_what_is_finished_is_left_alone(clip, source, make, contents):
    before = contents(clip)
    assert make(source, clip) == 6
    assert contents(clip) == before


def test_a_full_disk_is_a_sentence_and_what_was_written_stays(
    tmp_path, write_video, make, contents, in_child
):
    """No file may grow over 2000 bytes, which the journal does, in the middle of a line."""
    source = write_video(tmp_path / "in.mp4", pts=range(40), size=(16, 16))
    make(source, tmp_path / "whole.rvr")
    said = tmp_path / "said"

    def on_a_small_disk():
        said.touch()
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        try:
            make(source, tmp_path / "a.rvr")
        except InputError as error:
            said.write_text(str(error))

    assert in_child(on_a_small_disk) == 0
    frames = (tmp_path / "a.rvr" / "frames.jsonl").read_bytes().count(b"\n")
    assert 5 < frames < 40
    assert f"a.rvr cannot be written after {frames} frames ({os.strerror(errno.ENOSPC)})" in said.read_text()
    make(source, tmp_path / "a.rvr")
    assert contents(tmp_path / "a.rvr") == contents(tmp_path / "whole.rvr")


def test_a_damaged_video_gives_its_whole_frames(tmp_path, write_video, make):
    source = write_video(tmp_path / "in.mkv", pts=range(24), size=(64, 48))
    data = bytearray(source.read_bytes())
    data = data[: len(data) * 2 // 3]
    source.write_bytes(data)
    target = tmp_path / "a.rvr"
    with pytest.raises(InputError, match="damaged or cut short") as caught:
        make(source, target)
    usable = int(str(caught.value).partition("frames=0:")[2].split()[0])
    assert make(source, target, last=usable) == usable
    make(source, tmp_path / "b.rvr", last=usable)
    for frame in range(usable):
        one, other = (RefocusableClip.open(path).disparity(frame) for path in (target, tmp_path / "b.rvr"))
        assert torch.equal(one, other)


def test_another_way_to_make_it_is_refused(tmp_path, write_video, source, known, make):
    with pytest.raises(KeyboardInterrupt):
        make(source, tmp_path / "a.rvr", progress=_stop_at_three)
    other = write_video(tmp_path / "other.mp4", pts=range(7))
    for settings, what in (
        ({"network_size_px": 100}, "network_size_px"),
        ({"settings": {"lens": 2}}, "lens"),
        ({"first": 1}, "first frame"),
    ):
        with pytest.raises(InputError, match=f"another {what}"):
            make(source, tmp_path / "a.rvr", **settings)
    with pytest.raises(InputError, match="another video"):
        make(other, tmp_path / "a.rvr")
    with pytest.raises(InputError, match="another stabilizer"):
        make_clip(source, tmp_path / "a.rvr", model=known)
    with pytest.raises(InputError, match="already has 3 frames"):
        make(source, tmp_path / "a.rvr", last=2)
    make(source, tmp_path / "a.rvr", last=5)
    with pytest.raises(InputError, match="another range of frames"):
        make(source, tmp_path / "a.rvr")


def _stop_at_three(done, _total):
    if done == 3:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("target", "settings", "sentence"),
    [
        ("a.mp4", {}, "end it in .rvr"),
        ("none/a.rvr", {}, "does not exist; make it first"),
        ("taken.rvr", {}, "is no clip; choose another name"),
        ("a.rvr", {"first": 6}, "has no frame 6; it has 6 frames"),
        ("a.rvr", {"first": 3, "last": 3}, "are no range"),
        ("a.rvr", {"network_size_px": 0}, "whole number of pixels"),
    ],
)
def test_what_cannot_be_made(tmp_path, source, make, target, settings, sentence):
    (tmp_path / "taken.rvr").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=sentence):
        make(source, tmp_path / target, **settings)
    assert sorted(tmp_path.iterdir()) == before


def test_no_numbers(tmp_path, source, known):
    def broken(srgb, *, network_size_px):
        said = known(srgb, network_size_px=network_size_px)
        return type(said)(said.disparity / 0, said.log_exposure)

    with pytest.raises(InputError, match="gives no numbers for frame 0"):
        make_clip(source, tmp_path / "a.rvr", model=broken)
    assert not (tmp_path / "a.rvr").exists()


def test_networks_are_told_apart_by_their_weights():
    torch.manual_seed(1)
    one, other = (RGBDHDRNet(base_width=4, levels=1) for _ in range(2))
    assert describe(one) == describe(one) != describe(other)
    assert describe(lambda _: None) == "function"


TORTURES = {
    "variable rate.mp4": {"pts": (0, 1, 5, 6, 20)},
    "turned.mp4": {"rotation": 90, "size": (48, 32)},
    "odd.mkv": {"size": (53, 31), "codec": "ffv1", "pixel_format": "yuv444p"},
    "one.mp4": {"pts": range(1)},
    "two.mp4": {"pts": range(2)},
    "alpha.mov": {"codec": "qtrle", "pixel_format": "argb"},
    "ten.mp4": {"pixel_format": "yuv420p10le"},
    "a.gif": {"codec": "gif", "pixel_format": "rgb8"},
    "größe 视频 %03d [x].mp4": {},
}


@pytest.mark.parametrize("name", TORTURES)
def test_every_kind_of_video(tmp_path, write_video, make, name):
    source = write_video(tmp_path / name, **TORTURES[name])
    target = tmp_path / f"{source.stem}.rvr"
    make(source, target)
    clip = RefocusableClip.open(target)
    with clip.open_source() as reader:
        frames = list(reader.frames())
        assert clip.frames == len(frames) == len(TORTURES[name].get("pts", range(6)))
        assert clip.info.pts == tuple(frame.pts for frame in frames)
        assert clip.disparity(0).shape == (1, reader.info.height, reader.info.width)


def test_a_folder_of_pictures_and_one_with_a_gap(tmp_path, make):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (20, 16), (0, 60 * number, 0)).save(folder / f"{number:03d}.png")
    make(folder, tmp_path / "a.rvr", fps=12)
    clip = RefocusableClip.open(tmp_path / "a.rvr")
    with clip.open_source() as reader:
        assert (clip.frames, reader.info.fps, clip.source) == (4, 12, folder)
    (folder / "002.png").unlink()
    with pytest.raises(InputError, match="no frame 2 between"):
        make(folder, tmp_path / "b.rvr")
    with pytest.raises(InputError):
        _ = RefocusableClip.open(tmp_path / "a.rvr").source


@pytest.mark.slow
def test_memory_does_not_grow_with_the_video(tmp_path, write_video, known, in_child):
    peaks = []
    # Both before the first child: what this process holds counts as theirs.
    sources = [
        write_video(tmp_path / f"{frames}.mp4", pts=range(frames), size=(160, 90)) for frames in (50, 500)
    ]
    for source in sources:
        note = tmp_path / "peak"

        def measured(source=source, note=note):
            # Without the tests' own stabiliser, which keeps all that it has seen.
            make_clip(source, source.with_suffix(".rvr"), model=known)
            note.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

        assert in_child(measured) == 0
        peaks.append(int(note.read_text()) / 1024)
    # MiB; the fields of 450 frames would be 100.
    assert peaks[1] < peaks[0] + 12
