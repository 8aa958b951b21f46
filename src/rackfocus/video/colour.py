"""What the numbers of a video mean: its colour tags, its transfer function, its YUV matrix.

Tags are the code points of ITU-T H.273, as containers and codecs carry them; 2 means "not said" (for the
range, 0). Pixels keep the primaries of the source, whatever they are.
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
HDR = (PQ, HLG)
"""Transfer functions whose light does not fit between black and display white; see `tone_mapping`."""

LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""Red and blue weight of luma, by matrix code point."""


class Transfer(Enum):
    """How light was turned into numbers; the curves themselves are `optics.radiometry.TRANSFER_CURVES`."""

    BT709 = "bt709"
    SRGB = "srgb"


@dataclass(frozen=True)
class ColourTags:
    """Range (0 unsaid, 1 limited, 2 full), primaries, transfer and matrix, as H.273 code points."""

    range: int = 0
    primaries: int = UNSAID
    transfer: int = UNSAID
    matrix: int = UNSAID

    @property
    def full_range(self) -> bool:
        """Whether luma runs from 0 to the largest code; players take an unsaid range to be limited."""
        return self.range == FULL

    def matrix_for(self, width: int, height: int) -> int:
        """The matrix to use for a coded size; where it is not said, the one that players guess."""
        if self.matrix != UNSAID:
            return self.matrix
        return BT709 if height >= 720 or width >= 1280 else BT601


STILLS = ColourTags(range=LIMITED, primaries=BT709, transfer=SRGB, matrix=BT709)
"""How a video made from sRGB pictures is written."""

TONE_MAPPED = ColourTags(range=LIMITED, primaries=BT709, transfer=BT709, matrix=BT709)
"""How a video made from HDR is written."""
