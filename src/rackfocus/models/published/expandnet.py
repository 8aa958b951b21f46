"""ExpandNet (Marnerides et al. 2018, "ExpandNet: A Deep Convolutional Neural Network for High Dynamic Range
Expansion from Low Dynamic Range Content").

Its input is an image scaled to 0..1, its output linear light scaled to 0..1 without the image's tone curve
and exposure. So the prediction is aligned with the image before it is used as radiance.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.models.published.highlights import highlight_log_exposure
from rackfocus.models.published.weights import find_weights, fit_state
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.reading.weights import read_state

MID_TONES = (0.2, 0.9)
"""Range of encoded values used for the alignment: neither noise nor close to clipping."""

GLOBAL_SIZE_PX = 256
"""Input size of the global branch, a square."""

REACH_PX = 8
"""Radius of the receptive fields of the local and the dilated branch."""

BAND_PIXELS = 2**18
"""Pixels processed at a time, which limits memory: each pixel has 256 channels."""


class ExpandNet(nn.Module):
    """Light beyond white, by the published weights: a file, or the name of the published one.

    Raises:
        InputError: the weights are missing, cannot be read, or do not fit.
    """

    def __init__(self, weights: str | Path = "expandnet.pth") -> None:
        super().__init__()
        path = find_weights(weights)
        self.local_net = nn.Sequential(_layer(3, 64), _layer(64, 128))
        self.mid_net = nn.Sequential(
            *(_layer(channels, 64, dilation=2) for channels in (3, 64, 64)),
            nn.Conv2d(64, 64, 3, padding=2, dilation=2),
        )
        self.glob_net = nn.Sequential(
            *(_layer(channels, 64, stride=2) for channels in (3, 64, 64, 64, 64, 64)), nn.Conv2d(64, 64, 4)
        )
        self.end_net = nn.Sequential(
            nn.Sequential(nn.Conv2d(256, 64, 1), nn.SELU()), nn.Conv2d(64, 3, 1), nn.Sigmoid()
        )
        fit_state(self, read_state(path), path, "ExpandNet")
        self.requires_grad_(False)
        self.eval()

    def forward(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """Log exposure where the image clips; see `rackfocus.models.backends.HDRBackend`.

        Unclipped pixels are not changed. The paper replaces them, too, but there the photograph is more
        accurate than the prediction: blending lowers the HDR log-MSE on photographs of known tone curve
        (`radiance` gives the whole prediction).
        """
        return highlight_log_exposure(srgb, self.radiance(srgb))

    def radiance(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
        """The whole prediction as linear light, in units of display white.

        It is `s * prediction ** g`, with the scale and the exponent that fit the image's mid-tones best in
        log space: the network inverts an unknown tone curve.
        """
        low, high = (extreme(srgb, dim=(1, 2, 3), keepdim=True) for extreme in (torch.amin, torch.amax))
        stretched = (srgb - low) / (high - low).clamp_min(1 / 255)
        return _aligned(self._predict(stretched), srgb)

    def _predict(self, image: Tensor) -> Tensor:
        """The output of the network, computed in bands of rows."""
        height, width = image.shape[-2:]
        # Without antialiasing, as in its training.
        reduced = F.interpolate(image, size=(GLOBAL_SIZE_PX, GLOBAL_SIZE_PX), mode="bilinear")
        whole = self.glob_net(reduced)
        rows = max(1, BAND_PIXELS // width)
        bands = []
        for top in range(0, height, rows):
            bottom, above = min(top + rows, height), max(0, top - REACH_PX)
            band = image[..., above : bottom + REACH_PX, :]
            features = torch.cat(
                [self.local_net(band), self.mid_net(band), whole.expand(-1, -1, *band.shape[-2:])], dim=1
            )
            bands.append(self.end_net(features[..., top - above : bottom - above, :]))
        return torch.cat(bands, dim=2)


def _layer(in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=dilation, dilation=dilation), nn.SELU()
    )


def _aligned(prediction: Tensor, srgb: Tensor) -> Tensor:
    """`exp(a + g * log prediction)`, fitted to the log of the image's light over its mid-tones."""
    x = prediction.clamp_min(1e-6).log()
    y = srgb_to_linear(srgb).clamp_min(1e-3).log()
    # An image without mid-tones is fitted at all pixels.
    weight = ((srgb > MID_TONES[0]) & (srgb < MID_TONES[1])) + 1e-6
    weight = weight / weight.sum(dim=(1, 2, 3), keepdim=True)

    def mean(values: Tensor) -> Tensor:
        return (weight * values).sum(dim=(1, 2, 3), keepdim=True)

    x_mean, y_mean = mean(x), mean(y)
    # Weak regularisation towards g = 1, for images with a single tone.
    ridge = 0.01
    exponent = (mean((x - x_mean) * (y - y_mean)) + ridge) / (mean((x - x_mean).square()) + ridge)
    return torch.exp(y_mean + exponent * (x - x_mean))
