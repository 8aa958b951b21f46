"""A U-Net (Ronneberger et al. 2015) for images of any size."""

import itertools

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

NEGATIVE_SLOPE = 0.2


class UNet(nn.Module):
    """Encoder, decoder and skip connections; every layer but the last is followed by a leaky ReLU.

    There is no normalisation: the paper trains with a batch size of 1. Sizes that are not divisible by the
    depth are padded by replication before and cropped after.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        base_width: channels of the first level; each deeper level has twice as many, up to 512.
        levels: number of resolutions, each half of the previous one.
    """

    def __init__(self, in_channels: int, out_channels: int, *, base_width: int = 32, levels: int = 5) -> None:
        super().__init__()
        widths = [min(base_width * 2**level, 512) for level in range(levels)]
        self.stem = _convolutions(in_channels, widths[0])
        self.encoder = nn.ModuleList(_convolutions(a, b) for a, b in itertools.pairwise(widths))
        self.decoder = nn.ModuleList(_convolutions(b + a, a) for a, b in itertools.pairwise(widths))
        self.last = nn.Conv2d(widths[0], out_channels, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, NEGATIVE_SLOPE)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(
        self, image: Float[Tensor, "batch channel height width"]
    ) -> Float[Tensor, "batch out_channel height width"]:
        height, width = image.shape[-2:]
        multiple = 2 ** len(self.encoder)
        x = self.stem(F.pad(image, (0, -width % multiple, 0, -height % multiple), mode="replicate"))
        skips = []
        for block in self.encoder:
            skips.append(x)
            x = block(F.max_pool2d(x, 2))
        for block in reversed(self.decoder):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skips.pop()], dim=1))
        return self.last(x)[..., :height, :width]


def _convolutions(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(NEGATIVE_SLOPE),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(NEGATIVE_SLOPE),
    )
