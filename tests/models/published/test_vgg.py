import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from rackfocus import InputError
from rackfocus.losses.perceptual import CHEN_KOLTUN_WEIGHTS, PerceptualLoss
from rackfocus.models.published.vgg import LAYERS, VGG19Features


@pytest.fixture(scope="module")
def torchvision_file(tmp_path_factory):
    """A file of torchvision's names and shapes; the classifier, which is not read, is left small."""
    generator = torch.Generator().manual_seed(0)
    state = {"classifier.0.weight": torch.zeros(2)}
    for index, in_channels, out_channels in [*LAYERS.values(), (32, 512, 512), (34, 512, 512)]:
        scale = (2 / (9 * in_channels)) ** 0.5
        state[f"features.{index}.weight"] = scale * torch.randn(
            out_channels, in_channels, 3, 3, generator=generator
        )
        state[f"features.{index}.bias"] = torch.zeros(out_channels)
    path = tmp_path_factory.mktemp("weights") / "vgg.pth"
    torch.save(state, path)
    return path


def test_the_first_layers_written_out(torchvision_file):
    state = torch.load(torchvision_file, weights_only=True)
    image = torch.rand(1, 3, 16, 20)
    x = (image - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(3, 1, 1)
    for index in (0, 2):
        x = F.relu(F.conv2d(x, state[f"features.{index}.weight"], padding=1))
    first = x
    x = F.max_pool2d(x, 2)
    for index in (5, 7):
        x = F.relu(F.conv2d(x, state[f"features.{index}.weight"], padding=1))
    features = VGG19Features(torchvision_file)(image, ["conv1_2", "conv2_2"])
    assert list(features) == ["conv1_2", "conv2_2"]
    torch.testing.assert_close(features["conv1_2"], first)
    torch.testing.assert_close(features["conv2_2"], x)


def test_the_papers_layers_have_their_sizes(torchvision_file):
    features = VGG19Features(torchvision_file)(torch.rand(1, 3, 64, 48), CHEN_KOLTUN_WEIGHTS)
    assert [tuple(f.shape[1:]) for f in features.values()] == [
        (64, 64, 48),
        (128, 32, 24),
        (256, 16, 12),
        (512, 8, 6),
        (512, 4, 3),
    ]


def test_the_loss_is_the_weighted_sum_of_its_layers(torchvision_file):
    network = VGG19Features(torchvision_file)
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    target = torch.rand(1, 3, 32, 32)
    a, b = network(image, CHEN_KOLTUN_WEIGHTS), network(target, CHEN_KOLTUN_WEIGHTS)
    expected = 255 * sum(weight * (a[k] - b[k]).abs().mean() for k, weight in CHEN_KOLTUN_WEIGHTS.items())
    loss = PerceptualLoss(network)(image, target)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert image.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in network.parameters())
    assert PerceptualLoss(network)(target, target).item() == 0


def test_a_file_without_features(tmp_path):
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "half.pth")
    with pytest.raises(InputError, match="does not hold the features of VGG-19"):
        VGG19Features(tmp_path / "half.pth")


def test_the_normalised_weights_have_mean_activation_one(shared):
    """As their card says, on a photograph, in every layer, within a factor of three."""
    path = shared / "weights" / "vgg19_normalised_features_fp16.safetensors"
    network = VGG19Features(path, padding_mode="reflect")
    photograph = Image.open(shared / "data" / "aperture" / "realbokeh" / "4641_f22.jpg").resize((256, 192))
    image = torch.from_numpy(np.asarray(photograph, np.float32) / 255).permute(2, 0, 1)[None]
    for name, activation in network(image, list(LAYERS)).items():
        assert 1 / 3 < activation.mean().item() < 3, name
