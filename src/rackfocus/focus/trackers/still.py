"""The tracker of a point that does not move with its subject."""

import numpy as np
from jaxtyping import UInt8

from rackfocus.focus.trackers.tracker import Box, Tracked


class Still:
    """Its subject stays where it was, through cuts as well."""

    def start(self, image: UInt8[np.ndarray, "height width 3"], box: Box) -> None:  # noqa: ARG002
        self._at = Tracked(box, 1.0)

    def follow(
        self,
        image: UInt8[np.ndarray, "height width 3"],  # noqa: ARG002
        *,
        is_cut: bool = False,  # noqa: ARG002
    ) -> Tracked:
        return self._at
