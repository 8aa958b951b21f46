import pytest
import torch
from torch import nn

from rackfocus import InputError
from rackfocus.data.measured.middlebury import Middlebury
from rackfocus.data.measured.nyuv2 import NYUv2
from rackfocus.models.published.tcmonodepth import (
    SeparableDecoder,
    ShuffleNetEncoder,
    TCMonoDepth,
    fold_batch_normalisation,
)


class Network(torch.nn.Module):
    """The parts that the published file holds, with random weights."""

    def __init__(self):
        super().__init__()
        self.encoder = ShuffleNetEncoder()
        self.decoder = SeparableDecoder()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of the published names and shapes: blocks twice, heads that only training uses."""
    torch.manual_seed(3)
    state = Network().state_dict()
    for index, stage in enumerate((range(4), range(4, 12), range(12, 16)), 1):
        for block in stage:
            prefix = f"encoder.features.{block}."
            state |= {
                name.replace("features", f"stage{index}"): tensor
                for name, tensor in list(state.items())
                if name.startswith(prefix)
            }
    for name, channels in (("final2", 48), ("final3", 96)):
        state[f"decoder.{name}.0.weight"] = torch.randn(1, channels, 3, 3)
        state[f"decoder.{name}.0.bias"] = torch.randn(1)
    path = tmp_path_factory.mktemp("weights") / "tcmonodepth.pt"
    torch.save(state, path)
    return path


def test_as_many_weights_as_published(file):
    published = torch.load(file, weights_only=True)
    trained = {n: t for n, t in published.items() if "stage" not in n and t.is_floating_point()}
    parameters = [tensor for name, tensor in trained.items() if "running" not in name]
    assert sum(tensor.numel() for tensor in parameters) == 186_063
    network = TCMonoDepth(file)
    assert sum(parameter.numel() for parameter in network.parameters()) == 186_063 - 48 * 9 - 96 * 9 - 2


def test_features_halve_the_size(file):
    features = TCMonoDepth(file).encoder(torch.rand(2, 3, 64, 96))
    assert [tuple(each.shape) for each in features] == [
        (2, 24, 32, 48),
        (2, 48, 16, 24),
        (2, 96, 8, 12),
        (2, 192, 4, 6),
    ]


@pytest.mark.parametrize("size", [(45, 80), (301, 17), (1, 1)])
def test_any_size(file, size):
    nearness = TCMonoDepth(file, shorter_side_px=32)(torch.rand(1, 3, *size))
    assert nearness.shape == (1, 1, *size)
    assert (nearness >= 0).all()


def test_training_leaves_the_statistics_alone(file):
    network = TCMonoDepth(file, shorter_side_px=32).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network(torch.rand(2, 3, 32, 32))
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


def test_bad_input(file, tmp_path):
    with pytest.raises(InputError, match="shorter_side_px must be 32 or more"):
        TCMonoDepth(file, shorter_side_px=16)
    state = torch.load(file, weights_only=True)
    del state["decoder.final.bias"]
    torch.save(state, tmp_path / "other.pt")
    with pytest.raises(InputError, match="does not hold the weights of TCMonoDepth-small"):
        TCMonoDepth(tmp_path / "other.pt")


def test_the_published_file_is_what_others_run(shared):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = TCMonoDepth(shared / "weights" / "tcmonodepth_small.pt", shorter_side_px=192)
    session = onnxruntime.InferenceSession(str(shared / "weights" / "tcmonodepth_small_192x320.onnx"))
    image = torch.rand(1, 3, 192, 320)
    (other,) = session.run(None, {session.get_inputs()[0].name: 255 * image.numpy()})
    torch.testing.assert_close(network(image), torch.from_numpy(other), rtol=1e-4, atol=1e-5)


def test_near_things_are_near_in_real_photographs(shared):
    network = TCMonoDepth(shared / "weights" / "tcmonodepth_small.pt")
    folder = shared / "data" / "depth"
    for sample, least in (
        (Middlebury(folder / "middlebury_motorcycle")[0], 0.8),
        (NYUv2(folder / "nyuv2_basement")[0], 0.6),
    ):
        nearness = network(sample.image[None])[0][sample.valid]
        assert torch.corrcoef(torch.stack([nearness, sample.disparity[sample.valid]]))[0, 1] > least


def test_folding_batch_normalisation_changes_nothing():
    torch.manual_seed(0)
    network = nn.Sequential(ShuffleNetEncoder(), SeparableDecoder())
    for norm in [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]:
        for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            nn.init.uniform_(values, 0.5, 1.5)
    image = torch.rand(1, 3, 64, 96)
    expected = network.eval()(image)
    fold_batch_normalisation(network)
    assert not any(isinstance(each, nn.BatchNorm2d) for each in network.modules())
    torch.testing.assert_close(network(image), expected, rtol=1e-4, atol=1e-4)
    convolutions = [each for each in network.modules() if isinstance(each, nn.Conv2d)]
    assert all(each.bias.requires_grad for each in convolutions)
