"""AF-Net as look-ahead autofocus (Sec. 5.3): peaks of its probability over time become new focus targets."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float

from rackfocus.device import CPU
from rackfocus.focus.af_net.prediction import Prediction, predictions
from rackfocus.focus.detectors.focus_region import FocusRegion
from rackfocus.focus.target_finder import Picture
from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import SHIPPED, load_af_net
from rackfocus.types import FocusTarget, InputError

LOOKED_AT = 3
"""Number of sampled frames, from the target on, whose focus regions give its position."""
UNKNOWN_KIND = (
    "The network af-net was trained on ray-traced clips only; in real videos it is no better than the centre "
    "of the picture, so choose autofocus=general for them."
)
"""The warning of the network that ships; `experiments/af_net` has the figures."""
BOX_LEVEL = 0.5
"""The box of a target encloses the pixels where the density is at least this share of its maximum."""


class AFNetAutofocus:
    """Focuses on what the network predicts viewers to look at.

    Args:
        checkpoint: the network, by its name or file.
        threshold: the minimum probability of a target.
        apart_s: the minimum time between two targets, and between the start of a shot and its first target.
        longer_side_px: of the network's input; the size used in its training.

    Raises:
        InputError: a value is out of range; on use, there is no such network.
    """

    source = "af-net"

    def __init__(
        self,
        *,
        checkpoint: str | Path = SHIPPED,
        threshold: float = 0.5,
        apart_s: float = 0.7,
        longer_side_px: int = 160,
    ) -> None:
        if not 0 < threshold < 1:
            raise InputError(f"threshold must lie between 0 and 1, and is {threshold}.")
        if not apart_s > 0:
            raise InputError(f"apart_s must be above 0, and is {apart_s}.")
        if longer_side_px < 16:
            raise InputError(f"longer_side_px must be 16 or more, and is {longer_side_px}.")
        self.checkpoint = checkpoint
        self.threshold = threshold
        self.apart_s = apart_s
        self.longer_side_px = longer_side_px

    @cached_property
    def network(self) -> AFNet:
        """The network, loaded on first use."""
        return load_af_net(self.checkpoint)

    @cached_property
    def detectors(self) -> dict[str, FocusRegion]:
        """The detectors whose maps are shown beside its targets."""
        return {"focus region": FocusRegion(self.network, longer_side_px=self.longer_side_px)}

    def find(
        self,
        pictures: Iterable[Picture],
        *,
        size: tuple[int, int],
        fps: float,
        device: torch.device = CPU,
    ) -> tuple[FocusTarget, ...]:
        """See `rackfocus.focus.target_finder.TargetFinder`."""
        self.network.to(device)
        return self.targets(self.predictions(pictures, fps=fps), size=size)

    def warnings(self) -> tuple[str, ...]:
        """Of the shipped network, that it does not know real videos."""
        return (UNKNOWN_KIND,) if str(self.checkpoint) == SHIPPED else ()

    def predictions(self, pictures: Iterable[Picture], *, fps: float) -> list[Prediction]:
        """The network's output for each sampled frame, computed where the network is."""
        return list(predictions(self.network, pictures, fps=fps, longer_side_px=self.longer_side_px))

    def targets(self, seen: Sequence[Prediction], *, size: tuple[int, int]) -> tuple[FocusTarget, ...]:
        """A target at the start of each shot, and one at each peak of the probability.

        Args:
            seen: the predictions for all sampled frames.
            size: width and height of the video.
        """
        starts = [number for number, each in enumerate(seen) if each.begins_shot]
        chosen = []
        for first, end in pairwise([*starts, len(seen)]):
            times = np.array([each.time_s for each in seen[first:end]])
            chances = np.array([each.probability for each in seen[first:end]])
            found = [
                at
                for at in peaks(chances, times, least=self.threshold, apart_s=self.apart_s)
                if times[at] - times[0] >= self.apart_s
            ]
            for at in (0, *found):
                regions = [each.region for each in seen[first + at : min(first + at + LOOKED_AT, end)]]
                x, y, box = subject(np.mean(regions, 0), size)
                chosen.append(FocusTarget(seen[first + at].index, x, y, box, self.source))
        return tuple(chosen)


def peaks(
    values: Float[np.ndarray, " sample"],
    times_s: Float[np.ndarray, " sample"],
    *,
    least: float,
    apart_s: float,
) -> list[int]:
    """The indices of local maxima, each the largest value within `apart_s` of it; in time order.

    Args:
        values: over time.
        times_s: increasing.
        least: minimum value of a peak.
        apart_s: minimum distance of two peaks.
    """
    left = values >= least
    found = []
    while left.any():
        at = int(np.where(left, values, -np.inf).argmax())
        found.append(at)
        left &= np.abs(times_s - times_s[at]) >= apart_s
    return sorted(at for at in found if values[at] >= values[np.abs(times_s - times_s[at]) < apart_s].max())


def subject(
    region: Float[np.ndarray, "rows columns"], size: tuple[int, int]
) -> tuple[float, float, tuple[float, float, float, float]]:
    """The point and the box of the main region of a density, in pixels of the video.

    Args:
        region: the density; its cells cover the frame evenly.
        size: width and height of the video.
    """
    rows, columns = region.shape
    cell = np.array([size[0] / columns, size[1] / rows])
    top, left = np.unravel_index(int(region.argmax()), region.shape)
    inside = (region >= BOX_LEVEL * region.max()).astype(np.uint8)
    _, parts = cv2.connectedComponents(inside, connectivity=8)
    own = parts == parts[top, left]
    places = np.argwhere(own)[:, ::-1]
    centre = np.average(places, axis=0, weights=region[own])
    if not own[tuple(np.rint(centre[::-1]).astype(int))]:
        centre = np.array([left, top], float)
    x, y = (centre + 0.5) * cell - 0.5
    corners = np.concatenate([places.min(0) * cell, (places.max(0) + 1) * cell - 1]).tolist()
    return (
        float(x),
        float(y),
        (corners[0], corners[1], max(corners[0], corners[2]), max(corners[1], corners[3])),
    )
