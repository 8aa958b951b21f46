import pytest
import torch
import torch.nn.functional as F

from rackfocus import InputError
from rackfocus.models.published.light_asd import EPSILON, LightASD, load_light_asd


@pytest.fixture
def random_network(generator):
    network = LightASD().eval()
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.1)
            if name.endswith("running_var"):
                tensor.abs_().add_(0.5)
    return network.requires_grad_(False)


def test_a_state_of_the_published_names_and_shapes_loads(tmp_path, random_network):
    state = random_network.state_dict()
    shapes = {
        "model.visualEncoder.block1.s_5.weight": (32, 1, 1, 5, 5),
        "model.visualEncoder.block3.t_3.weight": (128, 128, 3, 1, 1),
        "model.visualEncoder.block2.bn_last.running_var": (64,),
        "model.audioEncoder.block2.m_3.weight": (64, 32, 3, 1),
        "model.audioEncoder.block1.t_5.weight": (32, 32, 1, 5),
        "model.GRU.gru_backward.weight_hh_l0": (384, 128),
        "lossAV.FC.weight": (2, 128),
        "lossV.FC.bias": (2,),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes
    torch.save(state, tmp_path / "random.pt")
    loaded = load_light_asd(tmp_path / "random.pt")
    assert not loaded.training
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, state[name])


def test_what_is_no_such_state_is_told(tmp_path, random_network):
    state = random_network.state_dict()
    del state["model.GRU.gru_forward.bias_ih_l0"]
    torch.save(state, tmp_path / "some.pt")
    with pytest.raises(InputError, match="does not hold the weights of Light-ASD"):
        load_light_asd(tmp_path / "some.pt")


def plain_block(block, x, first, dimensions):
    """The block as the paper draws it, with the modules that the checkpoint describes."""
    paths = []
    for width in (3, 5):
        path = x
        for name in (f"{first}_{width}", f"t_{width}"):
            convolution, norm = block.get_submodule(name), block.get_submodule(f"bn_{name}")
            stride = (1, 2, 2) if name[0] == "s" and convolution.in_channels == 1 else 1
            padding = tuple(size // 2 for size in convolution.weight.shape[2:])
            run = F.conv3d if dimensions == 3 else F.conv2d
            path = run(path, convolution.weight, stride=stride, padding=padding)
            path = F.batch_norm(
                path, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=EPSILON
            ).relu()
        paths.append(path)
    return block.bn_last(block.last(paths[0] + paths[1])).relu()


def test_channels_last_gives_what_convolutions_in_three_dimensions_give(random_network, generator):
    faces, heard = (torch.rand(shape, generator=generator) for shape in ((1, 3, 112, 112), (1, 12, 13)))
    seen = (faces[:, None] - 0.4161) / 0.1688
    known = heard.transpose(1, 2)[:, None]
    model = random_network.model
    for number in (1, 2, 3):
        seen = plain_block(model.visualEncoder.get_submodule(f"block{number}"), seen, "s", 3)
        known = plain_block(model.audioEncoder.get_submodule(f"block{number}"), known, "m", 2)
        if number < 3:
            seen = F.max_pool3d(seen, (1, 3, 3), (1, 2, 2), (0, 1, 1))
            known = F.max_pool2d(known, (1, 3), (1, 2), (0, 1))
    seen = seen.amax(dim=(3, 4)).transpose(1, 2)
    both = seen + known.mean(dim=2).transpose(1, 2)
    after = F.gelu(model.GRU.gru_backward(F.gelu(model.GRU.gru_forward(both)[0]).flip(1))[0].flip(1))
    silent, speaks = random_network.lossAV.FC(after).unbind(-1)
    torch.testing.assert_close(random_network(faces, heard), speaks - silent, atol=1e-5, rtol=1e-4)
    still, moves = random_network.lossV.FC(seen).unbind(-1)
    together, by_face = random_network.odds(faces, heard)
    torch.testing.assert_close(together, speaks - silent, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(by_face, moves - still, atol=1e-5, rtol=1e-4)


def test_the_published_weights_load(shared):
    network = load_light_asd(shared / "weights" / "light_asd_ava.pt")
    grey, silence = torch.full((1, 10, 112, 112), 0.4), torch.zeros(1, 40, 13)
    for odds in network.odds(grey, silence):
        assert (odds < 0).all()  # what holds still does not speak
