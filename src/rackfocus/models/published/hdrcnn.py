"""HDRCNN (Eilertsen et al. 2017, "HDR image reconstruction from a single exposure using deep CNNs").

The encoder is VGG-16 up to pool5, the decoder works on log light. The skip connection of each level converts
to log light, `log((h / 255)^2 + 1/255)`, and is fused by a 1x1 convolution.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.published.highlights import highlight_log_exposure
from rackfocus.models.published.tensorlayer_file import load_parameters
from rackfocus.models.published.weights import find_weights, fit_state
from rackfocus.types import InputError

VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions of each level; a level ends with a pooling layer."""

VGG_MEAN_BGR = (103.939, 116.779, 123.68)
"""The mean that Caffe's VGG-16 subtracts from images in 0..255."""

EPSILON = 1 / 255
"""Added to light before the logarithm."""

CONVOLUTION = ("weight", "bias")
NORMALISATION = ("bias", "weight", "running_mean", "running_var")
"""The order of a layer's parameters in the file: beta is before gamma."""

MULTIPLE_PX = 32
"""The encoder halves the size five times."""


class HDRCNN(nn.Module):
    """Light beyond white, by the published parameters.

    Args:
        weights: a file, or the name of a published one: `hdrcnn_params.npz`; `hdrcnn_params_compr.npz` for
            compressed images; `hdrcnn_params_compr_regularized.npz`, which does not flicker in videos
            (Eilertsen et al. 2019).

    Raises:
        InputError: the weights are missing, cannot be read, or do not fit.
    """

    mean: Tensor

    def __init__(self, weights: str | Path = "hdrcnn_params_compr_regularized.npz") -> None:
        super().__init__()
        path = find_weights(weights)
        widths = [level[-1] for level in VGG16]
        # The meta device avoids thirty million random numbers, which would be overwritten.
        with torch.device("meta"):
            self.encoder = nn.ModuleList(
                nn.Sequential(*(nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise((before, *level))))
                for before, level in zip((3, *widths), VGG16, strict=False)
            )
            self.middle = nn.Sequential(nn.Conv2d(512, 512, 3, padding=1), nn.BatchNorm2d(512))
            self.enlarge = nn.ModuleList(
                nn.Sequential(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b))
                for a, b in pairwise((512, *reversed(widths)))
            )
            self.fuse = nn.ModuleList(nn.Conv2d(2 * width, width, 1) for width in (*reversed(widths), 3))
            self.last = nn.Sequential(nn.Conv2d(64, 3, 1), nn.BatchNorm2d(3))
        self.register_buffer("mean", torch.tensor(VGG_MEAN_BGR).view(3, 1, 1), persistent=False)
        self._assign(load_parameters(path), path)
        self.requires_grad_(False)
        self.eval()

    def forward(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Log exposure where the image clips; see `rackfocus.models.backends.HDRBackend`."""
        return highlight_log_exposure(srgb, self.radiance(srgb))

    def radiance(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """The whole prediction as linear light in units of display white, before it is blended."""
        height, width = srgb.shape[-2:]
        padding = (0, -width % MULTIPLE_PX, 0, -height % MULTIPLE_PX)
        image = F.pad(srgb, padding, mode="replicate") * 255
        levels = [image]
        x = image.flip(1) - self.mean
        for level in self.encoder:
            for convolution in level.children():
                x = F.relu(convolution(x))
            levels.append(x)
            x = F.max_pool2d(x, 2)
        x = F.relu(self.middle(x))
        for enlarge, fuse in zip(self.enlarge, self.fuse, strict=False):
            x = _fused(fuse, F.relu(enlarge(x)), levels.pop())
        x = _fused(self.fuse[-1], F.relu(self.last(x)), levels.pop())
        return (torch.exp(x) - EPSILON).clamp_min(0)[..., :height, :width]

    def train(self, mode: bool = True) -> "HDRCNN":  # noqa: ARG002
        """Stay in evaluation mode: batch normalisation uses the statistics of the file."""
        return super().train(False)

    def _published_order(self) -> Iterator[nn.Module]:
        """The layers that have parameters, in the order of the file."""
        for level in self.encoder:
            yield from level.children()
        yield from self.middle.children()
        for enlarge, fuse in zip(self.enlarge, self.fuse, strict=False):
            yield from enlarge.children()
            yield fuse
        yield from self.last.children()
        yield self.fuse[-1]

    def _assign(self, parameters: list[Tensor], path: Path) -> None:
        """Assign the file's parameters to the layers.

        TensorLayer's kernels have the axes height, width, in, out (transposed ones: out, in), torch's the
        reverse order of channels, then height and width.
        """
        names = {module: name for name, module in self.named_modules()}
        expected = {
            f"{names[layer]}.{key}": getattr(layer, key).shape
            for layer in self._published_order()
            for key in (NORMALISATION if isinstance(layer, nn.BatchNorm2d) else CONVOLUTION)
        }
        turned = [
            value.permute(3, 2, 0, 1).contiguous() if value.ndim == 4 else value for value in parameters
        ]
        if [value.shape for value in turned] != list(expected.values()):
            raise InputError(
                f"{path} does not hold the {len(expected)} parameters of HDRCNN in their order; "
                "get the file anew."
            )
        fit_state(self, dict(zip(expected, turned, strict=True)), path, "HDRCNN")


def _fused(fuse: nn.Module, x: Tensor, features: Tensor) -> Tensor:
    """Fuse the decoder's channels with the encoder's, converted to log light."""
    return fuse(torch.cat([x, torch.log((features / 255).square() + EPSILON)], dim=1))
