"""HDRCNN on a file of the published layout: 80 arrays in TensorLayer's order."""

import math

import numpy as np
import pytest
import torch

from rackfocus import InputError
from rackfocus.models.published.hdrcnn import HDRCNN
from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear

VGG16 = [
    (3, 64), (64, 64),
    (64, 128), (128, 128),
    (128, 256), (256, 256), (256, 256),
    (256, 512), (512, 512), (512, 512),
    (512, 512), (512, 512), (512, 512),
]  # fmt: skip
DECODER = [(512, 512), (512, 512), (512, 256), (256, 128), (128, 64)]


def published_shapes():
    """The shapes of `params`: kernels are height, width, in, out, and out, in where they are transposed.

    A normalisation is beta, gamma, mean, variance.
    """
    shapes = []
    for a, b in VGG16:
        shapes += [(3, 3, a, b), (b,)]
    shapes += [(3, 3, 512, 512), *[(512,)] * 5]
    for a, b in DECODER:
        shapes += [(4, 4, b, a), *[(b,)] * 5, (1, 1, 2 * b, b), (b,)]
    return [*shapes, (1, 1, 64, 3), *[(3,)] * 5, (1, 1, 6, 3), (3,)]


RGB_FUSE, RGB_FUSE_BIAS = 78, 79
BETA, GAMMA, MEAN, VARIANCE = 74, 75, 76, 77
LAST_BIAS = 73


@pytest.fixture(scope="module")
def parameters():
    """All 0 but: random ones where the tests look, and the identity from the last normalisation on."""
    generator = np.random.default_rng(0)
    parameters = [np.zeros(shape, np.float32) for shape in published_shapes()]
    for index in (0, 64, 65):  # the first convolution, the last transposed one with its bias
        parameters[index] = generator.standard_normal(parameters[index].shape).astype(np.float32)
    for index, array in enumerate(parameters):
        if array.ndim == 1 and index not in (65, BETA, GAMMA, MEAN, VARIANCE):
            array += 0.01
    parameters[LAST_BIAS][:] = [5.0, 1.0, 3.0]
    parameters[BETA][:], parameters[GAMMA][:] = 0.5, [2.0, 3.0, 4.0]
    parameters[MEAN][:], parameters[VARIANCE][:] = [1.0, 4.0, 2.0], 4.0
    for channel in range(3):
        parameters[RGB_FUSE][0, 0, channel, channel] = 1  # of the decoder
        parameters[RGB_FUSE][0, 0, 3 + channel, channel] = 1  # of the image
    parameters[RGB_FUSE_BIAS][:] = 0
    return parameters


def write(path, parameters):
    array = np.empty(len(parameters), dtype=object)
    array[:] = parameters
    np.savez(path, params=array)
    return path


@pytest.fixture(scope="module")
def network(parameters, tmp_path_factory):
    return HDRCNN(write(tmp_path_factory.mktemp("weights") / "hdrcnn.npz", parameters))


def test_the_layout_is_the_published_one(parameters):
    assert len(parameters) == 80
    assert sum(array.size for array in parameters[:26]) == 14_714_688  # VGG-16 without its classifier
    assert parameters[0].shape == (3, 3, 3, 64)
    assert parameters[RGB_FUSE].shape == (1, 1, 6, 3)


def test_the_last_layers_written_out(network):
    """`log(I^2 + 1/255)` and the normalised bias are added up in the log domain, at any size."""
    image = torch.rand(2, 3, 33, 50)
    normalised = torch.tensor([2 * (5 - 1), 3 * (1 - 4), 4 * (3 - 2)]) / math.sqrt(4 + 1e-5) + 0.5
    expected = (image.square() + 1 / 255) * normalised.clamp_min(0).exp().view(3, 1, 1) - 1 / 255
    torch.testing.assert_close(network.radiance(image), expected, rtol=1e-4, atol=1e-5)


def test_exposure_is_above_zero_only_where_it_clips(network):
    image = torch.full((1, 3, 32, 32), 0.5)
    image[..., 16:] = 1
    exposure = network(image)
    assert exposure[..., :16].eq(0).all()
    radiance = apply_log_exposure(srgb_to_linear(image), exposure)
    torch.testing.assert_close(radiance[..., 16:], network.radiance(image)[..., 16:].clamp_min(1))


def test_kernels_are_turned_as_tensorflow_has_them(network, parameters):
    """A convolution and a transposed one, by their sums."""
    image = torch.randn(1, 3, 4, 5)
    kernel = parameters[0]
    found = network.encoder[0][0](image)[0, :, 1, 2] - 0.01
    expected = sum(
        image[0, channel, y, x + 1].item() * kernel[y, x, channel]
        for y in range(3)
        for x in range(3)
        for channel in range(3)
    )
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)

    point = torch.zeros(1, 128, 3, 3)
    point[0, 7, 1, 1] = 1
    found = network.enlarge[4][0](point)[0] - torch.from_numpy(parameters[65]).view(-1, 1, 1)
    # Padding "SAME" at stride 2: pixel i reaches 2 i - 1 to 2 i + 2.
    expected = np.zeros((64, 6, 6), np.float32)
    expected[:, 1:5, 1:5] = parameters[64][:, :, :, 7].transpose(2, 0, 1)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


def test_it_is_frozen_and_in_evaluation_mode(network):
    assert not network.train().training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("mistake", ["fewer", "more", "swapped"])
def test_files_that_do_not_fit(tmp_path, mistake):
    small = [np.zeros(3, np.float32)] * {"fewer": 79, "more": 81, "swapped": 80}[mistake]
    with pytest.raises(InputError, match="does not hold the 80 parameters of HDRCNN"):
        HDRCNN(write(tmp_path / "wrong.npz", small))


def test_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    for name in ("hdrcnn_params.npz", "hdrcnn_params_compr.npz", "hdrcnn_params_compr_regularized.npz"):
        with pytest.raises(InputError, match=f"{name} are missing; get it from http.*{name}"):
            HDRCNN(name)
