"""Colour of a video: its colour tags, its transfer function, its YUV matrix.

Tags are the code points of ITU-T H.273, as containers and codecs store them; 2 means "unspecified" (for the
range, 0). Pixels keep the primaries of the source.
"""

from dataclasses import dataclass
from enum import Enum

UNSAID = 2
BT709 = 1
BT601 = 5
SRGB = 13
BT2020, BT2020_MATRIX = 9, 9
LIMITED, FULL = 1, 2
PQ, HLG = 16, 18
UNENCODED = (8, 9, 10)
"""Transfer functions of linear and logarithmic light."""
HDR = (PQ, HLG)
"""Transfer functions of HDR video, whose light exceeds display white; see `tone_mapping`."""

LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Weights of red and blue in luma, by matrix code point."""


class Transfer(Enum):
    """The transfer function of a video; the curves themselves are `optics.radiometry.TRANSFER_CURVES`."""

    BT709 = "bt709"
    SRGB = "srgb"


@dataclass(frozen=True)
class ColourTags:
    """Range (0 unspecified, 1 limited, 2 full), primaries, transfer and matrix, as H.273 code points."""

    range: int = 0
    primaries: int = UNSAID
    transfer: int = UNSAID
    matrix: int = UNSAID

    @property
    def full_range(self) -> bool:
        """Whether luma uses all codes; an unspecified range is limited, as players assume."""
        return self.range == FULL

    def matrix_for(self, width: int, height: int) -> int:
        """The matrix to use for a coded size; if unspecified, the one that players assume."""
        if self.matrix != UNSAID:
            return self.matrix
        return BT709 if height >= 720 or width >= 1280 else BT601


STILLS = ColourTags(range=LIMITED, primaries=BT709, transfer=SRGB, matrix=BT709)
"""The tags of a video made from sRGB pictures."""

TONE_MAPPED = ColourTags(range=LIMITED, primaries=BT709, transfer=BT709, matrix=BT709)
"""The tags of a video tone-mapped from HDR."""
