"""The scales of the temporal stabiliser's weights."""

from typing import NamedTuple


class Scales(NamedTuple):
    """Differences at which a weight falls by a factor of e.

    Attributes:
        luma: difference of a warped frame's luma from the frame's own, of 255; `inf`: not used.
        disparity_px: difference of a disparity from the others.
        log_exposure: difference of a log exposure from the others, the mean over channels.
    """

    luma: float
    disparity_px: float
    log_exposure: float
