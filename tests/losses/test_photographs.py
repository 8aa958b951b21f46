import pytest
import torch

from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.losses.clipped_light import clipped_light_loss
from rackfocus.losses.photographs import PhotographSupervision
from rackfocus.losses.relative_depth import relative_depth_loss
from rackfocus.models.backends import disparity_from_nearness
from rackfocus.optics import Renderer
from rackfocus.types import RGBDHDR


@pytest.fixture
def loss():
    return PhotographSupervision(
        ApertureSupervision(Renderer()),
        disparity_weight=3.0,
        relative_weight=5.0,
        usual_weight=7.0,
        usual_range=0.1,
        light_weight=11.0,
    )


def test_a_label_is_asked_for_by_shape_and_by_its_usual_range(loss):
    label, disparity = torch.rand(2, 1, 1, 20, 40)
    label, disparity = label[None, 0], disparity[None, 0]
    asked = disparity_from_nearness(label, 0.1)
    usual = (disparity - asked).abs().mean() / 4.0
    expected = 5 * relative_depth_loss(-disparity, label) + 7 * usual
    torch.testing.assert_close(loss.nearness(disparity, label), expected)
    inside = label.clamp(*label.quantile(torch.tensor([0.02, 0.98])).tolist())
    assert loss.nearness(disparity_from_nearness(inside, 0.1), inside) < 1e-4


def test_a_scene_adds_the_errors_of_its_truth(loss):
    deep = torch.rand(1, 3, 24, 32)
    deep[..., :4] = 1
    disparity, radiance = torch.rand(1, 1, 24, 32), 1 + torch.rand(1, 3, 24, 32)
    prediction = RGBDHDR(disparity + 0.5, torch.zeros(1, 3, 24, 32))
    triplet = {
        "deep": deep,
        "shallow": torch.rand(1, 3, 24, 32),
        "adjusted": torch.rand(1, 3, 24, 32),
        "aperture_ratio": torch.full((1, 1, 1, 1), 0.25),
        "focal_disparity": torch.zeros(1, 1, 1, 1),
    }
    terms = loss.scene(prediction, **triplet, disparity=disparity, radiance=radiance)
    apertures = loss.apertures(prediction, **triplet).total
    light = clipped_light_loss(deep, prediction.log_exposure, radiance)
    torch.testing.assert_close(terms.disparity, torch.tensor(0.5))
    torch.testing.assert_close(terms.total, apertures + 3 * 0.5 + 11 * light)
    torch.testing.assert_close(loss.light(prediction.log_exposure, deep, radiance), 11 * light)
