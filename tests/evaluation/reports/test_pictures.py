import base64
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus.evaluation.reports.pictures import data_uri, difference_picture, disparity_picture, picture


def test_a_picture_is_srgb_and_clips():
    linear = torch.tensor([0.0, 0.21586, 1.0, 7.0]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert picture(linear)[0, :, 0].tolist() == [0, 128, 255, 255]
    assert picture(linear, stops=-2)[0, 3, 0] == 255
    assert picture(linear, stops=-3)[0, 3, 0] < 255


def test_disparity_is_red_in_front_and_blue_behind():
    front, focus, behind = disparity_picture(torch.tensor([-3.0, 0.0, 3.0]).view(1, 1, 1, 3), reach_px=4)[0]
    assert front[0] > front[2]
    assert behind[2] > behind[0]
    assert focus[1] > max(focus[0], focus[2])


def test_no_difference_is_grey():
    image = torch.rand(1, 3, 4, 5)
    assert (difference_picture(image, image, gain=4) == 128).all()
    brighter = difference_picture(torch.full_like(image, 0.5), torch.full_like(image, 0.4), gain=4)
    assert (brighter > 128).all()


def test_a_data_uri_is_the_picture():
    image = np.full((8, 9, 3), 77, np.uint8)
    kind, _, content = data_uri(image).partition(",")
    assert kind == "data:image/jpeg;base64"
    again = np.asarray(Image.open(BytesIO(base64.b64decode(content))))
    assert again.shape == (8, 9, 3)
    assert again.mean() == pytest.approx(77, abs=1)
