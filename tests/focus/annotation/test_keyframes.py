"""Keyframes by hand: what they say between each other, and every mistake in their file."""

import json

import pytest

from rackfocus.focus.annotation.keyframes import disparity_at, f_number_at, keyframes_json, load_keyframes
from rackfocus.types import FocusKeyframe, FocusKeyframes, InputError


def written(path, keyframes, **changes):
    path.write_text(
        json.dumps({"format": "rackfocus.keyframes", "version": 1, "keyframes": keyframes} | changes)
    )
    return path


def test_between_and_beyond_the_keyframes(tmp_path):
    listed = [{"frame": 4, "disparity": -2}, {"frame": 6, "f_number": 2.8}, {"frame": 8, "disparity": 6},
              {"frame": 10, "f_number": 11.2}]  # fmt: skip
    track = load_keyframes(written(tmp_path / "a.json", listed))
    assert [disparity_at(track, index, 0.0) for index in (0, 4, 5, 8, 50)] == [-2, -2, 0, 6, 6]
    # Halfway between f/2.8 and f/11 lies f/5.6: stops.
    assert [f_number_at(track, index, 0.0) for index in (0, 8, 99)] == pytest.approx([2.8, 5.6, 11.2])


def test_in_seconds(tmp_path):
    track = load_keyframes(
        written(tmp_path / "a.json", [{"time_s": 0.5, "disparity": 0}, {"time_s": 1, "disparity": 8}])
    )
    assert disparity_at(track, 1000, 0.75) == 4
    assert f_number_at(track, 1000, 0.75) is None


@pytest.mark.parametrize(
    ("keyframes", "changes", "says"),
    [
        ([], {}, "keyframes must hold at least one"),
        ({}, {}, "keyframes must be a list"),
        ([3], {}, "list of objects"),
        ([{"frame": 0, "disparity": 1}], {"format": "x"}, "format must be"),
        ([{"frame": 0, "disparity": 1}], {"version": 2}, "version must be 1, and is 2"),
        ([{"disparity": 1}], {}, r"keyframes\[0\]\.frame is missing"),
        ([{"frame": 0}], {}, r"keyframes\[0\]: either disparity or f_number"),
        (
            [{"frame": 0, "disparity": 1}, {"time_s": 1, "disparity": 1}],
            {},
            "all have a frame, or all a time_s",
        ),
        ([{"frame": 0.5, "disparity": 1}], {}, r"keyframes\[0\]\.frame must be a whole number, and is 0\.5"),
        ([{"frame": 0, "disparity": "far"}], {}, r"keyframes\[0\]\.disparity must be a number"),
        ([{"frame": 0, "disparity": True}], {}, "must be a number"),
        ([{"frame": 0, "disparity": 1, "focus": 3}], {}, r"keyframes\[0\]\.focus is not known"),
        ([{"frame": -1, "disparity": 1}], {}, "must be 0 or later"),
        ([{"frame": 0, "f_number": 0}], {}, "f_number must be positive"),
        ([{"frame": 5, "disparity": 1}, {"frame": 5, "disparity": 2}], {}, r"keyframes\[1\] must come after"),
    ],
)
def test_mistakes_name_the_file_and_the_field(tmp_path, keyframes, changes, says):
    path = written(tmp_path / "mine.json", keyframes, **changes)
    with pytest.raises(InputError, match=says) as caught:
        load_keyframes(path)
    assert str(path) in str(caught.value)


def test_no_file_and_no_json(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_keyframes(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match="JSON"):
        load_keyframes(tmp_path / "bad.json")


@pytest.mark.parametrize("disparity", [float("nan"), float("inf")])
def test_a_disparity_is_finite(disparity):
    with pytest.raises(InputError, match="finite"):
        FocusKeyframes((FocusKeyframe(0, disparity),))


@pytest.mark.parametrize("in_seconds", [False, True])
def test_what_is_written_is_read_again(tmp_path, in_seconds):
    moments = (0.5, 2.25) if in_seconds else (0, 3)
    listed = (FocusKeyframe(moments[0], -1.25, 2.8), FocusKeyframe(moments[1], f_number=4.0))
    track = FocusKeyframes(listed, in_seconds)
    (tmp_path / "a.json").write_text(keyframes_json(track))
    assert load_keyframes(tmp_path / "a.json") == track
