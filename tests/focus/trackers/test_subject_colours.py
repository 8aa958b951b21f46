import numpy as np
import pytest

from rackfocus.focus.trackers.subject_colours import SubjectColours, cut_out


def test_a_colour_is_as_probable_as_its_share_inside_over_both_shares():
    image = np.zeros((40, 40, 3), np.uint8)
    image[10:30, 10:20] = 255  # the left half of the box, and nothing of what is around it
    colours = SubjectColours(image, (10, 10, 30, 30))
    inside = 0.5  # 7 of the 14 columns without the margin
    white, black = colours.likely(np.array([[[255, 255, 255], [0, 0, 0]]], np.uint8))[0]
    assert white == pytest.approx(inside / (inside + 1e-4))
    assert black == pytest.approx(inside / (inside + 1), abs=1e-3)
    assert colours.likely(np.array([[[255, 0, 0]]], np.uint8))[0, 0] == 0
    # Colours are the same if their upper three bits are.
    assert colours.likely(np.array([[[230, 225, 250]]], np.uint8))[0, 0] == white


def test_outside_the_frame_are_the_pixels_of_its_border():
    image = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    cut = cut_out(image, (-2.0, -1.0, 3.0, 2.0))
    np.testing.assert_array_equal(cut[:, :3], np.repeat(image[[0, 0, 1], :1], 3, axis=1))
    assert cut.shape == (3, 5, 3)
