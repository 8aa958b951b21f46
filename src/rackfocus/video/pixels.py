"""Decoded pictures to R'G'B' tensors and back, in floating point.

A pixel format is read directly (`_DIRECT`) or repacked by swscale without loss of bits into one that is
(`_REPACKED`); one that is in neither table is refused, because some formats that FFmpeg names abort swscale,
and a guess would give wrong colours.

swscale would be faster, but its 16-bit path maps white to 0.996, and its chroma position cannot be set
reliably. Chroma is positioned as in MPEG-2 and H.264 (level with every second luma sample of a row, midway
between two rows) or as in MPEG-1 and JPEG (midway in both); it is interpolated linearly.
"""

import re
from typing import Any

import av
import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.colour import LUMA_WEIGHTS, ColourTags
from rackfocus.video.yuv import ALL_ROWS, Coding, Plane, rgb_to_yuv, yuv_to_rgb

_WORDS = r"((9|10|12|14|16)[bl]e|f(16|32)[bl]e)"
_DIRECT = re.compile(rf"(gbra?p|gray){_WORDS}?|yuv[aj]?4(20|22|44|40|11|10)p{_WORDS}?|rgb24|rgb48le")
_REPACKED = {
    r"nv12|nv21": "yuv420p",
    r"nv16|yuyv422|uyvy422|yvyu422": "yuv422p",
    r"nv24|nv42|vuy[ax]|ayuv|uyva|vyu444": "yuv444p",
    r"uyyvyy411": "yuv411p",
    r"p0(10|12|16)[bl]e": r"yuv420p\1le",
    r"p2(10|12|16)[bl]e|y2(10|12|16)le": r"yuv422p\1\2le",
    r"nv20[bl]e": "yuv422p10le",
    r"p4(10|12|16)[bl]e": r"yuv444p\1le",
    r"xv30le|v30xle": "yuv444p10le",
    r"xv36[bl]e": "yuv444p12le",
    r"xv48[bl]e|ayuv64[bl]e": "yuv444p16le",
    r"((?:yuv444p|gbrp)1[02])msb[bl]e": r"\1le",
    r"ya8": "gray",
    r"ya16[bl]e": "gray16le",
    r"mono[bw]|pal8|bgr24|[0a]?(rgb|bgr)[0a]?|(rgb|bgr)(8|4_byte|(444|555|565)[bl]e)|bayer_.{4}8": "rgb24",
    r"rgb48be|bgr48[bl]e|(rgb|bgr)a64[bl]e|x2(rgb|bgr)10le|xyz12[bl]e|bayer_.{4}16[bl]e": "rgb48le",
    r"rgba?f16[bl]e|rgbf32[bl]e": "gbrpf32le",
}
"""Patterns of formats that swscale reads, and for each the format read directly that holds as many bits."""


def picture_to_rgb(
    picture: av.VideoFrame,
    tags: ColourTags,
    *,
    chroma_midway: bool = False,
    rows: slice = ALL_ROWS,
    size: tuple[int, int] | None = None,
) -> Float[Tensor, "3 band width"]:
    """A decoded picture as R'G'B' in 0..1; an alpha channel is dropped.

    Args:
        picture: in any pixel format that `readable_as` names.
        tags: range and matrix of the picture; ignored by RGB formats. Grey of unspecified range is full
            range, as FFmpeg reads it.
        chroma_midway: chroma lies midway between two luma samples of a row, as in MPEG-1 and JPEG.
        rows: those to give.
        size: width and height to give instead of all rows: the codes are averaged, which is fast.

    Raises:
        InputError: the pixel format or the colour matrix is not supported.
    """
    picture = directly_readable(picture)

    def codes(index: int, samples: int = 1) -> Plane:
        whole = _codes(picture, index, samples=samples)
        if size is None:
            return whole
        each = 1 if chroma_midway else -(-picture.width * samples // whole.shape[1])
        return _averaged(whole, size, samples, (each - 1) / (2 * each))

    name = picture.format.name
    depth = picture.format.components[0].bits
    is_float = "f" in name
    if name.startswith("gbr"):
        planes = [codes(component.plane)[rows] for component in picture.format.components[:3]]
        return (
            torch.from_numpy(np.stack(planes, dtype=np.float32, casting="unsafe"))
            .div_(1 if is_float else 2**depth - 1)
            .clamp_(0, 1)
        )
    if name.startswith("rgb"):
        band = codes(0, samples=3)[rows]
        packed = band.astype(np.float32).reshape(len(band), -1, 3)
        return torch.from_numpy(packed).permute(2, 0, 1).contiguous().div_(2**depth - 1)

    is_grey = name.startswith("gray")
    full_range = tags.full_range or is_float or (is_grey and tags.range == 0)
    weights = (0.0, 0.0) if is_grey else _luma_weights(tags, picture.width, picture.height)
    coding = _coding(1 if is_float else depth, full_range, weights)
    luma = codes(0)
    if is_grey:
        grey = (luma[rows].astype(np.float32) - coding.black) / coding.luma_span
        return torch.from_numpy(grey).clamp_(0, 1).expand(3, -1, -1).contiguous()
    chroma = codes(1), codes(2)
    return torch.from_numpy(yuv_to_rgb(luma, *chroma, coding, chroma_midway=chroma_midway, rows=rows))


def rgb_to_picture(
    rgb: Float[Tensor, "3 height width"], tags: ColourTags, pixel_format: str | None = None
) -> av.VideoFrame:
    """R'G'B' in 0..1 as a picture for an encoder, with chroma level with luma.

    Args:
        rgb: R'G'B'.
        tags: range and matrix to encode with.
        pixel_format: planar YUV of 8 or 10 bits. `None`: `pixel_format_for` the size.
    """
    _, height, width = rgb.shape
    picture = av.VideoFrame(width, height, pixel_format or pixel_format_for(width, height))
    depth = picture.format.components[0].bits
    coding = _coding(depth, tags.full_range, LUMA_WEIGHTS[tags.matrix_for(width, height)])
    planes = (_codes(picture, index) for index in range(3))
    rgb_to_yuv(rgb.float().contiguous().numpy(), coding, *planes)
    return picture


def pixel_format_for(width: int, height: int) -> str:
    """A pixel format that can store this size: 4:2:0 needs even sides."""
    return "yuv444p" if width % 2 or height % 2 else "yuv420p"


def readable_as(pixel_format: str) -> str | None:
    """The pixel format that is read directly and holds the same picture. `None`: it is not supported."""
    if _DIRECT.fullmatch(pixel_format):
        return pixel_format
    for pattern, target in _REPACKED.items():
        if found := re.fullmatch(pattern, pixel_format):
            return found.expand(target)
    return None


def directly_readable(picture: av.VideoFrame) -> av.VideoFrame:
    """The same picture in a format that is read directly.

    Raises:
        InputError: the pixel format is not supported.
    """
    name = picture.format.name
    target = readable_as(name)
    if target is None:
        raise InputError(
            f"Pictures of the pixel format {name} cannot be read; convert them to yuv420p first."
        )
    return picture if target == name else picture.reformat(format=target, threads=1)


def _luma_weights(tags: ColourTags, width: int, height: int) -> tuple[float, float]:
    matrix = tags.matrix_for(width, height)
    if matrix not in LUMA_WEIGHTS:
        raise InputError(f"The colour matrix with code {matrix} is not supported; convert to BT.709 first.")
    return LUMA_WEIGHTS[matrix]


def _coding(depth: int, full_range: bool, weights: tuple[float, float]) -> Coding:
    """How colour is coded in a number of bits."""
    largest, step = 2.0**depth - 1, 2.0 ** (depth - 8)
    black, luma_span, chroma_span = (
        (0.0, largest, largest) if full_range else (16 * step, 219 * step, 224 * step)
    )
    return Coding(*weights, black, luma_span, chroma_span, 2.0 ** (depth - 1), largest)


def _codes(picture: av.VideoFrame, index: int, *, samples: int = 1) -> Plane:
    """The samples of a plane, so many a pixel, in place and in the machine's order of bytes."""
    plane: Any = picture.planes[index]
    bits = picture.format.components[0].bits
    letter = "f" if "f" in picture.format.name else "u"
    kind = np.dtype(f"{'>' if picture.format.is_big_endian else '<'}{letter}{-(-bits // 8)}")
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : samples * plane.width]
    if plane.line_size < 0:
        rows = rows[::-1]  # Stored from the bottom up.
    return rows if kind.isnative else rows.astype(kind.newbyteorder("="))


def _averaged(plane: Plane, size: tuple[int, int], samples: int, behind: float) -> Plane:
    """A plane at this width and height: averaged where it shrinks, interpolated linearly where it grows.

    Args:
        plane: with so many samples a pixel.
        size: width and height to give.
        samples: see above.
        behind: by which share of their distance samples lie before the middle of the pixels that share them.
    """
    width = plane.shape[1] // samples
    shrinks = width >= size[0] and plane.shape[0] >= size[1]
    # Unrounded, and from the top down, as OpenCV needs it.
    known = plane.astype(np.float32, order="C").reshape(-1, width, samples)
    if behind:
        known[:, :-1] += behind * np.diff(known, axis=1)
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(known, size, interpolation=how).reshape(size[1], -1)
