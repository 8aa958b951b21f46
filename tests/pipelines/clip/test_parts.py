"""Made in parts, in any order, a clip comes to the same bytes."""

import pytest

from rackfocus import InputError


@pytest.mark.parametrize(("first", "last"), [(0, None), (1, 7)])
def test_the_same_bytes_and_no_frame_twice(tmp_path, write_video, make, contents, first, last):
    source = write_video(tmp_path / "in.mp4", pts=range(8), jump=4)
    make(source, tmp_path / "whole.rvr", first=first, last=last)
    target, count = tmp_path / "parts.rvr", (last or 8) - first
    for part in [(4, None), (0, 3), (3, 4)]:
        assert make(source, target, first=first, last=last, part=part) == (part[1] or count) - part[0]
        assert not target.exists()
    told = []
    made = make(source, target, first=first, last=last, progress=lambda *call: told.append(call))
    assert (made, told) == (count, [(count, count)])
    assert contents(target) == contents(tmp_path / "whole.rvr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "parts.rvr", "whole.rvr"]


def test_parts_that_are_missing_damaged_or_of_other_settings_are_made_good(
    tmp_path, write_video, make, contents
):
    source = write_video(tmp_path / "in.mp4", pts=range(8))
    make(source, tmp_path / "whole.rvr")
    target = tmp_path / "parts.rvr"
    make(source, target, part=(0, 2))
    make(source, target, part=(2, 4))
    (damaged,) = (path for path in tmp_path.glob(".parts-part*2.rvr/disparity/c.1.*") if path.is_file())
    damaged.write_bytes(b"damaged")
    make(source, target, part=(4, 6), network_size_px=16)
    told = []
    make(source, target, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 8) for done in range(3, 9)]
    assert contents(target) == contents(tmp_path / "whole.rvr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "parts.rvr", "whole.rvr"]


def test_a_part_without_frames(tmp_path, source, make):
    with pytest.raises(InputError, match="part=3:3 holds no frames"):
        make(source, tmp_path / "a.rvr", part=(3, 3))
    assert make(source, tmp_path / "a.rvr", part=(90, None)) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
