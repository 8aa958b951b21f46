import pytest
import torch
import torch.nn.functional as F

from rackfocus import InputError
from rackfocus.data.hdr_picture import read_radiance
from rackfocus.data.measured.virtual_camera import SRGBCurve, VirtualCamera
from rackfocus.metrics.hdr import log_mse
from rackfocus.models.published import expandnet
from rackfocus.models.published.expandnet import ExpandNet
from rackfocus.optics.radiometry import apply_log_exposure, linear_to_srgb, srgb_to_linear

PUBLISHED = {
    **{"local_net.0.0": (64, 3, 3, 3), "local_net.1.0": (128, 64, 3, 3)},
    **{"mid_net.0.0": (64, 3, 3, 3), "mid_net.1.0": (64, 64, 3, 3), "mid_net.2.0": (64, 64, 3, 3)},
    **{"mid_net.3": (64, 64, 3, 3), "glob_net.0.0": (64, 3, 3, 3), "glob_net.6": (64, 64, 4, 4)},
    **{f"glob_net.{layer}.0": (64, 64, 3, 3) for layer in range(1, 6)},
    **{"end_net.0.0": (64, 256, 1, 1), "end_net.1": (3, 64, 1, 1)},
}
"""The layers of the published file, and the shapes of their weights."""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of the published names and shapes."""
    generator = torch.Generator().manual_seed(5)
    state = {}
    for name, shape in PUBLISHED.items():
        fan_in = shape[1] * shape[2] * shape[3]
        state[f"{name}.weight"] = torch.randn(shape, generator=generator) / fan_in**0.5
        state[f"{name}.bias"] = 0.1 * torch.randn(shape[0], generator=generator)
    path = tmp_path_factory.mktemp("weights") / "expand.pth"
    torch.save(state, path)
    return path


def test_the_prediction_written_out(file):
    state = torch.load(file, weights_only=True)
    image = torch.rand(1, 3, 20, 31)

    def layer(x, name, **settings):
        return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], **settings)

    local = F.selu(layer(F.selu(layer(image, "local_net.0.0", padding=1)), "local_net.1.0", padding=1))
    mid = image
    for index in range(3):
        mid = F.selu(layer(mid, f"mid_net.{index}.0", padding=2, dilation=2))
    mid = layer(mid, "mid_net.3", padding=2, dilation=2)
    whole = F.interpolate(image, size=(256, 256), mode="bilinear")
    for index in range(6):
        whole = F.selu(layer(whole, f"glob_net.{index}.0", padding=1, stride=2))
    whole = layer(whole, "glob_net.6").expand(-1, -1, 20, 31)
    features = F.selu(layer(torch.cat([local, mid, whole], dim=1), "end_net.0.0"))
    torch.testing.assert_close(
        ExpandNet(file)._predict(image), torch.sigmoid(layer(features, "end_net.1")), rtol=1e-4, atol=1e-5
    )


def test_bands_of_rows_are_the_image(file, monkeypatch):
    network, image = ExpandNet(file), torch.rand(2, 3, 37, 16)
    whole = network._predict(image)
    monkeypatch.setattr(expandnet, "BAND_PIXELS", 16 * 10)
    torch.testing.assert_close(network._predict(image), whole)


def test_a_prediction_with_another_curve_is_aligned():
    """Light behind an unknown exposure and exponent is found again, beyond white too."""
    light = 1.5 * torch.rand(1, 3, 30, 40)
    srgb = linear_to_srgb(light).clamp(0, 1)
    aligned = expandnet._aligned((light / 20) ** (1 / 1.3), srgb)
    torch.testing.assert_close(aligned, light, rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    "image", [torch.zeros(1, 3, 5, 6), torch.ones(1, 3, 5, 6), torch.full((1, 3, 1, 1), 0.5)]
)
def test_images_of_one_tone(file, image):
    network = ExpandNet(file)
    assert network.radiance(image).isfinite().all()
    exposure = network(image)
    assert exposure.shape == image.shape
    assert exposure.isfinite().all()
    assert (exposure >= 0).all()


def test_it_is_frozen_and_in_evaluation_mode(file):
    network = ExpandNet(file)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("name", ["StillLife.exr", "Desk.exr"])
def test_the_published_weights_find_light_in_clipped_photographs(shared, name):
    network = ExpandNet(shared / "weights" / "expandnet.pth")
    radiance = read_radiance(shared / "data" / "hdr" / "openexr_photos" / name)
    radiance = F.interpolate(radiance[None], size=(96, 128), mode="area")[0]
    camera = VirtualCamera(curves=SRGBCurve(), clipped_share=(0.1, 0.1))
    photograph = camera.photograph(radiance, torch.Generator().manual_seed(0), name=name)
    srgb, truth = photograph.image[None], photograph.radiance[None]
    linear, exposure = srgb_to_linear(srgb), network(srgb)
    assert log_mse(apply_log_exposure(linear, exposure), truth) < 0.9 * log_mse(linear, truth)
    assert exposure[:, :, srgb[0].amax(0) < 0.95].eq(0).all()


def test_files_that_do_not_fit(tmp_path, file):
    state = torch.load(file, weights_only=True)
    del state["end_net.1.bias"]
    torch.save(state, tmp_path / "less.pth")
    with pytest.raises(InputError, match=r"does not hold the weights of ExpandNet .*end_net\.1\.bias"):
        ExpandNet(tmp_path / "less.pth")
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(InputError, match="cannot be read as weights"):
        ExpandNet(tmp_path / "text.pth")
