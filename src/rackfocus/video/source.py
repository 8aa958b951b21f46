"""The properties of a video source, and one frame of it."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.colour import (
    BT2020_MATRIX,
    FULL,
    HDR,
    LUMA_WEIGHTS,
    SRGB,
    STILLS,
    TONE_MAPPED,
    UNSAID,
    ColourTags,
    Transfer,
)
from rackfocus.video.pixels import picture_to_rgb
from rackfocus.video.tone_mapping import hdr_to_sdr


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
        """Coded pixels as displayed."""
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
        width: in pixels, as displayed.
        height: in pixels, as displayed.
        frames: number of frames by the container. `None`: unknown.
        fps: average rate, in frames a second; the durations of single frames may differ.
        time_base: the unit of time stamps, in seconds.
        duration_s: `None`: unknown.
        orientation: of the coded pixels.
        sample_aspect_ratio: width over height of one coded pixel. `None`: unspecified.
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
    sample_aspect_ratio: Fraction | None
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
    """One frame, upright.

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
    """How to convert the pictures of one stream, found from the first one."""

    width: int
    height: int
    orientation: Orientation
    colour: ColourTags
    transfer: Transfer
    chroma_midway: bool
    bit_depth: int = 8
    hdr: ColourTags | None = None

    def rgb(self, picture: av.VideoFrame) -> Float[Tensor, "3 height width"]:
        """A coded picture as R'G'B' in 0..1, upright."""
        tags = picture_tags(picture)
        # As FFmpeg does: grey formats of unspecified range are full range.
        if tags.range == 0 and picture.format.name.startswith("gray"):
            tags = replace(tags, range=FULL)
        if self.hdr is not None and tags.matrix == UNSAID:
            tags = replace(tags, matrix=BT2020_MATRIX)
        rgb = picture_to_rgb(picture, tags, chroma_midway=self.chroma_midway)
        if self.hdr is not None:
            rgb = hdr_to_sdr(rgb, transfer=self.hdr.transfer, primaries=self.hdr.primaries)
        return self.orientation.upright(rgb)


def look_of(
    picture: av.VideoFrame,
    name: str,
    codec: str,
    *,
    still: bool = False,
    orientation: Orientation | None = None,
) -> Look:
    """The properties of a stream, from its first picture; `name` is for error messages.

    Args:
        picture: the first picture.
        name: of the file.
        codec: FFmpeg's name of the codec.
        still: whether it is a photograph.
        orientation: of a photograph. `None`: as the picture says.

    Raises:
        InputError: the colour matrix is unknown, or the picture has no size.
    """
    if picture.width < 1 or picture.height < 1:
        raise InputError(f"{name} has frames of no size; export it again.")
    tags = picture_tags(picture)
    from_rgb = still or codec == "gif" or picture.format.is_rgb or picture.format.has_palette
    if not from_rgb and tags.matrix_for(picture.width, picture.height) not in LUMA_WEIGHTS:
        raise InputError(
            f"{name} has an unsupported colour matrix (code {tags.matrix}); convert it to BT.709 first."
        )
    hdr = tags if tags.transfer in HDR else None
    srgb = tags.transfer == SRGB or (from_rgb and hdr is None and (still or tags.transfer == UNSAID))
    if orientation is None:
        # PyAV 18 does not know EXIF data among side data; after asking for any, the program may crash.
        orientation = Orientation(_quarter_turns(picture.rotation)) if still else _orientation(picture)
    size = (picture.width, picture.height)
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
