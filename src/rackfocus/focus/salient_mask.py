"""Masks of the salient subject of a picture; needs the extra `onnx`."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.focus.detectors.saliency_u2net import SIZE_PX, U2Net


class SalientMask:
    """U2-Net as a mask, see `rackfocus.models.subject_masks.SubjectMask`.

    Args:
        weights: a file, or the name of a published one.
        threads: number of CPU threads.

    Raises:
        InputError: as from `U2Net`.
    """

    def __init__(self, weights: str | Path = "u2netp.onnx", threads: int = 1) -> None:
        self._network = U2Net(weights=weights, threads=threads)

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """The saliency of each pixel, 0 to 1."""
        images = (srgb.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        maps = np.stack([self._network.salience(image, (SIZE_PX, SIZE_PX)) for image in images])
        found = torch.from_numpy(maps).to(srgb)[:, None].clamp(0, 1)
        return torch.nn.functional.interpolate(found, size=srgb.shape[-2:], mode="bilinear", antialias=True)
