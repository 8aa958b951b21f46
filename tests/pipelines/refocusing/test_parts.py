"""Rendered in parts, in any order, a video comes out to the same bytes."""

import pytest

from rackfocus import InputError, refocus
from rackfocus.video import encode
from rackfocus.video.codecs import H264


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(encode, "SEGMENT_FRAMES", 5)


@pytest.fixture(scope="module")
def source(tmp_path_factory, make_video):
    folder = tmp_path_factory.mktemp("source")
    return make_video(folder / "v.mp4", pts=range(23), audio=[("aac", 48000, "stereo")])


@pytest.fixture
def run(source, network, window_mean):
    def run(target, **settings):
        told = []
        settings = {"focus": (5, 5), "codec": H264(preset="veryfast")} | settings
        frames = refocus(
            source,
            target,
            model=network,
            stabilizer=window_mean(),
            progress=lambda *call: told.append(call),
            **settings,
        )
        return frames, told

    return run


@pytest.mark.parametrize(("first", "last"), [(0, None), (2, 22)])
def test_the_same_bytes_and_no_frame_twice(tmp_path, run, first, last):
    (tmp_path / "whole").mkdir()
    run(tmp_path / "whole" / "o.mp4", first=first, last=last)
    target = tmp_path / "o.mp4"
    count = (last or 23) - first
    parts = [(10, 15), (15, None), (0, 5), (5, 10)]
    for part in parts:
        frames, told = run(target, first=first, last=last, part=part)
        assert frames == (part[1] or count) - part[0]
        assert told == [(done, frames) for done in range(1, frames + 1)]
        assert not target.exists()
    assert run(target, first=first, last=last, part=(0, 5)) == (5, [])
    assert run(target, first=first, last=last) == (count, [])
    assert target.read_bytes() == (tmp_path / "whole" / "o.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.mp4", "whole"]


def test_a_part_that_is_missing_and_one_of_other_settings_are_made_good(tmp_path, run):
    (tmp_path / "whole").mkdir()
    run(tmp_path / "whole" / "o.mp4")
    target = tmp_path / "o.mp4"
    run(target, part=(0, 5))
    run(target, part=(5, 10), focus=(60, 40))
    run(target, part=(10, 15), focus=(60, 40))
    _, told = run(target)
    assert [done for done, _ in told] == list(range(6, 24))
    assert target.read_bytes() == (tmp_path / "whole" / "o.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.mp4", "whole"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"part": (3, 5)}, r"part=3:5 is no part.*multiples of 5"),
        ({"part": (0, 7)}, "part=0:7 is no part"),
        ({"part": (5, 5)}, "part=5:5 is no part"),
        ({"part": (0, 5), "focus": None, "autofocus": "action"}, "where focus is found"),
    ],
)
def test_what_is_no_part(tmp_path, run, settings, says):
    with pytest.raises(InputError, match=says):
        run(tmp_path / "o.mp4", **settings)
    assert not list(tmp_path.iterdir())
