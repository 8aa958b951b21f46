"""FastDepth (Wofk et al. 2019, "FastDepth: Fast Monocular Depth Estimation on Embedded Systems")."""

from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.models.published.onnx_file import OnnxFile
from rackfocus.types import InputError

SIZE_PX = 224
"""Input size of the network, a square; other images are resized without keeping their aspect ratio."""

NEAREST = 0.1
"""Minimum depth, in the network's metres of NYU Depth v2, so that nearness is finite."""


class FastDepth:
    """Nearness by the published ONNX file; on a CPU in one thread.

    Args:
        weights: a file, or the name of the published one.

    Raises:
        InputError: onnxruntime is not installed; the weights are missing or not FastDepth's.
    """

    def __init__(self, weights: str | Path = "fastdepth_7.onnx") -> None:
        self._network = OnnxFile(weights, "FastDepth", threads=1)
        path, shapes = self._network.path, self._network.shapes
        if shapes != [[1, 3, SIZE_PX, SIZE_PX], [1, 1, SIZE_PX, SIZE_PX]]:
            raise InputError(
                f"{path} is not FastDepth: it takes and gives {shapes}, where FastDepth takes one image of "
                f"{SIZE_PX} x {SIZE_PX} pixels and gives its depth."
            )

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness `1 / depth` at the size of the image. See `rackfocus.models.backends.DepthBackend`."""
        seen = F.interpolate(srgb, size=(SIZE_PX, SIZE_PX), mode="bilinear", antialias=True).clamp(0, 1)
        images = seen.detach().float().cpu().split(1)
        depth = torch.cat([torch.from_numpy(self._network(image.numpy(), srgb.device)) for image in images])
        nearness = 1 / depth.to(srgb).clamp_min(NEAREST)
        return F.interpolate(nearness, size=srgb.shape[-2:], mode="bilinear", align_corners=False)
