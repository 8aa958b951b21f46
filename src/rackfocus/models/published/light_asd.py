"""Light-ASD (Liao et al. 2023, "A Light Weight Model for Active Speaker Detection"): who is speaking.

A face and the sound pass through separate convolutions, split into space (or frequency) and time; the
features are added and pass through two recurrent networks, forward and backward. Names of modules are those
of the published checkpoint. For inference only.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.published.weights import find_weights, fit_state
from rackfocus.reading.weights import read_state

WEIGHTS = "light_asd_ava.pt"
FPS = 25
"""Face pictures a second."""
HOPS = 4
"""MFCC hops of 10 ms for each face picture."""
SIZE_PX = 112
"""Size of the square face pictures."""

GREY_MEAN, GREY_DEVIATION = 0.4161, 0.1688
EPSILON = 1e-3
"""Epsilon of the batch normalisation."""


class LightASD(nn.Module):
    """The network stored in `light_asd_ava.pt`; `load_light_asd` loads its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.model = _Backbone()
        self.lossAV = _Head()
        self.lossV = _Head()

    def forward(
        self, faces: Float[Tensor, "batch frame 112 112"], heard: Float[Tensor, "batch hop coefficient"]
    ) -> Float[Tensor, "batch frame"]:
        """Log odds that each face (grey in 0..1, `FPS` a second) is speaking, for each frame.

        `heard` is the output of `mfcc`, `HOPS` for every face picture.
        """
        return self.odds(faces, heard)[0]

    def odds(
        self, faces: Float[Tensor, "batch frame 112 112"], heard: Float[Tensor, "batch hop coefficient"]
    ) -> tuple[Float[Tensor, "batch frame"], Float[Tensor, "batch frame"]]:
        """The log odds by face and sound, as `forward`, and those by the face alone.

        The latter are of `lossV`, an auxiliary classifier in training, of the same features of the face.
        """
        seen = self.model.visualEncoder((faces - GREY_MEAN) / GREY_DEVIATION)
        known = self.model.audioEncoder(heard)
        silent, speaks = self.lossAV.FC(self.model.GRU(seen + known)).unbind(dim=-1)
        still, moves = self.lossV.FC(seen).unbind(dim=-1)
        return speaks - silent, moves - still


def load_light_asd(weights: str | Path = WEIGHTS) -> LightASD:
    """Load the network with its weights, from a file or by the name of the published one.

    Raises:
        InputError: the weights are missing or are not those of Light-ASD.
    """
    path = find_weights(weights)
    with torch.device("meta"):
        network = LightASD()
    fit_state(network, read_state(path), path, "Light-ASD")
    return network.eval().requires_grad_(False)


class _Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.visualEncoder = _VisualEncoder()
        self.audioEncoder = _AudioEncoder()
        self.GRU = _RecurrentPair(128)


class _Head(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.FC = nn.Linear(128, 2)


class _Block(nn.Module):
    """Two paths of kernel size 3 and 5, each convolving over space (or bands) and then over time; their sum.

    The modules only hold the parameters of the checkpoint and are not called: two-dimensional convolutions
    with time as rows and channels last take less than half of the time of three-dimensional ones on a CPU.
    """

    def __init__(self, channels_in: int, channels: int, *, sound: bool = False, stride: int = 1) -> None:
        super().__init__()
        first = "m" if sound else "s"
        convolution: Any = nn.Conv2d if sound else nn.Conv3d
        norm: Any = nn.BatchNorm2d if sound else nn.BatchNorm3d
        for width in (3, 5):
            over_space, over_time = ((width, 1), (1, width)) if sound else ((1, width, width), (width, 1, 1))
            for name, before, kernel in (
                (f"{first}_{width}", channels_in, over_space),
                (f"t_{width}", channels, over_time),
            ):
                self.add_module(name, convolution(before, channels, kernel, bias=False))
                self.add_module(f"bn_{name}", norm(channels, EPSILON))
        self.last = convolution(channels, channels, 1, bias=False)
        self.bn_last = norm(channels, EPSILON)
        self._first, self._stride, self._sound = first, stride, sound

    def forward(self, x: Float[Tensor, "batch frame height width channel"]) -> Tensor:
        paths = []
        for width in (3, 5):
            path = self._over_space(f"{self._first}_{width}", x, width // 2)
            paths.append(self._over_time(f"t_{width}", path, width // 2))
        return self._over_space("last", paths[0] + paths[1], 0)

    def _over_space(self, name: str, x: Tensor, half: int) -> Tensor:
        kernel, bias = self._folded(name)
        # Bands have one dimension: they are rows of a picture one wide.
        kernel = kernel if self._sound else kernel[:, :, 0]
        stride = self._stride if name != "last" else 1
        padding = (half, 0) if self._sound else half
        found = F.conv2d(x.flatten(0, 1).permute(0, 3, 1, 2), kernel, bias, stride, padding)
        return found.relu_().permute(0, 2, 3, 1).unflatten(0, x.shape[:2])

    def _over_time(self, name: str, x: Tensor, half: int) -> Tensor:
        kernel, bias = self._folded(name)
        kernel = kernel.transpose(2, 3) if self._sound else kernel[..., 0]
        found = F.conv2d(x.flatten(2, 3).permute(0, 3, 1, 2), kernel, bias, padding=(half, 0))
        return found.relu_().permute(0, 2, 3, 1).unflatten(2, x.shape[2:4])

    def _folded(self, name: str) -> tuple[Tensor, Tensor]:
        """The weights of a convolution with its batch normalisation folded in, and a bias."""
        norm: Any = self.get_submodule(f"bn_{name}")
        weight: Any = self.get_submodule(name).weight
        scale = norm.weight * (norm.running_var + EPSILON).rsqrt()
        return weight * scale.view(-1, *[1] * (weight.ndim - 1)), norm.bias - norm.running_mean * scale


class _VisualEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block1 = _Block(1, 32, stride=2)
        self.block2 = _Block(32, 64)
        self.block3 = _Block(64, 128)

    def forward(self, faces: Float[Tensor, "batch frame height width"]) -> Float[Tensor, "batch frame 128"]:
        x = _smaller_pictures(self.block1(faces[..., None]))
        x = _smaller_pictures(self.block2(x))
        return self.block3(x).amax(dim=(2, 3))


class _AudioEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block1 = _Block(1, 32, sound=True)
        self.block2 = _Block(32, 64, sound=True)
        self.block3 = _Block(64, 128, sound=True)

    def forward(self, heard: Float[Tensor, "batch hop coefficient"]) -> Float[Tensor, "batch frame 128"]:
        # Coefficients are rows of a picture one wide. Two poolings of stride 2 take hops of 10 ms to faces of
        # 40 ms.
        x = _half_as_often(self.block1(heard[..., None, None]))
        x = _half_as_often(self.block2(x))
        return self.block3(x).mean(dim=(2, 3))


def _smaller_pictures(x: Float[Tensor, "batch frame height width channel"]) -> Tensor:
    found = F.max_pool2d(x.flatten(0, 1).permute(0, 3, 1, 2), 3, 2, 1)
    return found.permute(0, 2, 3, 1).unflatten(0, x.shape[:2])


def _half_as_often(x: Float[Tensor, "batch frame height width channel"]) -> Tensor:
    found = F.max_pool2d(x.flatten(2, 3).permute(0, 3, 1, 2), (3, 1), (2, 1), (1, 0))
    return found.permute(0, 2, 3, 1).unflatten(2, x.shape[2:4])


class _RecurrentPair(nn.Module):
    """A forward recurrent network, followed by a backward one over its output."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gru_forward = nn.GRU(channels, channels, batch_first=True)
        self.gru_backward = nn.GRU(channels, channels, batch_first=True)

    def forward(self, x: Float[Tensor, "batch frame channel"]) -> Float[Tensor, "batch frame channel"]:
        x = F.gelu(self.gru_forward(x)[0])
        return F.gelu(self.gru_backward(x.flip(1))[0].flip(1))
