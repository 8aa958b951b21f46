"""The properties of a video source, and one frame of it."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.reading.limits import require_pixels
from rackfocus.types import InputError
from rackfocus.video.colour import (
    BT2020_MATRIX,
    FULL,
    HDR,
    LUMA_WEIGHTS,
    SRGB,
    STILLS,
    TONE_MAPPED,
    UNENCODED,
    UNSAID,
    ColourTags,
    Transfer,
)
from rackfocus.video.pixels import picture_to_rgb, readable_as
from rackfocus.video.tone_mapping import hdr_to_sdr
from rackfocus.video.yuv import ALL_ROWS

SQUARE = Fraction(1), Fraction(1)
LARGEST_ASPECT = 8
"""Pixels that are this many times as wide as high, or the reverse, are an error of the file."""


@dataclass(frozen=True)
class Orientation:
    """The rotation and mirroring that bring coded pixels upright.

    Attributes:
        rotation: degrees counter-clockwise, one of -90, 0, 90, 180.
        mirrored: flipped left to right after the rotation.
    """

    rotation: int = 0
    mirrored: bool = False

    @property
    def sideways(self) -> bool:
        """Whether the rotation swaps width and height."""
        return self.rotation % 180 != 0

    def upright(self, coded: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 rows columns"]:
        """Coded pixels as displayed; those that are upright already are not copied."""
        if not (self.rotation or self.mirrored):
            return coded
        turned = torch.rot90(coded, self.rotation // 90, (1, 2))
        return (turned.flip(2) if self.mirrored else turned).contiguous()

    def coded(self, upright: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 rows columns"]:
        """Displayed pixels as coded; the inverse of `upright`."""
        turned = upright.flip(2) if self.mirrored else upright
        return torch.rot90(turned, -self.rotation // 90, (1, 2)).contiguous()


EXIF_ORIENTATIONS = (
    Orientation(), Orientation(0, True), Orientation(180), Orientation(180, True),
    Orientation(-90, True), Orientation(-90), Orientation(90, True), Orientation(90),
)  # fmt: skip
"""What the EXIF orientations 1 to 8 stand for (JEITA CP-3451)."""


@dataclass(frozen=True)
class VideoInfo:
    """Properties of a source that are known before its frames are read.

    Attributes:
        width: in square pixels, as displayed.
        height: in square pixels, as displayed.
        frames: number of frames by the container. `None`: unknown.
        fps: average rate, in frames a second; the durations of single frames may differ.
        time_base: the unit of time stamps, in seconds.
        duration_s: `None`: unknown.
        orientation: of the coded pixels.
        colour: the tags for a copy of this source.
        transfer: the transfer function of its pixels.
        has_audio: whether there is a sound track.
        bit_depth: of the coded pixels; 8 for still images.
    """

    width: int
    height: int
    frames: int | None
    fps: Fraction
    time_base: Fraction
    duration_s: float | None
    orientation: Orientation
    colour: ColourTags
    transfer: Transfer
    has_audio: bool
    bit_depth: int = 8

    @property
    def rotation(self) -> int:
        """Degrees counter-clockwise by which coded pixels are turned for display."""
        return self.orientation.rotation


@dataclass(frozen=True)
class Frame:
    """One frame, upright, of square pixels.

    Attributes:
        index: from 0, counted over the whole source.
        pts: display time, in units of `time_base` on the clock of the source.
        duration: display duration, in the same units.
        time_base: in seconds.
        encoded: R'G'B' in 0..1.
        transfer: the transfer function of `encoded`.
    """

    index: int
    pts: int
    duration: int
    time_base: Fraction
    encoded: Float[Tensor, "3 height width"]
    transfer: Transfer

    @property
    def time_s(self) -> float:
        """Display time in seconds on the clock of the source."""
        return float(self.pts * self.time_base)


@dataclass(frozen=True)
class Look:
    """How to convert the pictures of one stream, found from the first one.

    Attributes:
        width: in square pixels, as displayed.
        height: in square pixels, as displayed.
        stretch: factors of width and height that make coded pixels square.
    """

    width: int
    height: int
    orientation: Orientation
    colour: ColourTags
    transfer: Transfer
    chroma_midway: bool
    bit_depth: int = 8
    hdr: ColourTags | None = None
    stretch: tuple[Fraction, Fraction] = SQUARE

    def rgb(self, picture: av.VideoFrame) -> Float[Tensor, "3 height width"]:
        """A coded picture as R'G'B' in 0..1, upright, of square pixels."""
        return self.orientation.upright(self.coded_rgb(picture))

    def coded_rgb(
        self, picture: av.VideoFrame, rows: slice = ALL_ROWS, size: tuple[int, int] | None = None
    ) -> Float[Tensor, "3 band width"]:
        """Rows of a coded picture as R'G'B' in 0..1, of square pixels, not turned upright.

        Pixels are stretched if they are not square; then all rows are needed. With a `size`, width and height
        as coded, all of the picture is given at it: see `picture_to_rgb`.
        """
        tags = picture_tags(picture)
        if self.hdr is not None and tags.matrix == UNSAID:
            tags = replace(tags, matrix=BT2020_MATRIX)
        rgb = picture_to_rgb(picture, tags, chroma_midway=self.chroma_midway, rows=rows, size=size)
        square = _stretched(picture.width, picture.height, self.stretch)
        if size is None and square != (picture.width, picture.height):
            rgb = F.interpolate(rgb[None], size=square[::-1], mode="bilinear")[0]
        if self.hdr is not None:
            rgb = hdr_to_sdr(rgb, transfer=self.hdr.transfer, primaries=self.hdr.primaries)
        return rgb

    def displayed_size(self, picture: av.VideoFrame) -> tuple[int, int]:
        """Width and height of a coded picture in square pixels, as displayed."""
        size = _stretched(picture.width, picture.height, self.stretch)
        return size[::-1] if self.orientation.sideways else size


def look_of(
    picture: av.VideoFrame,
    name: str,
    codec: str,
    *,
    still: bool = False,
    pixel_aspect: Fraction | None = None,
    orientation: Orientation | None = None,
) -> Look:
    """The properties of a stream, from its first picture.

    Args:
        picture: the first one.
        name: of the file, for error messages.
        codec: FFmpeg's name of it.
        still: whether it is a photograph, which is sRGB.
        pixel_aspect: width over height of one coded pixel. `None`: unspecified, so square.
        orientation: of a photograph. `None`: as the picture says.

    Raises:
        InputError: the colour matrix, the transfer function or the pixel format is not supported, or the
            picture has no size.
    """
    if picture.width < 1 or picture.height < 1:
        raise InputError(f"{name} has frames of no size; export it again.")
    if readable_as(picture.format.name) is None:
        raise InputError(
            f"{name} has the pixel format {picture.format.name}, which cannot be read; convert it to yuv420p "
            "first."
        )
    tags = picture_tags(picture)
    from_rgb = still or codec == "gif" or picture.format.is_rgb or picture.format.has_palette
    if not from_rgb and tags.matrix_for(picture.width, picture.height) not in LUMA_WEIGHTS:
        raise InputError(
            f"{name} has an unsupported colour matrix (code {tags.matrix}); convert it to BT.709 first."
        )
    if tags.transfer in UNENCODED:
        raise InputError(
            f"{name} holds linear or logarithmic light (transfer code {tags.transfer}), which is not read; "
            "convert it to BT.709 first."
        )
    hdr = tags if tags.transfer in HDR else None
    srgb = tags.transfer == SRGB or (from_rgb and hdr is None and (still or tags.transfer == UNSAID))
    if orientation is None:
        # PyAV 18 does not know EXIF data among side data; after asking for any, the program may crash.
        orientation = Orientation(_quarter_turns(picture.rotation)) if still else _orientation(picture)
    stretch = _stretch(pixel_aspect)
    size = _stretched(picture.width, picture.height, stretch)
    require_pixels(Path(name), *size)
    width, height = reversed(size) if orientation.sideways else size
    return Look(
        width=width,
        height=height,
        orientation=orientation,
        colour=TONE_MAPPED if hdr else STILLS if from_rgb else tags,
        transfer=Transfer.SRGB if srgb else Transfer.BT709,
        chroma_midway=codec in ("mpeg1video", "mjpeg", "webp"),
        bit_depth=8 if still else picture.format.components[0].bits,
        hdr=hdr,
        stretch=stretch,
    )


def _stretch(pixel_aspect: Fraction | None) -> tuple[Fraction, Fraction]:
    """Factors of width and height, at least 1, as in browsers; impossible aspects are ignored."""
    if pixel_aspect is None or not 1 / LARGEST_ASPECT <= pixel_aspect <= LARGEST_ASPECT:
        return SQUARE
    return max(pixel_aspect, Fraction(1)), max(1 / pixel_aspect, Fraction(1))


def _stretched(width: int, height: int, stretch: tuple[Fraction, Fraction]) -> tuple[int, int]:
    """The size of square pixels; a stretched side is even, as 4:2:0 needs."""
    across, down = stretch
    return (
        2 * round(width * across / 2) if across > 1 else width,
        2 * round(height * down / 2) if down > 1 else height,
    )


def picture_tags(picture: av.VideoFrame) -> ColourTags:
    """The tags of one decoded picture. The old `yuvj` formats imply full range."""
    full = picture.format.name.startswith("yuvj")
    return ColourTags(
        range=FULL if full else int(picture.color_range),
        primaries=int(picture.color_primaries),
        transfer=int(picture.color_trc),
        matrix=int(picture.colorspace),
    )


def _orientation(picture: av.VideoFrame) -> Orientation:
    """Read the display matrix: 16.16 numbers a b u c d v ..., `x' = a x + c y`, `y' = b x + d y`."""
    try:
        side_data: Any = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # PyAV 18 raises on unknown types of side data (such as EXIF) and then returns none at all.
        return Orientation(rotation=_quarter_turns(picture.rotation))
    if side_data is None:
        return Orientation()
    a, b, _, c, d = np.frombuffer(bytes(side_data), np.int32)[:5].astype(float)
    mirrored = bool(a * d - b * c < 0)
    return Orientation(_quarter_turns(math.degrees(-math.atan2(b, -a if mirrored else a))), mirrored)


def _quarter_turns(degrees: float) -> int:
    """The nearest of -90, 0, 90 and 180 degrees."""
    return (90, 180, -90, 0)[(round(degrees / 90) - 1) % 4]
