import pytest
import torch

from rackfocus.models.unet import UNet


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 47), (1, 1), (5, 120)])
def test_any_size_in_the_same_size_out(height, width):
    network = UNet(3, 7, base_width=4, levels=4)
    assert network(torch.rand(2, 3, height, width)).shape == (2, 7, height, width)


def test_every_layer_but_the_last_is_activated():
    network = UNet(3, 7, base_width=4, levels=4)
    convolutions = sum(isinstance(module, torch.nn.Conv2d) for module in network.modules())
    activations = sum(isinstance(module, torch.nn.LeakyReLU) for module in network.modules())
    assert convolutions == activations + 1 == 2 * (1 + 3 + 3) + 1


def test_it_is_convolutional():
    """Moving the image by the network's stride moves the output by as much, away from the edges."""
    torch.manual_seed(0)
    network = UNet(3, 2, base_width=4, levels=3)
    image = torch.rand(1, 3, 64, 96)
    whole, moved = network(image), network(image[..., 8:])
    torch.testing.assert_close(whole[..., 8:][..., 32:-32], moved[..., 32:-32], atol=1e-5, rtol=1e-4)


def test_the_documented_size():
    assert sum(parameter.numel() for parameter in UNet(3, 12).parameters()) == pytest.approx(7.8e6, rel=0.02)
