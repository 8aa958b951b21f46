"""VGG-19 features (Simonyan & Zisserman 2015), with torchvision's parameter names."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.published.weights import find_weights
from rackfocus.reading.weights import read_state
from rackfocus.types import InputError

LAYERS = {
    "conv1_1": (0, 3, 64),
    "conv1_2": (2, 64, 64),
    "conv2_1": (5, 64, 128),
    "conv2_2": (7, 128, 128),
    "conv3_1": (10, 128, 256),
    "conv3_2": (12, 256, 256),
    "conv3_3": (14, 256, 256),
    "conv3_4": (16, 256, 256),
    "conv4_1": (19, 256, 512),
    "conv4_2": (21, 512, 512),
    "conv4_3": (23, 512, 512),
    "conv4_4": (25, 512, 512),
    "conv5_1": (28, 512, 512),
    "conv5_2": (30, 512, 512),
}
"""Layer name: torchvision's index in `features`, channels in, channels out."""


class VGG19Features(nn.Module):
    """The frozen convolutions of VGG-19 up to conv5_2, each followed by a ReLU.

    Args:
        weights: a file with torchvision's names (`features.0.weight` ...), or the name of a published one.
        padding_mode: padding of the convolutions: `zeros` for torchvision's weights, `reflect` for the
            Gatys-normalised ones.

    Raises:
        InputError: the weights are missing, cannot be read, or do not fit.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        weights: str | Path = "vgg19-dcbb9e9d.pth",
        *,
        padding_mode: Literal["zeros", "reflect"] = "zeros",
    ) -> None:
        super().__init__()
        self.features = nn.ModuleDict(
            {
                str(index): nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode=padding_mode)
                for index, in_channels, out_channels in LAYERS.values()
            }
        )
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1), persistent=False)
        path = find_weights(weights)
        state = read_state(path)
        try:
            self.load_state_dict({name: state[name] for name in self.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise InputError(
                f"{path} does not hold the features of VGG-19: {str(error).splitlines()[0]}."
            ) from error
        self.requires_grad_(False)

    def forward(
        self, encoded_rgb: Float[Tensor, "batch 3 height width"], layers: Collection[str]
    ) -> dict[str, Float[Tensor, "batch _ _ _"]]:
        """The activations of the named layers, after their ReLU.

        Args:
            encoded_rgb: sRGB in units of display white; normalised here by ImageNet's mean and deviation.
            layers: names such as `conv1_2`.
        """
        deepest = max(LAYERS[layer][0] for layer in layers)
        x = (encoded_rgb - self.mean) / self.std
        activations = {}
        for name, (index, _, _) in LAYERS.items():
            if index > deepest:
                break
            if name.endswith("_1") and index > 0:
                x = F.max_pool2d(x, 2)
            x = F.relu(self.features[str(index)](x))
            if name in layers:
                activations[name] = x
        return activations
