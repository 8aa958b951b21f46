import pytest
import torch
import torch.nn.functional as F

from rackfocus import InputError
from rackfocus.models.checkpoints import load_model, save_model
from rackfocus.models.depth_ensemble import low_frequencies, standardised
from rackfocus.models.pretrained import PHOTOGRAPH_BLUR, START_SCALE, PretrainedRGBDHDRNet
from rackfocus.models.published.tcmonodepth import TCMonoDepth
from rackfocus.tasks.photographs import PhotographsTask


@pytest.fixture
def network():
    torch.manual_seed(0)
    return PretrainedRGBDHDRNet(base_width=4, levels=3).eval()


@pytest.mark.parametrize("size", [(40, 56), (33, 70), (32, 32), (1, 1)])
@pytest.mark.parametrize("network_size_px", [None, 32])
def test_any_size(network, size, network_size_px):
    prediction = network(torch.rand(2, 3, *size), network_size_px=network_size_px)
    assert prediction.disparity.shape == (2, 1, *size)
    assert prediction.log_exposure.shape == (2, 3, *size)
    assert prediction.disparity.isfinite().all()
    assert (prediction.log_exposure >= 0).all()


def test_before_training_it_is_the_pretrained_depth(shared):
    """`D` falls as nearness grows: edges of TCMonoDepth at full size, structure of the same at 7/12 of it."""
    weights = shared / "weights" / "tcmonodepth_small.pt"
    network = PretrainedRGBDHDRNet(trunk=weights).eval()
    image = F.interpolate(torch.rand(1, 3, 6, 8), size=(192, 256), mode="bicubic").clamp(0, 1)
    edges = TCMonoDepth(weights, shorter_side_px=192)(image)
    structure = standardised(TCMonoDepth(weights, shorter_side_px=128)(image)) * edges.std() + edges.mean()
    nearness = edges + low_frequencies(structure - edges, 0.043 * 192)
    # It has not learned yet to tell photographs from scenes: half of either.
    expected = PHOTOGRAPH_BLUR**0.5 * START_SCALE * 256 * (nearness.mean() - nearness)
    disparity = network(image).disparity
    # The trunk's nearness is not held above 0 here, and far things lie at 0 there.
    near = edges > 0.05
    assert near.any()
    torch.testing.assert_close((disparity - expected)[near], torch.zeros(int(near.sum())), rtol=0, atol=0.1)


def test_where_the_gain_is_nothing_disparity_is_flat(network):
    """The texture that the trunk sees in what is in focus does not reach `D`."""
    with torch.no_grad():
        network.unet.last.bias[3] = -1e4
    disparity = network(torch.rand(1, 3, 64, 96)).disparity
    torch.testing.assert_close(disparity, torch.zeros_like(disparity), rtol=0, atol=1e-6)


def test_the_structure_stays_as_published(network):
    network.train()(torch.rand(1, 3, 64, 64)).disparity.sum().backward()
    assert all(parameter.grad is None for parameter in network.structure.parameters())
    optimised = PhotographsTask(network, loss=None).optimizer().param_groups
    kept = {id(parameter) for parameter in network.structure.parameters()}
    assert not kept & {id(parameter) for group in optimised for parameter in group["params"]}


def test_every_weight_learns(network):
    torch.nn.init.normal_(network.unet.last.weight, std=0.01)
    image = torch.rand(1, 3, 64, 64)
    image[..., :8] = 1
    prediction = network.train()(image)
    (prediction.disparity.square().sum() + prediction.log_exposure.sum()).backward()
    learning = [(n, p) for n, p in network.named_parameters() if not n.startswith("structure.")]
    still = [n for n, p in learning if p.grad is None or not p.grad.abs().sum() > 0]
    assert not still


def test_light_is_added_only_where_the_image_clips(network):
    image = 0.9 * torch.rand(1, 3, 32, 48)
    image[..., 16:20, 16:24] = 1
    log_exposure = network(image).log_exposure
    assert (log_exposure[..., 16:20, 16:24] > 0).all()
    log_exposure[..., 16:20, 16:24] = 0
    assert not log_exposure.any()


def test_a_file_keeps_it(network, tmp_path):
    image = torch.rand(1, 3, 32, 32)
    save_model(network, tmp_path / "whole.safetensors")
    same = load_model(tmp_path / "whole.safetensors")(image).disparity
    torch.testing.assert_close(same, network(image).disparity, rtol=0, atol=0)
    save_model(network, tmp_path / "half.safetensors", half=True)
    near = load_model(tmp_path / "half.safetensors")(image).disparity
    torch.testing.assert_close(near, same, rtol=0.02, atol=0.02)


def test_a_trunk_that_is_not_there():
    with pytest.raises(InputError, match="no weights nowhere"):
        PretrainedRGBDHDRNet(trunk="nowhere.pt")


def test_photographs_and_scenes_differ_by_one_factor(network):
    image = torch.rand(1, 3, 64, 96)
    torch.nn.init.normal_(network.unet.last.weight, std=0.05)
    found = {}
    for kind, bias in {"scene": -100.0, "undecided": 0.0, "photograph": 100.0}.items():
        torch.nn.init.constant_(network.photograph.bias, bias)
        with torch.no_grad():
            found[kind] = network(image)
    torch.testing.assert_close(found["photograph"].disparity, PHOTOGRAPH_BLUR * found["scene"].disparity)
    torch.testing.assert_close(found["undecided"].disparity, PHOTOGRAPH_BLUR**0.5 * found["scene"].disparity)
    assert torch.equal(found["photograph"].log_exposure, found["scene"].log_exposure)
