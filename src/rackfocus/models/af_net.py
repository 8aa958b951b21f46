"""AF-Net (Sec. 5.3): predicts the focus region of each frame of a video, and new focus targets.

Frames are sampled, six a second. A *unit* is `f_T` consecutive samples. CNN-1 takes one unit and predicts the
focus region of its middle frame; CNN-2 takes the features of `f_s` units (a window), `f_T` frames apart in
the paper, and predicts whether the middle frame of the middle one is a new focus target. Both are ResNet-10
(He et al. 2016, one block a stage).

Windows overlap, so intermediate results are shared: each unit is computed once, and so is its contribution to
the first layer of CNN-2, which is linear.

Beyond the ends of a clip, a unit repeats the first or last frame, and a unit whose middle frame would lie
there is absent: all its features are 0, including a feature that is 1 for every unit that exists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

MULTIPLE = 16
"""Frames are padded by replication to a multiple of this size."""
UNITS_AT_ONCE = 32
"""Batch size for units, which limits the memory for long clips."""
REGION_WIDTH = 16
"""Channels of the last layer before the region logits."""
CENTRE_WEIGHT = 3.0
"""Initial precision of the centre prior: a standard deviation of a fifth of the picture."""
DIFFERENCE_SCALE = 4.0
"""Factor for differences of frames, which are small compared with the frames themselves."""


@dataclass(frozen=True, eq=False)
class AFNetOutput:
    """The predictions of AF-Net for each sampled frame: a softmax over the pixels of `region_logits` is the
    density of the focus region, `target_logits` are log odds that the frame is a new focus target.
    """

    region_logits: Float[Tensor, "batch frame 1 height width"]
    target_logits: Float[Tensor, "batch frame"]


class AFNet(nn.Module):
    """CNN-1 and CNN-2, for clips of any length and frames of any size.

    Args:
        frames_per_unit: `f_T`, odd.
        units: `f_s`, odd.
        unit_stride: sampled frames between successive units of a window.
        width: channels of the first stage of CNN-1; each further stage has twice as many.
        feature_width: channels of CNN-1's features for CNN-2.
        time_width: channels of the first stage of CNN-2.
        dropout: dropout probability of CNN-2's last features in training.
        centre_prior: add a learned prior that focus regions are near the centre of the picture, as gaze is.
    """

    def __init__(
        self,
        *,
        frames_per_unit: int = 5,
        units: int = 7,
        unit_stride: int = 5,
        width: int = 24,
        feature_width: int = 32,
        time_width: int = 32,
        dropout: float = 0.2,
        centre_prior: bool = False,
    ) -> None:
        super().__init__()
        self.architecture: dict[str, Any] = {
            "frames_per_unit": frames_per_unit,
            "units": units,
            "unit_stride": unit_stride,
            "width": width,
            "feature_width": feature_width,
            "time_width": time_width,
            "dropout": dropout,
            "centre_prior": centre_prior,
        }
        self.unit_places = [place - frames_per_unit // 2 for place in range(frames_per_unit)]
        self.window_places = [(place - units // 2) * unit_stride for place in range(units)]
        self.region_network = RegionNetwork(frames_per_unit, width, feature_width, centre_prior)
        self.time_network = TimeNetwork(feature_width, units, time_width, dropout)

    @property
    def reach(self) -> int:
        """Number of sampled frames on either side that a prediction depends on."""
        return self.window_places[-1] + self.unit_places[-1]

    def forward(self, frames: Float[Tensor, "batch frame 3 height width"]) -> AFNetOutput:
        """Predict for every frame of a batch of clips, sampled six a second, encoded sRGB in 0..1."""
        regions, features = self.units(frames)
        return AFNetOutput(regions, self.windows(features))

    def units(
        self, frames: Float[Tensor, "batch frame 3 height width"]
    ) -> tuple[
        Float[Tensor, "batch frame 1 height width"], Float[Tensor, "batch frame channel rows columns"]
    ]:
        """CNN-1 for the unit around each frame: region logits, and features for `windows`."""
        batch, size = frames.shape[0], (frames.shape[3], frames.shape[4])
        regions, features = [], []
        for finest, handed_on in self._each_units_features(frames):
            regions.append(self.region_network.logits(finest, size).unflatten(0, (batch, -1)))
            features.append(handed_on.unflatten(0, (batch, -1)))
        return torch.cat(regions, 1), torch.cat(features, 1)

    def region_features(
        self, frames: Float[Tensor, "frame 3 height width"]
    ) -> Float[Tensor, "frame channel rows columns"]:
        """What the last layers of CNN-1, `RegionNetwork.logits`, see of each frame of a clip."""
        return torch.cat([finest for finest, _ in self._each_units_features(frames[None])])

    def _each_units_features(
        self, frames: Float[Tensor, "batch frame 3 height width"]
    ) -> Iterator[tuple[Float[Tensor, "unit _ _ _"], Float[Tensor, "unit _ _ _"]]]:
        """The features of CNN-1 for some frames at a time, all clips of the batch together."""
        batch, count, _, height, width = frames.shape
        padding = (0, -width % MULTIPLE, 0, -height % MULTIPLE)
        padded = F.pad(frames.flatten(0, 1) - 0.5, padding, mode="replicate").unflatten(0, (batch, count))
        grey = padded.mean(2)
        places = torch.arange(count, device=frames.device)[:, None] + torch.tensor(
            self.unit_places, device=frames.device
        )
        places = places.clamp(0, count - 1)
        for some in places.split(UNITS_AT_ONCE):
            middle = padded[:, some[:, len(self.unit_places) // 2]]
            yield self.region_network(middle.flatten(0, 1), grey[:, some].flatten(0, 1))

    def windows(
        self, features: Float[Tensor, "batch frame channel rows columns"]
    ) -> Float[Tensor, "batch frame"]:
        """CNN-2 for the window around each frame."""
        parts = self.time_network.parts(features)
        count, reach = features.shape[1], self.window_places[-1]
        # Absent units contribute 0.
        around = F.pad(parts, (0, 0, 0, 0, 0, 0, 0, 0, reach, reach))
        summed = sum(
            around[:, reach + place : reach + place + count, number]
            for number, place in enumerate(self.window_places)
        )
        assert isinstance(summed, Tensor)
        return self.time_network(summed.flatten(0, 1)).unflatten(0, (-1, count))


class RegionNetwork(nn.Module):
    """CNN-1: predicts the focus region of the middle frame of a unit.

    Its input is the middle frame and the differences of the unit's other frames from it in brightness.
    `width` is the number of channels of the first stage, `feature_width` that of the decoder and the
    features; `centre_prior` adds such a prior.
    """

    def __init__(self, frames: int, width: int, feature_width: int, centre_prior: bool) -> None:
        super().__init__()
        self.centre = nn.Parameter(torch.full((2,), CENTRE_WEIGHT)) if centre_prior else None
        self.middle = frames // 2
        self.stem = nn.Sequential(_normed(3 + frames - 1, width, 5, stride=2), nn.MaxPool2d(3, 2, 1))
        widths = [width * 2**stage for stage in range(4)]
        self.stages = _stages(width, widths, strides=[1, 2, 2, 2])
        self.lateral = nn.ModuleList(nn.Conv2d(each, feature_width, 1) for each in widths)
        self.handed_on = _normed(feature_width, feature_width, 3)
        self.region = nn.Sequential(_normed(feature_width, REGION_WIDTH, 3), nn.Conv2d(REGION_WIDTH, 1, 1))

    def forward(
        self,
        middle: Float[Tensor, "unit 3 height width"],
        grey: Float[Tensor, "unit frame height width"],
    ) -> tuple[Float[Tensor, "unit channel _ _"], Float[Tensor, "unit channel _ _"]]:
        """Features at a quarter of the size, for `logits`, and at an eighth, for CNN-2.

        `grey` has all frames without colours. Height and width are multiples of `MULTIPLE`.
        """
        others = torch.cat([grey[:, : self.middle], grey[:, self.middle + 1 :]], 1)
        x = self.stem(torch.cat([middle, DIFFERENCE_SCALE * (others - grey[:, self.middle, None])], 1))
        levels = []
        for stage, lateral in zip(self.stages, self.lateral, strict=True):
            x = stage(x)
            levels.append(lateral(x))
        # Feature pyramid (Lin et al. 2017): each level is added to the enlarged coarser one.
        x = levels.pop()
        for level in reversed(levels[1:]):
            x = level + _enlarged(x, level)
        return levels[0] + _enlarged(x, levels[0]), self.handed_on(x)

    def logits(
        self, finest: Float[Tensor, "unit channel rows columns"], size: tuple[int, int]
    ) -> Float[Tensor, "unit 1 height width"]:
        """The region logits for frames of this height and width, from their features at a quarter of it."""
        logits = F.interpolate(self.region(finest), scale_factor=4, mode="bilinear", align_corners=False)
        return self._with_prior(logits[..., : size[0], : size[1]])

    def _with_prior(
        self, logits: Float[Tensor, "unit 1 height width"]
    ) -> Float[Tensor, "unit 1 height width"]:
        """Add the centre prior, the logarithm of a Gaussian over the picture, if the network has one."""
        if self.centre is None:
            return logits
        down, across = (
            weight * (torch.arange(size, device=logits.device) + 0.5).mul(2 / size).sub(1).square()
            for weight, size in zip(self.centre, logits.shape[2:], strict=True)
        )
        return logits - (down[:, None] + across)


class TimeNetwork(nn.Module):
    """CNN-2: from the features of a window's units to the log odds of a new focus target in its middle.

    `features` counts the channels of a unit, `width` those of the first stage; `dropout` is the probability
    at the last features in training.
    """

    def __init__(self, features: int, units: int, width: int, dropout: float) -> None:
        super().__init__()
        self.units = units
        # One more channel: 1 where a unit exists.
        self.first = nn.Conv2d(features + 1, units * 2 * width, 3, stride=2, padding=1, bias=False)
        self.normed = nn.Sequential(nn.BatchNorm2d(2 * width), nn.ReLU())
        widths = [width * 2**stage for stage in range(4)]
        self.stages = _stages(2 * width, widths, strides=[1, 2, 2, 1])
        self.last = nn.Sequential(nn.Dropout(dropout), nn.Linear(widths[-1], 1))

    def parts(
        self, features: Float[Tensor, "batch frame channel rows columns"]
    ) -> Float[Tensor, "batch frame unit out_channel out_rows out_columns"]:
        """Each unit's contribution to the first layer's output, for each of its positions in a window."""
        batch = features.shape[0]
        flat = features.flatten(0, 1)
        there = torch.ones_like(flat[:, :1])
        parts = self.first(torch.cat([flat, there], 1))
        return parts.unflatten(1, (self.units, -1)).unflatten(0, (batch, -1))

    def forward(self, summed: Float[Tensor, "window channel rows columns"]) -> Float[Tensor, " window"]:
        """The layers after the first one, from the sum of a window's contributions."""
        x = self.stages(self.normed(summed))
        return self.last(x.mean((2, 3)))[:, 0]


class _Block(nn.Module):
    """The basic residual block of ResNet."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.first = _normed(in_channels, out_channels, 3, stride=stride)
        self.second = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        same = stride == 1 and in_channels == out_channels
        self.shortcut = (
            nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
        )

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch _ _ _"]:
        return F.relu(self.second(self.first(x)) + self.shortcut(x))


def _stages(in_channels: int, widths: list[int], strides: list[int]) -> nn.Sequential:
    blocks = []
    for width, stride in zip(widths, strides, strict=True):
        blocks.append(_Block(in_channels, width, stride))
        in_channels = width
    return nn.Sequential(*blocks)


def _normed(in_channels: int, out_channels: int, size: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


def _enlarged(x: Float[Tensor, "batch channel h w"], like: Tensor) -> Float[Tensor, "batch channel _ _"]:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)
