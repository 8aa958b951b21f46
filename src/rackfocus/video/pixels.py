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
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError
from rackfocus.video.colour import LUMA_WEIGHTS, ColourTags

Plane = Float[Tensor, "height width"]

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
    picture: av.VideoFrame, tags: ColourTags, *, chroma_midway: bool = False
) -> Float[Tensor, "3 height width"]:
    """A decoded picture as R'G'B' in 0..1; an alpha channel is dropped.

    Args:
        picture: in any pixel format that `readable_as` names.
        tags: range and matrix of the picture; ignored by RGB formats. Grey of unspecified range is full
            range, as FFmpeg reads it.
        chroma_midway: chroma lies midway between two luma samples of a row, as in MPEG-1 and JPEG.

    Raises:
        InputError: the pixel format or the colour matrix is not supported.
    """
    picture = _plain(picture)
    name = picture.format.name
    depth = picture.format.components[0].bits
    is_float = "f" in name
    if name.startswith("gbr"):
        planes = [_plane(picture, component.plane) for component in picture.format.components[:3]]
        return torch.stack(planes).div_(1 if is_float else 2**depth - 1).clamp_(0, 1)
    if name.startswith("rgb"):
        packed = picture.to_ndarray().astype(np.float32)
        return torch.from_numpy(packed).permute(2, 0, 1).contiguous().div_(2**depth - 1)

    is_grey = name.startswith("gray")
    full_range = tags.full_range or is_float or (is_grey and tags.range == 0)
    luma_floor, luma_span, chroma_span = _scales(1 if is_float else depth, full_range)
    luma = (_plane(picture, 0) - luma_floor) / luma_span
    if is_grey:
        return luma.clamp_(0, 1).expand(3, -1, -1).contiguous()
    blue, red = (_upsampled(_plane(picture, at), luma, chroma_midway) for at in (1, 2))
    centre = 2 ** (depth - 1)
    blue, red = (blue - centre) / chroma_span, (red - centre) / chroma_span
    weight_red, weight_blue = _luma_weights(tags, picture.width, picture.height)
    weight_green = 1 - weight_red - weight_blue
    to_red, to_blue = 2 * (1 - weight_red), 2 * (1 - weight_blue)
    green = luma - (weight_red * to_red / weight_green) * red - (weight_blue * to_blue / weight_green) * blue
    return torch.stack([luma + to_red * red, green, luma + to_blue * blue]).clamp_(0, 1)


def rgb_to_picture(
    rgb: Float[Tensor, "3 height width"], tags: ColourTags, pixel_format: str | None = None
) -> av.VideoFrame:
    """R'G'B' in 0..1 as a picture for an encoder, with chroma level with luma.

    Args:
        rgb: R'G'B'.
        tags: range and matrix to encode with.
        pixel_format: planar YUV of 8 or 10 bits. `None`: `pixel_format_for` the size.
    """
    red, green, blue = rgb
    height, width = red.shape
    weight_red, weight_blue = LUMA_WEIGHTS[tags.matrix_for(width, height)]
    luma = weight_red * red + (1 - weight_red - weight_blue) * green + weight_blue * blue
    chroma = [(blue - luma) / (2 * (1 - weight_blue)), (red - luma) / (2 * (1 - weight_red))]
    picture = av.VideoFrame(width, height, pixel_format or pixel_format_for(width, height))
    components = picture.format.components
    depth, blue_part = components[0].bits, components[1]
    if blue_part.height < height:
        chroma = [_halved_rows(plane) for plane in chroma]
    if blue_part.width < width:
        chroma = [_halved_columns(plane) for plane in chroma]
    luma_floor, luma_span, chroma_span = _scales(depth, tags.full_range)
    centre, largest = 2 ** (depth - 1), 2**depth - 1
    planes = [luma * luma_span + luma_floor, *(plane * chroma_span + centre for plane in chroma)]
    kind = np.dtype("<u2" if depth > 8 else "u1")
    into: Any
    for into, plane in zip(picture.planes, planes, strict=True):
        rows = np.frombuffer(into, kind).reshape(into.height, into.line_size // kind.itemsize)
        rows[:, : into.width] = plane.round_().clamp_(0, largest).numpy()
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


def _plain(picture: av.VideoFrame) -> av.VideoFrame:
    """The same picture in a format that is read directly."""
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


def _scales(depth: int, full_range: bool) -> tuple[float, float, float]:
    """Black level, range of luma and range of chroma, in codes of this number of bits."""
    if full_range:
        return 0.0, 2.0**depth - 1, 2.0**depth - 1
    step = 2.0 ** (depth - 8)
    return 16 * step, 219 * step, 224 * step


def _plane(picture: av.VideoFrame, index: int) -> Plane:
    plane: Any = picture.planes[index]
    bits = picture.format.components[0].bits
    letter = "f" if "f" in picture.format.name else "u"
    kind = np.dtype(f"{'>' if picture.format.is_big_endian else '<'}{letter}{-(-bits // 8)}")
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
    if plane.line_size < 0:
        rows = rows[::-1]  # Stored from the bottom up.
    return torch.from_numpy(rows[:, : plane.width].astype(np.float32))


def _upsampled(chroma: Plane, luma: Plane, midway: bool) -> Plane:
    """Chroma at each luma sample; 4:1:1 and 4:1:0 are doubled twice."""
    while chroma.shape[1] < luma.shape[1]:
        chroma = _doubled(chroma, 1, midway)[:, : luma.shape[1]]
    while chroma.shape[0] < luma.shape[0]:
        chroma = _doubled(chroma, 0, True)[: luma.shape[0]]
    return chroma


def _doubled(plane: Plane, dim: int, midway: bool) -> Plane:
    """Double the samples along `dim`; the old ones lie midway between two new ones, or on every even one."""
    last = plane.shape[dim] - 1
    after = torch.cat([plane.narrow(dim, 1, last), plane.narrow(dim, last, 1)], dim)
    if midway:
        before = torch.cat([plane.narrow(dim, 0, 1), plane.narrow(dim, 0, last)], dim)
        pair = (torch.lerp(plane, before, 0.25), torch.lerp(plane, after, 0.25))
    else:
        pair = (plane, torch.lerp(plane, after, 0.5))
    return torch.stack(pair, dim + 1).flatten(dim, dim + 1)


def _halved_rows(plane: Plane) -> Plane:
    """The mean of each pair of rows."""
    return (plane[0::2] + plane[1::2]) / 2


def _halved_columns(plane: Plane) -> Plane:
    """Weighted sums (1 2 1) around every even column."""
    even, odd = plane[:, 0::2], plane[:, 1::2]
    if odd.shape[1] < even.shape[1]:
        odd = torch.cat([odd, even[:, -1:]], 1)
    before = torch.cat([even[:, :1], odd[:, :-1]], 1)
    return even / 2 + (before + odd) / 4
