"""Pictures that are reduced anyway are reduced before or while their colours are converted.

In linear light, large ones are reduced band by band: the floats of a whole one would take eight times the
memory of the decoded picture. Where encoded values may be averaged, the codes are: to convert whole pictures
would take longer than to decode them.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import av
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.video.pixels import directly_readable
from rackfocus.video.source import SQUARE, Look

Size = tuple[int, int]
"""Width and height in pixels."""

LARGE_PIXELS = 1 << 23
"""Smaller pictures, up to 4k (3840 x 2160), are given whole."""

_BAND_PIXELS = 1 << 20


class Reduction(Protocol):
    """How pictures are reduced while they are read."""

    def applies(self, picture: av.VideoFrame, look: Look) -> bool:
        """Whether this picture is reduced; others are given whole."""
        ...

    def rgb(self, picture: av.VideoFrame, look: Look) -> Float[Tensor, "3 rows columns"]:
        """R'G'B' in 0..1 of the reduced picture, upright."""
        ...


class CodeReduction(NamedTuple):
    """The size that is needed of each picture, whose codes are averaged: good enough to look for something.

    Attributes:
        size: as displayed; not larger than the pictures.
    """

    size: Size

    def applies(self, picture: av.VideoFrame, look: Look) -> bool:
        """Whether this picture is reduced; one of that size is given as it is."""
        return self.size != look.displayed_size(picture)

    def rgb(self, picture: av.VideoFrame, look: Look) -> Float[Tensor, "3 rows columns"]:
        """R'G'B' in 0..1 of this size, upright."""
        size = self.size[::-1] if look.orientation.sideways else self.size
        return look.orientation.upright(look.coded_rgb(picture, size=size))


class LightReduction(NamedTuple):
    """The size that is needed of each picture; it is reduced in linear light.

    Attributes:
        size: as displayed; not larger than the pictures.
        decoding: gives the curve to linear light of a transfer function, by its name.
        encoding: gives the curve back.
    """

    size: Size
    decoding: Callable[[str], Callable[[Tensor], Tensor]]
    encoding: Callable[[str], Callable[[Tensor], Tensor]]

    def applies(self, picture: av.VideoFrame, look: Look) -> bool:
        """Whether this picture is reduced; others are given whole."""
        is_large = picture.width * picture.height > LARGE_PIXELS
        return is_large and look.stretch == SQUARE and self.size != look.displayed_size(picture)

    def rgb(self, picture: av.VideoFrame, look: Look) -> Float[Tensor, "3 rows columns"]:
        """R'G'B' in 0..1 of this size, upright."""
        width, height = self.size[::-1] if look.orientation.sideways else self.size
        picture = directly_readable(picture)
        decode, encode = (curve(look.transfer.value) for curve in (self.decoding, self.encoding))
        step = max(1, _BAND_PIXELS // picture.width)
        narrow = torch.empty(1, 3, picture.height, width)
        for first in range(0, picture.height, step):
            band = look.coded_rgb(picture, slice(first, first + step))
            narrow[:, :, first : first + step] = resized(decode(band[None]), (width, band.shape[1]))
        return look.orientation.upright(encode(resized(narrow, (width, height)))[0])


def resized(
    image: Float[Tensor, "batch channel height width"], size: Size
) -> Float[Tensor, "batch channel rows columns"]:
    """An image resized to this width and height; averaged where it shrinks."""
    width, height = size
    if image.shape[-2:] == (height, width):
        return image
    return F.interpolate(image, size=(height, width), mode="bilinear", antialias=True)
