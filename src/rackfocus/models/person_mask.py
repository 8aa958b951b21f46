"""Selfie segmentation of MediaPipe: where people are; needs the extra `onnx`."""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.models.weights import find_weights
from rackfocus.types import InputError

SIZE_PX = 256
"""The network sees squares of this size; what is not square is squeezed into one."""


class PersonMask:
    """How sure it is that a pixel shows a person, by the converted ONNX file, on one thread of the CPU.

    See `rackfocus.models.subject_masks.SubjectMask`.

    Args:
        weights: a file, or the name of the published one.

    Raises:
        InputError: onnxruntime is not installed; the weights cannot be found or are of another network.
    """

    def __init__(self, weights: str | Path = "mediapipe_selfie_segmentation.onnx") -> None:
        onnxruntime = _onnxruntime()
        path = find_weights(weights)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            shapes = [
                list(value.shape) for value in (*self._session.get_inputs(), *self._session.get_outputs())
            ]
        # onnxruntime's errors share no base class but this one.
        except Exception as error:
            raise InputError(f"{path} cannot be read as an ONNX model; get the file anew.") from error
        if shapes != [[1, SIZE_PX, SIZE_PX, 3], [1, SIZE_PX, SIZE_PX, 1]]:
            raise InputError(
                f"{path} is not the selfie segmentation: it takes and gives {shapes}, where that takes one "
                f"image of {SIZE_PX} x {SIZE_PX} pixels and gives its mask."
            )
        self._input: str = self._session.get_inputs()[0].name

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Certainty of 0 to 1 at the size of the image."""
        seen = F.interpolate(srgb, size=(SIZE_PX, SIZE_PX), mode="bilinear", antialias=True).clamp(0, 1)
        images = seen.detach().float().cpu().permute(0, 2, 3, 1).contiguous().split(1)
        found = torch.cat(
            [torch.from_numpy(self._session.run(None, {self._input: image.numpy()})[0]) for image in images]
        )
        mask = found.permute(0, 3, 1, 2).to(srgb)
        return F.interpolate(mask, size=srgb.shape[-2:], mode="bilinear", align_corners=False).clamp(0, 1)


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(
            "The person mask needs onnxruntime, which is not installed: pip install 'rackfocus[onnx]'."
        ) from error
    return onnxruntime
