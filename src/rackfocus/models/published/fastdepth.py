"""FastDepth (Wofk et al. 2019, "FastDepth: Fast Monocular Depth Estimation on Embedded Systems")."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.models.published.weights import find_weights
from rackfocus.types import InputError

SIZE_PX = 224
"""Input size of the network, a square; other images are resized without keeping their aspect ratio."""

NEAREST = 0.1
"""Minimum depth, in the network's metres of NYU Depth v2, so that nearness is finite."""


class FastDepth:
    """Nearness by the published ONNX file, run by onnxruntime on one CPU thread.

    Args:
        weights: a file, or the name of the published one.

    Raises:
        InputError: onnxruntime is not installed; the weights are missing or not FastDepth's.
    """

    def __init__(self, weights: str | Path = "fastdepth_7.onnx") -> None:
        onnxruntime = _onnxruntime()
        path = find_weights(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        # onnxruntime warns of every unused constant of the file.
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            shapes = [
                list(value.shape) for value in (*self._session.get_inputs(), *self._session.get_outputs())
            ]
        # onnxruntime's errors have no other common base class.
        except Exception as error:
            raise InputError(f"{path} cannot be read as an ONNX model; get the file anew.") from error
        if shapes != [[1, 3, SIZE_PX, SIZE_PX], [1, 1, SIZE_PX, SIZE_PX]]:
            raise InputError(
                f"{path} is not FastDepth: it takes and gives {shapes}, where FastDepth takes one image of "
                f"{SIZE_PX} x {SIZE_PX} pixels and gives its depth."
            )
        self._input: str = self._session.get_inputs()[0].name

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness `1 / depth` at the size of the image. See `rackfocus.models.backends.DepthBackend`."""
        seen = F.interpolate(srgb, size=(SIZE_PX, SIZE_PX), mode="bilinear", antialias=True).clamp(0, 1)
        images = seen.detach().float().cpu().split(1)
        depth = torch.cat(
            [torch.from_numpy(self._session.run(None, {self._input: image.numpy()})[0]) for image in images]
        )
        nearness = 1 / depth.to(srgb).clamp_min(NEAREST)
        return F.interpolate(nearness, size=srgb.shape[-2:], mode="bilinear", align_corners=False)


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(
            "FastDepth needs onnxruntime, which is not installed: pip install 'rackfocus[onnx]'."
        ) from error
    return onnxruntime
