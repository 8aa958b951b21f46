import pytest

from rackfocus import InputError
from rackfocus.cli.ranges import parse_range
from rackfocus.cli.refocus import parse_focus


@pytest.mark.parametrize(
    ("text", "frames"), [(None, (0, None)), ("0:48", (0, 48)), ("5:", (5, None)), (":9", (0, 9))]
)
def test_ranges_of_frames(text, frames):
    assert parse_range("frames", text) == frames


@pytest.mark.parametrize("text", ["48", "a:b", "5:5", "9:2", "-3:4", "1:2:3", 7])
def test_what_is_no_range(text):
    with pytest.raises(InputError, match=r"frames=.* is not a range"):
        parse_range("frames", text)


def test_focus_settings():
    assert parse_focus(None, None, None) is None
    assert parse_focus(3, 4, None) == (3.0, 4.0)
    assert parse_focus(None, None, -2) == -2.0
    with pytest.raises(InputError, match="both"):
        parse_focus(3, None, None)
    with pytest.raises(InputError, match="not both"):
        parse_focus(3, 4, 1)
    with pytest.raises(InputError, match=r"focus\.x must be a number"):
        parse_focus("left", 4, None)
