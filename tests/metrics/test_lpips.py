import pytest
import torch
import torch.nn.functional as F
import torchmetrics.functional.image.lpips as torchmetrics_lpips
from safetensors.torch import load_file, save_file
from torch import nn

from rackfocus import InputError
from rackfocus.metrics.image import displayed
from rackfocus.metrics.lpips import LAYERS, LPIPS, SMALLEST_PX, WEIGHTS


@pytest.fixture(scope="module")
def weights(shared):
    path = shared / "weights" / WEIGHTS
    if not path.is_file():
        pytest.skip(f"{path} is not on this machine")
    return path


@pytest.fixture(scope="module")
def lpips(weights):
    return LPIPS(weights)


def blurred(image, size):
    return F.avg_pool2d(image, size, 1, size // 2, count_include_pad=False)


def test_equal_pictures_are_no_distance_apart(lpips, generator):
    image = torch.rand(1, 3, 48, 64, generator=generator)
    assert lpips(image, image).item() == 0


def test_more_blur_is_farther(lpips, generator):
    image = blurred(torch.rand(1, 3, 96, 96, generator=generator), 5)
    distances = [lpips(blurred(image, size), image).item() for size in (3, 7, 15)]
    assert 0 < distances[0] < distances[1] < distances[2]


def test_the_formula_written_out(lpips, weights, generator):
    state = {name: value.float() for name, value in load_file(weights).items()}
    images = torch.rand(2, 2, 3, 40, 56, generator=generator)

    def features(linear):
        x = displayed(linear) * 2 - 1
        x = (x - torch.tensor([-0.030, -0.088, -0.188])[:, None, None]) / torch.tensor([0.458, 0.448, 0.450])[
            :, None, None
        ]
        x = F.conv2d(x, state["features.0.weight"], state["features.0.bias"], 4, 2).relu()
        yield x
        x = F.conv2d(F.max_pool2d(x, 3, 2), state["features.3.weight"], state["features.3.bias"], 1, 2).relu()
        yield x
        x = F.conv2d(F.max_pool2d(x, 3, 2), state["features.6.weight"], state["features.6.bias"], 1, 1).relu()
        yield x
        for index in (8, 10):
            x = F.conv2d(x, state[f"features.{index}.weight"], state[f"features.{index}.bias"], 1, 1).relu()
            yield x

    expected = 0.0
    for number, (a, b) in enumerate(zip(features(images[0]), features(images[1]), strict=True)):
        a, b = (f / (f.square().sum(1, keepdim=True).sqrt() + 1e-10) for f in (a, b))
        weighted = ((a - b) ** 2 * state[f"lin{number}.weight"]).sum(1)
        expected += weighted.mean().item()
    assert lpips(images[0], images[1]).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.filterwarnings("ignore:.*weights_only.*")
def test_torchmetrics_has_the_same(lpips, weights, generator, monkeypatch):
    """Its network and formula on the same weights of AlexNet; those of the layers come with torchmetrics."""
    state, parts = load_file(weights), []
    for index, inside, outside, size, stride, padding, pooled in LAYERS:
        convolution = nn.Conv2d(inside, outside, size, stride, padding)
        for name in ("weight", "bias"):
            getattr(convolution, name).data = state[f"features.{index}.{name}"].float()
        parts += [nn.MaxPool2d(3, 2)] * pooled + [convolution, nn.ReLU()]
    alexnet = nn.Sequential(*parts)
    monkeypatch.setattr(torchmetrics_lpips, "_get_tv_model_features", lambda *_: alexnet)
    sharp = blurred(torch.rand(1, 3, 96, 128, generator=generator), 3)
    for size in (3, 7, 15):
        soft = blurred(sharp, size)
        expected = torchmetrics_lpips.learned_perceptual_image_patch_similarity(soft, sharp, normalize=True)
        assert lpips.of_displayed(soft, sharp).item() == pytest.approx(expected.item(), rel=1e-4)


def test_the_smallest_picture(lpips):
    image = torch.rand(1, 3, SMALLEST_PX, SMALLEST_PX)
    assert lpips(image, image).item() == 0
    with pytest.raises(InputError, match="at least 31 pixels"):
        lpips(image[..., 1:], image[..., 1:])


def test_a_file_of_something_else(tmp_path):
    save_file({"features.0.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="does not hold LPIPS"):
        LPIPS(tmp_path / "other.safetensors")
