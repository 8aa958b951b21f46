import pytest
import torch

from rackfocus import RGBDHDR, refocus_disparity, render
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.losses.reconstruction import clipped_like, pixel_l1
from rackfocus.losses.smoothness import edge_aware_smoothness
from rackfocus.optics import Renderer
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear


@pytest.fixture
def scene(generator):
    deep = torch.rand(1, 3, 24, 32, generator=generator)
    disparity = torch.linspace(-4, 5, 32).view(1, 1, 1, 32).expand(1, 1, 24, 32).contiguous()
    prediction = RGBDHDR(disparity, torch.full((1, 3, 24, 32), 0.002))
    return deep, prediction


def number(value):
    return torch.tensor(float(value)).view(1, 1, 1, 1)


def photograph(deep, prediction, ratio=1.0, focal=0.0):
    disparity = refocus_disparity(prediction.disparity, aperture_ratio=ratio, focal_disparity=focal)
    return render(srgb_to_linear(deep), disparity, prediction.log_exposure).clamp(0, 1)


@pytest.mark.parametrize(("ratio", "focal"), [(0.25, 0.0), (1.0, -3.0), (1.0, 0.0)])
def test_the_truth_costs_only_its_smoothness(scene, ratio, focal):
    deep, prediction = scene
    terms = ApertureSupervision(Renderer())(
        prediction,
        deep=deep,
        shallow=photograph(deep, prediction),
        adjusted=photograph(deep, prediction, ratio, focal),
        aperture_ratio=number(ratio),
        focal_disparity=number(focal),
    )
    assert terms.rendering.item() == pytest.approx(0, abs=1e-3)
    assert terms.adjusted_rendering.item() == pytest.approx(0, abs=1e-3)
    assert terms.total.item() == pytest.approx(
        10 * edge_aware_smoothness(prediction.disparity, deep).item(), abs=2e-3
    )


def test_equation_6_written_out(scene, generator):
    deep, prediction = scene
    shallow, adjusted = torch.rand(2, 1, 3, 24, 32, generator=generator)
    terms = ApertureSupervision(Renderer(), smoothness_weight=3)(
        prediction,
        deep=deep,
        shallow=shallow,
        adjusted=adjusted,
        aperture_ratio=number(0.25),
        focal_disparity=number(0),
    )
    linear = srgb_to_linear(deep)
    at_f2 = render(linear, prediction.disparity, prediction.log_exposure)
    at_f8 = render(linear, prediction.disparity / 4, prediction.log_exposure)
    expected = (
        pixel_l1(clipped_like(at_f2, shallow), linear_to_srgb(shallow))
        + pixel_l1(clipped_like(at_f8, adjusted), linear_to_srgb(adjusted))
        + 3 * edge_aware_smoothness(prediction.disparity, deep)
    )
    torch.testing.assert_close(terms.total, expected)


def test_a_pair_counts_its_rendering_loss_double(scene, generator):
    deep, prediction = scene
    shallow = torch.rand(1, 3, 24, 32, generator=generator)
    terms = ApertureSupervision(Renderer(), smoothness_weight=0)(
        prediction,
        deep=deep,
        shallow=shallow,
        adjusted=shallow,
        aperture_ratio=number(1),
        focal_disparity=number(0),
    )
    assert terms.total.item() == pytest.approx(2 * terms.rendering.item())


def test_only_the_focal_triplet_tells_front_from_behind(scene):
    """Without occlusion +r and -r blur alike; shifting the focus blurs one more and the other less."""
    deep, _ = scene
    exposure = torch.zeros(1, 3, 24, 32)
    behind = RGBDHDR(torch.full((1, 1, 24, 32), 3.0), exposure)
    front = RGBDHDR(torch.full((1, 1, 24, 32), -3.0), exposure)
    shallow = photograph(deep, behind)
    loss = ApertureSupervision(Renderer(), smoothness_weight=0)

    def total(prediction, ratio, focal):
        adjusted = photograph(deep, behind, ratio, focal)
        return loss(
            prediction,
            deep=deep,
            shallow=shallow,
            adjusted=adjusted,
            aperture_ratio=number(ratio),
            focal_disparity=number(focal),
        ).total.item()

    assert total(front, 0.25, 0.0) == pytest.approx(0, abs=0.01)
    assert total(front, 1.0, -2.0) > 1
    assert total(behind, 1.0, -2.0) == pytest.approx(0, abs=0.01)


def test_without_triplets_every_sample_is_a_pair(scene, generator):
    deep, prediction = scene
    shallow, adjusted = torch.rand(2, 1, 3, 24, 32, generator=generator)
    triplet = {"deep": deep, "shallow": shallow, "adjusted": adjusted, "aperture_ratio": number(0.25)}
    pair = {**triplet, "adjusted": shallow, "aperture_ratio": number(1)}
    without = ApertureSupervision(Renderer(), triplets=False)(
        prediction, **triplet, focal_disparity=number(0)
    )
    expected = ApertureSupervision(Renderer())(prediction, **pair, focal_disparity=number(0))
    assert without.total == expected.total
    assert without.adjusted_rendering == without.rendering
