"""AF-Net's predictions for a stream of frames: only a few seconds of reduced frames are kept in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from rackfocus.device import download, upload
from rackfocus.focus.target_finder import Picture
from rackfocus.models.af_net import AFNet

SAMPLING_FPS = 6.0
"""Sampled frames for each second of video: every fifth of thirty (Sec. 5.3)."""
CELL_PX = 4
"""Cell size of the stored focus regions, in pixels of the network's input."""
BLOCK = 128
"""Number of sampled frames predicted at once."""
_EARLIER = 1e-6


@dataclass(frozen=True, eq=False)
class Prediction:
    """AF-Net's output for one sampled frame.

    Attributes:
        index: of the frame in the video.
        time_s: its display time.
        begins_shot: whether it is the first sampled frame of a shot.
        probability: that it is a new focus target.
        region: the density of the focus region; its cells cover the frame evenly.
    """

    index: int
    time_s: float
    begins_shot: bool
    probability: float
    region: Float32[np.ndarray, "rows columns"]


@dataclass
class FrameSampler:
    """Samples frames by their display times: `SAMPLING_FPS` a second at any frame rate, or all at a lower
    rate.

    The same frames as `rackfocus.data.gaze.focus_clip.Sampling.frames` if the rate is constant.

    Attributes:
        fps: average rate of the video.
    """

    fps: float
    _due_s: float = 0.0

    def takes(self, time_s: float) -> bool:
        """Whether the next frame, shown `time_s` after the first, is nearest to the sampling time."""
        end_s = time_s + 0.5 / self.fps
        if end_s <= self._due_s + _EARLIER:
            return False
        self._due_s = (np.floor((end_s - _EARLIER) * SAMPLING_FPS) + 1) / SAMPLING_FPS
        return True


def predictions(
    network: AFNet, pictures: Iterable[Picture], *, fps: float, longer_side_px: int
) -> Iterator[Prediction]:
    """The network's output for the sampled frames of a video; each shot is a separate clip.

    Args:
        network: in evaluation mode.
        pictures: all frames, in order.
        fps: their average rate.
        longer_side_px: of the network's input.
    """
    clock, shot = FrameSampler(fps), _Shot(network)
    cut = True
    for picture in pictures:
        cut = cut or picture.is_cut
        # The first frame of a shot is always sampled.
        if not (clock.takes(picture.time_s) or cut):
            continue
        if cut:
            yield from shot.finish()
            shot = _Shot(network)
        yield from shot.push(picture.index, picture.time_s, _small(picture.image, longer_side_px))
        cut = False
    yield from shot.finish()


@dataclass
class _Shot:
    """The sampled frames of a shot that are still needed.

    Attributes:
        network: the network.
        held: frames with their index and time.
        done: number of held frames already predicted; they are needed for the following ones.
        is_new: whether nothing has been predicted yet.
    """

    network: AFNet
    held: list[tuple[int, float, UInt8[np.ndarray, "height width 3"]]] = field(default_factory=list)
    done: int = 0
    is_new: bool = True

    def push(
        self, index: int, time_s: float, image: UInt8[np.ndarray, "height width 3"]
    ) -> Iterator[Prediction]:
        self.held.append((index, time_s, image))
        if len(self.held) - self.done >= BLOCK + self.network.reach:
            yield from self._predict(self.done + BLOCK)

    def finish(self) -> Iterator[Prediction]:
        if len(self.held) > self.done:
            yield from self._predict(len(self.held))

    def _predict(self, end: int) -> Iterator[Prediction]:
        """Predict the held frames up to one, and drop those on which no later frame depends."""
        seen = np.stack([image for _, _, image in self.held[: end + self.network.reach]])
        with torch.inference_mode():
            output = self.network(_input(self.network, seen))
            kept = slice(self.done, end)
            probability = download(output.target_logits[0, kept].sigmoid()).numpy()
            density = (
                output.region_logits[0, kept].flatten(1).softmax(1).view_as(output.region_logits[0, kept])
            )
            regions = download(F.adaptive_avg_pool2d(density, _cells(seen.shape[1:3]))).numpy()[:, 0]
        for at, region, chance in zip(range(self.done, end), regions, probability, strict=True):
            index, time_s, _ = self.held[at]
            yield Prediction(index, time_s, self.is_new and at == 0, float(chance), region / region.sum())
        dropped = max(0, end - self.network.reach)
        self.held, self.done, self.is_new = self.held[dropped:], end - dropped, False


def region_maps(
    network: AFNet, frames: UInt8[np.ndarray, "frame height width 3"], *, longer_side_px: int
) -> Float[np.ndarray, "frame rows columns"]:
    """Only the focus regions of sampled frames of one shot, at the size of the network's input."""
    small = np.stack([_small(frame, longer_side_px) for frame in frames])
    with torch.inference_mode():
        logits, _ = network.units(_input(network, small))
        density = logits[0, :, 0].flatten(1).softmax(1).view(logits.shape[1], *logits.shape[3:])
    return download(density).numpy()


def _input(
    network: AFNet, images: UInt8[np.ndarray, "frame rows columns 3"]
) -> Float[Tensor, "1 frame 3 rows columns"]:
    """Images in 0..1 as the network takes them, on its device."""
    device = next(network.parameters()).device
    return upload(torch.from_numpy(images), device).permute(0, 3, 1, 2)[None].float() / 255


def _small(
    image: UInt8[np.ndarray, "height width 3"], longer_side_px: int
) -> UInt8[np.ndarray, "rows columns 3"]:
    height, width = image.shape[:2]
    scale = longer_side_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _cells(size: tuple[int, ...]) -> tuple[int, int]:
    return -(-size[0] // CELL_PX), -(-size[1] // CELL_PX)
