import pytest
import torch

from rackfocus.models.bilateral_grid import luma_vertices
from rackfocus.models.rgbd_hdr import RGBDHDRNet


@pytest.mark.parametrize(("height", "width"), [(32, 48), (31, 53), (7, 5), (1, 1)])
def test_any_size(tiny_network, height, width):
    prediction = tiny_network(torch.rand(2, 3, height, width))
    assert prediction.disparity.shape == (2, 1, height, width)
    assert prediction.log_exposure.shape == (2, 3, height, width)
    assert (prediction.log_exposure >= 0).all()


@pytest.mark.parametrize("luma_bandwidth", [0.5, 0.125, 0.05])
def test_the_last_layer_has_three_plus_n_channels(luma_bandwidth):
    network = RGBDHDRNet(base_width=4, levels=1, luma_bandwidth=luma_bandwidth)
    assert network.unet.last.out_channels == 3 + luma_vertices(luma_bandwidth)


def test_it_starts_without_blur_or_gain(tiny_network):
    prediction = tiny_network(torch.rand(1, 3, 32, 32))
    assert prediction.disparity.abs().max() < 1
    assert (50 * prediction.log_exposure).max() < 0.1


def test_disparity_scales_with_the_image(tiny_network):
    """Seen at half size, a smooth image has twice the disparity at full size."""
    small = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 6), size=(32, 48), mode="bicubic").clamp(0, 1)
    large = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
    reduced = tiny_network(large, network_size_px=48)
    whole = tiny_network(
        torch.nn.functional.interpolate(large, size=(32, 48), mode="bilinear", antialias=True)
    )
    centre = reduced.disparity[..., 8:-8, 8:-8]
    assert reduced.disparity.shape == (1, 1, 64, 96)
    expected = 2 * torch.nn.functional.interpolate(whole.disparity, scale_factor=2, mode="bilinear")
    torch.testing.assert_close(centre, expected[..., 8:-8, 8:-8], atol=0.02, rtol=0.05)


def test_disparity_is_bounded_however_far_a_step_goes(tiny_network):
    torch.nn.init.constant_(tiny_network.unet.last.bias, 1e6)
    disparity = tiny_network(torch.rand(1, 3, 40, 60)).disparity
    torch.testing.assert_close(disparity, torch.full_like(disparity, 0.1 * 60))


def test_a_small_image_is_never_enlarged(tiny_network):
    image = torch.rand(1, 3, 20, 24)
    torch.testing.assert_close(
        tiny_network(image, network_size_px=500).disparity, tiny_network(image).disparity
    )


def test_every_parameter_learns(tiny_network):
    prediction = tiny_network(torch.rand(1, 3, 40, 40))
    (prediction.disparity.square().sum() + prediction.log_exposure.sum()).backward()
    silent = [name for name, p in tiny_network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []
