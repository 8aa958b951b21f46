"""Decoded pictures to R'G'B' tensors and back, in floating point.

swscale would be faster, but its 16-bit path maps white to 0.996, and its chroma position cannot be set
reliably. Chroma is positioned as in MPEG-2 and H.264 (level with every second luma sample of a row, midway
between two rows) or as in MPEG-1 and JPEG (midway in both); it is interpolated linearly.
"""

from typing import Any

import av
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.video.colour import LUMA_WEIGHTS, ColourTags

Plane = Float[Tensor, "height width"]


def picture_to_rgb(
    picture: av.VideoFrame, tags: ColourTags, *, chroma_midway: bool = False
) -> Float[Tensor, "3 height width"]:
    """A decoded picture as R'G'B' in 0..1; an alpha channel is dropped.

    Args:
        picture: in any pixel format.
        tags: range and matrix of the picture; ignored by RGB formats.
        chroma_midway: chroma lies midway between two luma samples of a row, as in MPEG-1 and JPEG.
    """
    picture = _plain(picture)
    name, components = picture.format.name, picture.format.components
    depth = components[0].bits
    if name.startswith("gbrp"):
        planes = [_plane(picture, component.plane, depth) for component in components[:3]]
        return torch.stack(planes).div_(1 if name.startswith("gbrpf") else 2**depth - 1).clamp_(0, 1)
    if name in ("rgb24", "rgb48le"):
        packed = picture.to_ndarray().astype(np.float32)
        return torch.from_numpy(packed).permute(2, 0, 1).contiguous().div_(2**depth - 1)

    luma_floor, luma_span, chroma_span = _scales(depth, tags)
    luma = (_plane(picture, 0, depth) - luma_floor) / luma_span
    if name.startswith("gray"):
        return luma.clamp_(0, 1).expand(3, -1, -1).contiguous()
    blue, red = (_upsampled(_plane(picture, at, depth), luma, chroma_midway) for at in (1, 2))
    centre = 2 ** (depth - 1)
    blue, red = (blue - centre) / chroma_span, (red - centre) / chroma_span
    weight_red, weight_blue = LUMA_WEIGHTS[tags.matrix_for(picture.width, picture.height)]
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
    luma_floor, luma_span, chroma_span = _scales(depth, tags)
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


def _scales(depth: int, tags: ColourTags) -> tuple[float, float, float]:
    """Black level, range of luma and range of chroma, in codes of this number of bits."""
    if tags.full_range:
        return 0.0, 2.0**depth - 1, 2.0**depth - 1
    step = 2.0 ** (depth - 8)
    return 16 * step, 219 * step, 224 * step


def _plain(picture: av.VideoFrame) -> av.VideoFrame:
    """Convert to one of the formats read here: planar YUV or gray, planar RGB, rgb24, rgb48le."""
    name, components = picture.format.name, picture.format.components
    depth = components[0].bits
    if name in ("rgb24", "rgb48le") or (name.startswith(("gbrp", "gbrap")) and not name.endswith("be")):
        return picture
    if picture.format.is_rgb or picture.format.has_palette or depth < 8:
        return picture.reformat(format="rgb24" if depth <= 8 else "rgb48le")
    if len(components) < 3:
        return picture if name == "gray" else picture.reformat(format="gray" if depth == 8 else "gray16le")
    halved = all(-(-picture.width // part.width) <= 2 for part in components[1:3])
    if name.startswith(("yuv4", "yuvj4", "yuva4")) and halved and not name.endswith("be"):
        return picture
    return picture.reformat(format="yuv444p" if depth == 8 else f"yuv444p{depth}le")


def _plane(picture: av.VideoFrame, index: int, depth: int) -> Plane:
    plane: Any = picture.planes[index]
    kind = np.dtype("<f4" if depth == 32 else "<u2" if depth > 8 else "u1")
    rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
    return torch.from_numpy(rows[:, : plane.width].astype(np.float32))


def _upsampled(chroma: Plane, luma: Plane, midway: bool) -> Plane:
    if chroma.shape[1] < luma.shape[1]:
        chroma = _doubled(chroma, 1, midway)[:, : luma.shape[1]]
    if chroma.shape[0] < luma.shape[0]:
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
