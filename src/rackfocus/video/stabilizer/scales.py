"""What counts as unlike in the temporal stabiliser."""

from typing import NamedTuple


class Scales(NamedTuple):
    """Distances at which a weight falls by e.

    Attributes:
        luma: of a warped frame's luma from the frame's own, of 255; `inf` leaves it out.
        disparity_px: of a disparity from the others.
        log_exposure: of a log exposure from the others, by the mean of its channels.
    """

    luma: float
    disparity_px: float
    log_exposure: float
