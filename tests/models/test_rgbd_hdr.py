import math

import pytest
import torch
import torch.nn.functional as F

from rackfocus.models.bilateral_grid import luma_vertices
from rackfocus.models.rgbd_hdr import (
    LARGEST_LOG_GAIN,
    RGBDHDRNet,
    clipping_share,
    projected_relu,
    read_log_exposure,
)
from rackfocus.optics.radiometry import HDR_GAIN


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


def test_it_starts_a_little_behind_the_focus_and_near_a_gain_of_two_where_light_clipped(tiny_network):
    image = torch.rand(1, 3, 32, 32) * 0.95
    image[..., 16:] = 1.0
    prediction = tiny_network(image)
    assert 0.5 < prediction.disparity.min() < prediction.disparity.max() < 1.5
    assert not prediction.log_exposure[..., :16].any()
    log_gain = HDR_GAIN * prediction.log_exposure[..., 16:]
    torch.testing.assert_close(log_gain, torch.full_like(log_gain, math.log(2)), atol=0.2, rtol=0)


def test_ungated_it_starts_without_gain():
    network = RGBDHDRNet(base_width=4, levels=2, clipping_from=None)
    prediction = network(torch.rand(1, 3, 32, 32))
    assert 0 < (HDR_GAIN * prediction.log_exposure).max() < 0.1


def test_the_share_that_may_have_clipped_follows_the_brightest_channel():
    image = torch.tensor([[0.2, 0.95, 0.975, 1.0], [0.1, 0.3, 0.2, 0.5], [0.0, 0.9, 0.1, 0.0]]).view(
        1, 3, 1, 4
    )
    share = clipping_share(image, 0.95)
    torch.testing.assert_close(share, torch.tensor([0.0, 0.0, 0.5, 1.0]).view(1, 1, 1, 4))


def test_without_hdr_no_light_is_added_and_no_channel_wasted():
    network = RGBDHDRNet(base_width=4, levels=2, hdr=False)
    assert network.unet.last.out_channels == luma_vertices(0.125)
    assert not network(torch.ones(1, 3, 16, 16)).log_exposure.any()


def test_pixel_space_has_one_channel_and_no_grid():
    """A single bright pixel changes D beside it, which a grid of 8 px would spread over its cell."""
    network = RGBDHDRNet(base_width=4, levels=1, luma_bandwidth=None)
    assert network.unet.last.out_channels == 3 + 1
    image = torch.full((1, 3, 40, 40), 0.5)
    dotted = image.clone()
    dotted[..., 20, 20] = 1.0
    change = (network(dotted).disparity - network(image).disparity).abs()[0, 0]
    assert change[18:23, 18:23].max() > 0
    assert not change[:17].any()
    assert network(dotted, network_size_px=20).disparity.shape == (1, 1, 40, 40)


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


def test_what_lies_below_zero_can_rise_but_is_not_pushed_lower():
    x = torch.tensor([2.0, 2.0, -3.0, -3.0], requires_grad=True)
    y = projected_relu(x)
    assert y.tolist() == [2, 2, 0, 0]
    y.backward(torch.tensor([1.0, -1.0, 1.0, -1.0]))
    assert x.grad.tolist() == [1, -1, 0, -1]


def test_light_is_bounded_however_far_a_step_goes(tiny_network):
    torch.nn.init.constant_(tiny_network.unet.last.bias, 1e6)
    log_gain = HDR_GAIN * tiny_network(torch.ones(1, 3, 16, 16)).log_exposure
    torch.testing.assert_close(log_gain, torch.full_like(log_gain, LARGEST_LOG_GAIN))


@pytest.mark.parametrize("each_channel", [False, True])
@pytest.mark.parametrize("size", [(12, 20), (24, 40), (31, 53), (1, 1)])
def test_exposure_where_light_clipped_is_that_of_the_whole_picture(size, each_channel):
    """With gradients and, compiled, without."""
    generator = torch.Generator().manual_seed(4)
    channels = torch.randn(2, 3, 12, 20, generator=generator)
    srgb = torch.rand(2, 3, *size, generator=generator)
    srgb[0, 0, 0, 0] = 1
    log_gain = LARGEST_LOG_GAIN * torch.tanh(channels.clamp_min(0) / LARGEST_LOG_GAIN)
    whole = F.interpolate(log_gain / HDR_GAIN, size=size, mode="bilinear")
    expected = whole * clipping_share(srgb, 0.95, each_channel=each_channel)
    for inputs in (channels, channels.clone().requires_grad_()):
        found = read_log_exposure(inputs, srgb, 0.95, each_channel=each_channel)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("keeps_gradients", [False, True])
def test_a_colour_that_clips_alone_gets_no_light(keeps_gradients):
    """A blue sky stays as it is; a yellow lamp gains in red and green, and its blue is known."""
    sky_and_lamp = torch.tensor([[0.4, 0.6, 1.0], [1.0, 1.0, 0.3]]).T.reshape(1, 3, 1, 2)
    channels = torch.ones(1, 3, 2, 2, requires_grad=keeps_gradients)
    gain = read_log_exposure(channels, sky_and_lamp, 0.95, each_channel=True)[0, :, 0]
    assert (gain > 0).tolist() == [[False, True], [False, True], [False, False]]
