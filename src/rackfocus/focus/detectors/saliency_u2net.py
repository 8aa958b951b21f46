"""Detector of salient regions by U2-Net; needs the extra `onnx`."""

from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8

from rackfocus.device import CPU
from rackfocus.focus.detectors.over_time import frame_s, interpolated_maps, smoothed
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.models.published.onnx_file import OnnxFile
from rackfocus.types import InputError

SIZE_PX = 320
"""Input size of the network, a square; other images are resized without keeping their aspect ratio."""

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class U2Net:
    """U2-Net (Qin et al. 2020), or its small version, by the published ONNX file.

    Args:
        weights: a file, or the name of a published one.
        every_s: time between analysed frames; maps between them are interpolated.
        smoothing_s: standard deviation of the Gaussian over time.
        threads: number of CPU threads.

    Raises:
        InputError: onnxruntime is not installed; the weights are missing or are not U2-Net's.
    """

    def __init__(
        self,
        *,
        weights: str | Path = "u2netp.onnx",
        every_s: float = 0.3,
        smoothing_s: float = 0.15,
        threads: int = 2,
    ) -> None:
        self.every_s = every_s
        self.smoothing_s = smoothing_s
        self._network = OnnxFile(weights, "U2-Net", threads=threads)
        path, (image, output) = self._network.path, self._network.shapes[:2]
        # The first output is the fused one; the others are those of the stages.
        if image[1:] != [3, SIZE_PX, SIZE_PX] or len(output) != 4:
            raise InputError(
                f"{path} is not U2-Net: it takes {image}, where U2-Net takes images of {SIZE_PX} x {SIZE_PX} "
                "pixels."
            )

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        for shot in window.shots:
            found = interpolated_maps(
                window,
                shot,
                self.every_s,
                lambda frame: self.salience(window.frames[frame], window.map_size, window.device),
            )
            maps[shot] = smoothed(found, self.smoothing_s / frame_s(window, shot))
        return np.clip(maps, 0, 1)

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        """`None`: it needs only frames."""
        return None

    def salience(
        self, image: UInt8[np.ndarray, "height width 3"], size: tuple[int, int], device: torch.device = CPU
    ) -> Float32[np.ndarray, "rows columns"]:
        """The saliency of each place of a picture, 0 to 1.

        Args:
            image: encoded sRGB.
            size: rows and columns of the map.
            device: on which the network runs if possible.
        """
        if not image.any():
            return np.zeros(size, np.float32)
        squeezed = cv2.resize(image, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
        # Normalised as in the published code, by the largest value of the image.
        normal = (squeezed.astype(np.float32) / squeezed.max() - IMAGENET_MEAN) / IMAGENET_DEVIATION
        found = self._network(normal.transpose(2, 0, 1)[None], device)
        return cv2.resize(found[0, 0], size[::-1], interpolation=cv2.INTER_AREA)
