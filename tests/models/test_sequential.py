import pytest
import torch

from rackfocus import load_model
from rackfocus.models.checkpoints import save_model
from rackfocus.models.sequential import SequentialRGBDHDRNet


@pytest.fixture
def network():
    torch.manual_seed(3)
    return SequentialRGBDHDRNet(base_width=4, levels=2)


@pytest.mark.parametrize(("height", "width", "network_size_px"), [(31, 53, None), (40, 60, 30), (1, 1, None)])
def test_any_size(network, height, width, network_size_px):
    prediction = network(torch.rand(2, 3, height, width), network_size_px=network_size_px)
    assert prediction.disparity.shape == (2, 1, height, width)
    assert prediction.log_exposure.shape == (2, 3, height, width)


def test_disparity_sees_the_recovered_light_and_does_not_teach_it(network):
    image = torch.rand(1, 3, 32, 32)
    image[..., 10:20, 10:20] = 1.0
    before = network(image)
    before.disparity.square().sum().backward()
    assert all(parameter.grad is None for parameter in network.hdr.parameters())
    assert all(parameter.grad.any() for parameter in network.depth.parameters())
    torch.nn.init.constant_(network.hdr.last.bias, 3.0)
    assert not torch.equal(network(image).disparity, before.disparity)


def test_a_saved_network_predicts_the_same(network, tmp_path):
    save_model(network, tmp_path / "network.safetensors")
    loaded = load_model(tmp_path / "network.safetensors")
    image = torch.rand(1, 3, 24, 30)
    assert isinstance(loaded, SequentialRGBDHDRNet)
    assert torch.equal(loaded(image).disparity, network(image).disparity)
    assert torch.equal(loaded(image).log_exposure, network(image).log_exposure)
