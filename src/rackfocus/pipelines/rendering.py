"""Renders estimated frames to output images, with the focal disparity and f-number of each frame."""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.device import download
from rackfocus.focus.annotation.keyframes import f_number_at
from rackfocus.focus.focus_track import FocusSource, Point
from rackfocus.optics.bands import render_bands
from rackfocus.optics.curve_tables import decoding, encoding
from rackfocus.optics.renderer import Renderer
from rackfocus.optics.thin_lens import refocus_disparity
from rackfocus.pipelines.estimates import EstimatedFrame
from rackfocus.pipelines.outputs import Output
from rackfocus.types import FocusKeyframes, Lens
from rackfocus.video import Frame

NEIGHBOURHOOD = 0.01
"""Half the width of the square in which a point's disparity is read, divided by the frame's diagonal."""


@dataclass(frozen=True)
class Rendering:
    """The settings that a video is rendered with.

    Attributes:
        focusing: gives the focal disparity of each frame.
        lens: the lens.
        f_numbers: keyframes that override the lens's f-number; `None`: they do not.
        renderer: the forward model.
        output: makes the output image of each frame.
    """

    focusing: FocusSource
    lens: Lens
    f_numbers: FocusKeyframes | None
    renderer: Renderer
    output: Output

    def pictures(
        self,
        frames: Iterable[EstimatedFrame],
        *,
        scale_from_source: float,
        start_s: float,
    ) -> Iterator[tuple[Frame, Float[Tensor, "3 height width"]]]:
        """The output image of each frame, encoded like it; rendered on its device, given on the host.

        Args:
            frames: in order.
            scale_from_source: width of the frames divided by that of the source video.
            start_s: the time stamp of the video's first frame, in seconds.
        """
        for shown in frames:
            index, time_s = shown.frame.index, shown.frame.time_s - start_s
            focal = self.focusing.focal_disparity(index, time_s, _Reading(shown, scale_from_source))
            lens = self._lens(index, time_s)
            yield shown.frame, download(self._picture(shown, focal * scale_from_source, lens))

    def _lens(self, index: int, time_s: float) -> Lens:
        f_number = None if self.f_numbers is None else f_number_at(self.f_numbers, index, time_s)
        return self.lens if f_number is None else dataclasses.replace(self.lens, f_number=f_number)

    @torch.inference_mode()
    def _picture(self, shown: EstimatedFrame, focal: float, lens: Lens) -> Tensor:
        disparity = refocus_disparity(shown.disparity.float(), focal_disparity=focal)
        shallow = self._shallow(shown, disparity, lens) if self.output.renders else None
        return self.output.picture(shown.frame.encoded, shallow, lens.aperture_ratio * disparity)

    def _shallow(self, shown: EstimatedFrame, disparity: Tensor, lens: Lens) -> Tensor:
        """The frame through the lens, encoded; `disparity` is 0 in focus."""
        transfer = shown.frame.transfer.value
        bands = []
        for rows, inside in render_bands(disparity, lens):
            linear = decoding(transfer)(shown.frame.encoded[None, :, rows])
            maps = disparity[None, :, rows], shown.log_exposure[None, :, rows]
            bands.append(encoding(transfer)(self.renderer(linear, *maps, lens=lens)[0, :, inside]))
        return bands[0] if len(bands) == 1 else torch.cat(bands, dim=1)


@dataclass(frozen=True)
class _Reading:
    """Reads the disparity at a point of the source video, both in its pixels."""

    shown: EstimatedFrame
    scale_from_source: float

    def __call__(self, point: Point) -> float:
        x, y = (max((at + 0.5) * self.scale_from_source - 0.5, 0.0) for at in point)
        return disparity_near(self.shown.disparity, (x, y)) / self.scale_from_source


def disparity_near(disparity: Float[Tensor, "1 height width"], point: Point) -> float:
    """The median disparity in a square around a point of this image: robust to single wrong pixels."""
    height, width = disparity.shape[-2:]
    reach = max(1, round(NEIGHBOURHOOD * math.hypot(height, width)))
    column, row = (min(round(at), size - 1) for at, size in zip(point, (width, height), strict=True))
    window = disparity[
        ..., max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1
    ]
    return window.median().item()
