import math

import pytest
import torch
import torch.nn.functional as F

from rackfocus import InputError
from rackfocus.models.published import megadepth
from rackfocus.models.published.megadepth import MegaDepth, inception

NARROW, WIDE = (3, 5, 7), (3, 7, 11)
INCEPTIONS = {
    "3.0.0.1": (128, 32, 32, NARROW),
    "3.0.0.2": (128, 32, 32, NARROW),
    "3.0.0.3.0.0.1": (128, 32, 32, NARROW),
    "3.0.0.3.0.0.2": (128, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.0.0": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.0.1": (256, 64, 64, WIDE),
    "3.0.0.3.0.0.3.0.1.1": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.2": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.3.0.0.0": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.3.0.0.1": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.3.0.1.1": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.3.0.1.2": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.3.0.1.3": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.4": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.3.0.1.5": (256, 64, 64, WIDE),
    "3.0.0.3.0.0.4": (256, 64, 32, NARROW),
    "3.0.0.3.0.0.5": (256, 32, 32, NARROW),
    "3.0.0.3.0.1.0": (128, 32, 32, NARROW),
    "3.0.0.3.0.1.1": (128, 32, 64, WIDE),
    "3.0.0.4": (128, 32, 64, NARROW),
    "3.0.0.5": (128, 16, 32, WIDE),
    "3.0.1.0": (128, 16, 64, WIDE),
}
"""Where the published network has inception modules: channels in, of each branch, between; kernels."""


def published_shapes():
    """Names and shapes of the published file, without the `module.` before each name."""
    shapes = {"0.weight": (128, 3, 7, 7), "0.bias": (128,), "4.weight": (1, 64, 3, 3), "4.bias": (1,)}
    shapes |= {f"1.{key}": (128,) for key in ("weight", "bias", "running_mean", "running_var")}
    for name, (channels, width, inner, kernels) in INCEPTIONS.items():
        convolutions = {"0.0": (width, channels, 1)}
        for branch, kernel in enumerate(kernels, 1):
            convolutions |= {f"{branch}.0": (inner, channels, 1), f"{branch}.3": (width, inner, kernel)}
        for place, (out, into, kernel) in convolutions.items():
            norm = f"{place[:-1]}{int(place[-1]) + 1}"
            shapes[f"{name}.{place}.weight"] = (out, into, kernel, kernel)
            shapes[f"{name}.{place}.bias"] = (out,)
            shapes[f"{name}.{norm}.running_mean"] = (out,)
            shapes[f"{name}.{norm}.running_var"] = (out,)
    return shapes


@pytest.fixture(scope="module")
def state():
    generator = torch.Generator().manual_seed(2)
    state = {}
    for name, shape in published_shapes().items():
        value = torch.randn(shape, generator=generator)
        if name.endswith("running_var"):
            value = value.square() + 0.5
        elif len(shape) == 4:
            value /= math.sqrt(shape[1] * shape[2] * shape[3])
        state[f"module.{name}"] = value
    return state


@pytest.fixture(scope="module")
def file(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "net_G.pth"
    torch.save(state, path)
    return path


@pytest.fixture
def small(monkeypatch):
    """The network sees 64 instead of 512 pixels."""
    monkeypatch.setattr(megadepth, "LONGER_SIDE_PX", 64)


@pytest.mark.usefixtures("small")
def test_the_published_file_fits_and_is_used(file, state):
    """Every parameter of the file is taken, whatever stands before its name."""
    network = MegaDepth(file)
    assert sum(parameter.numel() for parameter in network.parameters()) == 5_357_153
    loaded = network.hourglass.state_dict()
    for name, value in state.items():
        torch.testing.assert_close(loaded[name.removeprefix("module.")], value)
    assert not network.training
    assert not network.train().hourglass[1].training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_an_inception_written_out():
    module = inception(6, 4, 3, (3, 7)).eval()
    x = torch.randn(2, 6, 11, 13)
    state = module.state_dict()
    assert [name for name in state if name.endswith("weight")] == [
        "0.0.weight", "1.0.weight", "1.3.weight", "2.0.weight", "2.3.weight",
    ]  # fmt: skip

    def convolution(x, name, padding):
        x = F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=padding)
        return F.relu(x / math.sqrt(1 + 1e-5))

    expected = [
        convolution(x, "0.0", 0),
        convolution(convolution(x, "1.0", 0), "1.3", 1),
        convolution(convolution(x, "2.0", 0), "2.3", 3),
    ]
    torch.testing.assert_close(module(x), torch.cat(expected, dim=1), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("small")
def test_nearness_is_the_inverse_of_the_exponential(file, tmp_path, state):
    zeros = {name: torch.zeros_like(value) for name, value in state.items()}
    zeros |= {name: value for name, value in state.items() if name.endswith("running_var")}
    zeros["module.4.bias"] += math.log(4)
    torch.save(zeros, tmp_path / "zeros.pth")
    nearness = MegaDepth(tmp_path / "zeros.pth")(torch.rand(2, 3, 45, 61))
    torch.testing.assert_close(nearness, torch.full((2, 1, 45, 61), 0.25))
    assert MegaDepth(file)(torch.rand(1, 3, 45, 61)).std() > 0


@pytest.mark.parametrize(
    ("size", "seen"),
    [((480, 640), (384, 512)), ((640, 480), (512, 384)), ((9, 900), (16, 512)), ((384, 512), (384, 512))],
)
def test_the_size_that_it_was_trained_at(file, monkeypatch, size, seen):
    network, sizes = MegaDepth(file), []

    def hourglass(image):
        sizes.append(tuple(image.shape[-2:]))
        return image[:, :1]

    network.hourglass = torch.nn.Identity()
    monkeypatch.setattr(network.hourglass, "forward", hourglass)
    assert network(torch.rand(1, 3, *size)).shape == (1, 1, *size)
    assert sizes == [seen]


def test_files_that_do_not_fit(tmp_path, state):
    torch.save({name: value for name, value in state.items() if "3.0.1.0" not in name}, tmp_path / "less.pth")
    with pytest.raises(
        InputError, match=r"does not hold the weights of MegaDepth .*3\.0\.1\.0\.0\.0\.weight"
    ):
        MegaDepth(tmp_path / "less.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(InputError, match="weights"):
        MegaDepth(tmp_path / "list.pth")
    with pytest.raises(InputError, match=r"no weights here\.pth"):
        MegaDepth("here.pth")


def test_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    with pytest.raises(
        InputError, match=r"best_generalization_net_G\.pth are missing; get it from http://www\.cs"
    ):
        MegaDepth()
