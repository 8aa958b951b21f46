"""The parts of a video are whole segments, cover it, and end wherever it ends."""

import pytest

from rackfocus.batch.parts import count_frames, parts_of
from rackfocus.types import InputError


@pytest.mark.parametrize(
    ("frames", "part_frames", "parts"),
    [
        (None, 48, []),
        (96, None, []),
        (96, 96, []),
        (97, 96, [(0, 96), (96, None)]),
        (200, 49, [(0, 96), (96, 192), (192, None)]),
        (193, 48, [(0, 48), (48, 96), (96, 144), (144, 192), (192, None)]),
    ],
)
def test_parts(frames, part_frames, parts):
    assert parts_of(frames, part_frames) == parts


@pytest.mark.parametrize("part_frames", [0, -1, 1.5])
def test_what_is_no_length(part_frames):
    with pytest.raises(InputError, match=f"part_frames must be .* and is {part_frames}"):
        parts_of(100, part_frames)


def test_the_frames_of_what_cannot_be_opened_are_not_known(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    assert count_frames(tmp_path / "a.mp4") is None
    assert count_frames(tmp_path / "a.rvr") is None
