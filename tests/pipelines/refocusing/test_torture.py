"""Awkward videos: the right output, or one sentence and nothing left."""

import dataclasses
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from rackfocus import InputError, refocus
from rackfocus.video import open_video
from rackfocus.video.codecs import H264

FAST = H264(preset="ultrafast")
STEREO, MONO = ("aac", 48000, "stereo"), ("aac", 8000, "mono")

HEALTHY = {
    "variable rate": ("v.mp4", {"pts": [0, 700, 1200, 4000, 4100, 9000], "time_base": Fraction(1, 30000),
                                "last": 500, "audio": [STEREO]}),
    "rotated": ("v.mp4", {"pts": range(3), "rotation": -90, "mirrored": True, "audio": [STEREO]}),
    "odd size": ("v.mp4", {"pts": range(2), "size": (853, 479), "pixel_format": "yuv444p"}),
    "one frame": ("v.mp4", {"pts": [0], "audio": [STEREO]}),
    "two frames": ("v.mp4", {"pts": [0, 1]}),
    "no sound": ("v.mkv", {}),
    "two sound tracks": ("v.mp4", {"audio": [STEREO, ("aac", 44100, "mono")]}),
    "mono 8 kHz": ("v.mp4", {"audio": [MONO]}),
    "ten bits": ("v.mp4", {"pixel_format": "yuv420p10le", "audio": [STEREO]}),
    "HDR10": ("v.mp4", {"pixel_format": "yuv420p10le", "tags": (1, 9, 16, 9)}),
    "HLG": ("v.mov", {"pixel_format": "yuv422p10le", "tags": (1, 9, 18, 9)}),
    "alpha": ("v.mov", {"codec": "prores_ks", "pixel_format": "yuva444p10le",
                        "options": {"profile": "4444"}}),
    "alpha in YUV": ("v.mkv", {"codec": "ffv1", "pixel_format": "yuva420p"}),
    "4:4:4": ("v.mp4", {"pixel_format": "yuv444p"}),
    "a GIF": ("v.gif", {"codec": "gif", "pixel_format": "rgb8", "pts": [0, 7, 30], "last": 20,
                        "time_base": Fraction(1, 100)}),
    "a name": ("my vidéo (1), 漢 %03d = {x}.mp4", {"audio": [STEREO]}),
}  # fmt: skip


def limited_unless_said(tags):
    """H.264 does not say that the range is limited where nothing else is said."""
    return dataclasses.replace(tags, range=max(tags.range, 1))


def seconds_of_sound(path):
    """When each sound track ends, from its decoded samples."""
    with av.open(str(path)) as container:
        tracks = len(container.streams.audio)
    ends = []
    for track in range(tracks):
        with av.open(str(path)) as container:
            last = list(container.decode(audio=track))[-1]
            ends.append(last.time + last.samples / last.sample_rate)
    return ends


@pytest.mark.parametrize("case", HEALTHY)
def test_the_right_output(tmp_path, make_video, network, window_mean, case):
    name, settings = HEALTHY[case]
    source = make_video(tmp_path / name, **settings)
    target = tmp_path / "out ü.mp4"
    settings = {"focus": -4.0, "f_number": 64, "model": network, "codec": FAST}
    count = refocus(source, target, stabilizer=window_mean(), **settings)
    with open_video(source) as old, open_video(target) as new:
        before, after = list(old.frames()), list(new.frames())
        width, height = old.info.width, old.info.height
        assert (new.info.width, new.info.height) == (width + width % 2, height + height % 2)
        assert new.info.orientation == old.info.orientation
        assert limited_unless_said(new.info.colour) == limited_unless_said(old.info.colour)
        assert new.info.bit_depth == 8
    assert len(after) == len(before) == count
    for one, other in zip(before, after, strict=True):
        assert one.pts * one.time_base - before[0].pts * one.time_base == other.pts * other.time_base
        # So small an aperture changes nothing but the coding.
        assert (one.encoded - other.encoded[:, :height, :width]).abs().mean() < 0.03
    assert after[-1].duration * after[-1].time_base == before[-1].duration * before[-1].time_base
    longest = max(frame.duration * frame.time_base for frame in before)
    assert seconds_of_sound(target) == pytest.approx(seconds_of_sound(source), abs=float(longest))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, target.name])


def cut(path):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.9)])


def corrupt(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = np.random.default_rng(3).integers(0, 256, 300, dtype=np.uint8).tobytes()
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, corrupt])
def test_damage_is_one_sentence_that_tells_what_can_be_had(
    tmp_path, make_video, network, window_mean, damage
):
    source = make_video(tmp_path / "v.mkv", pts=range(40), size=(80, 60), options={"crf": "5"})
    settings = {"focus": -4.0, "model": network, "codec": FAST, "scale": 0.4}
    refocus(source, tmp_path / "whole.mkv", stabilizer=window_mean(), **settings)
    damage(source)
    with pytest.raises(InputError, match=r"damaged or cut short: frame \d+ .* use frames=0:\d+ ") as caught:
        refocus(source, tmp_path / "o.mkv", stabilizer=window_mean(), **settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.mkv", "whole.mkv"]
    good = int(str(caught.value).split("frames=0:")[1].split()[0])
    # The filter wants to look at the damaged frame, and does without.
    assert refocus(source, tmp_path / "o.mkv", stabilizer=window_mean(), last=good, **settings) == good
    with open_video(tmp_path / "whole.mkv") as whole, open_video(tmp_path / "o.mkv") as part:
        for one, other in zip(list(whole.frames())[: good - 6], part.frames(), strict=False):
            assert (one.encoded - other.encoded).abs().mean() < 0.01


def test_a_folder_with_a_gap_is_one_sentence(tmp_path, network):
    folder = tmp_path / "some frames"
    folder.mkdir()
    for number in (1, 2, 4):
        cv2.imwrite(str(folder / f"{number:04d}.png"), np.full((24, 32, 3), 50 * number, np.uint8))
    with pytest.raises(InputError, match=r"no frame 3 between 0002\.png and 0004\.png"):
        refocus(folder, tmp_path / "o.mp4", model=network, codec=FAST)
    cv2.imwrite(str(folder / "0003.png"), np.full((24, 32, 3), 150, np.uint8))
    assert refocus(folder, tmp_path / "o.mp4", model=network, codec=FAST, fps=30) == 4
    with open_video(tmp_path / "o.mp4") as reader:
        assert reader.info.fps == 30
        assert [frame.encoded.mean().item() * 255 for frame in reader.frames()] == pytest.approx(
            [50, 100, 150, 200], abs=1.5
        )


def test_a_range_is_that_of_the_whole_video(tmp_path, make_video, network, window_mean):
    """The filter sees the frames before and after a range, too."""
    source = make_video(tmp_path / "v.mp4", pts=range(12))
    settings = {"focus": (10.0, 10.0), "model": network, "codec": H264(preset="ultrafast", crf=0)}
    refocus(source, tmp_path / "all.mp4", stabilizer=window_mean(), **settings)
    assert refocus(source, tmp_path / "some.mp4", stabilizer=window_mean(), first=5, last=8, **settings) == 3
    with open_video(tmp_path / "all.mp4") as every, open_video(tmp_path / "some.mp4") as some:
        for one, other in zip(every.frames(5, 8), some.frames(), strict=True):
            np.testing.assert_array_equal(one.encoded, other.encoded)
