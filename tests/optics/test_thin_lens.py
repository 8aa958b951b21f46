import numpy as np
import pytest
import torch

from rackfocus.optics import depth_to_disparity, refocus_disparity


def test_disparity_by_similar_triangles():
    lens = {"focus_m": 2.0, "focal_length_px": 1000.0, "aperture_radius_m": 0.02}
    assert depth_to_disparity(4.0, **lens) == pytest.approx(5.0)  # behind: 1000 * .02 * (1/2 - 1/4)
    assert depth_to_disparity(1.0, **lens) == pytest.approx(-10.0)
    depths = np.array([2.0, np.inf])
    assert depth_to_disparity(depths, **lens).tolist() == [0.0, 10.0]


def test_refocus_scales_and_shifts():
    disparity = torch.tensor([-4.0, 0.0, 6.0])
    assert refocus_disparity(disparity).tolist() == [-4.0, 0.0, 6.0]
    assert refocus_disparity(disparity, aperture_ratio=0.25).tolist() == [-1.0, 0.0, 1.5]
    assert refocus_disparity(disparity, aperture_ratio=0.5, focal_disparity=6.0).tolist() == [-5.0, -3.0, 0.0]


def test_refocusing_is_what_moving_the_focal_plane_does():
    depth = torch.linspace(0.5, 30, 50, dtype=torch.float64)
    lens = {"focal_length_px": 800.0, "aperture_radius_m": 0.01}
    near = depth_to_disparity(depth, focus_m=1.5, **lens)
    far = depth_to_disparity(depth, focus_m=6.0, **lens)
    focal = depth_to_disparity(6.0, focus_m=1.5, **lens)
    torch.testing.assert_close(refocus_disparity(near, focal_disparity=focal), far)
