"""AF-Net's focus region (CNN-1) as a detector."""

import cv2
import numpy as np
from jaxtyping import Float32

from rackfocus.focus.af_net.prediction import FrameSampler, region_maps
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.models.af_net import AFNet


class FocusRegion:
    """The density of the focus region over its maximum; frames between sampled ones repeat the previous map.

    Args:
        network: in evaluation mode.
        longer_side_px: of the network's input.
    """

    def __init__(self, network: AFNet, *, longer_side_px: int = 160) -> None:
        self.network = network
        self.longer_side_px = longer_side_px

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        self.network.to(window.device)
        rows, columns = window.map_size
        maps = np.zeros((len(window.frames), rows, columns), np.float32)
        for shot in window.shots:
            times = window.times_s[shot] - window.times_s[shot.start]
            clock = FrameSampler((len(times) - 1) / times[-1] if len(times) > 1 else 1.0)
            sampled = [at for at, time in enumerate(times) if clock.takes(float(time))]
            found = region_maps(
                self.network, window.frames[shot][sampled], longer_side_px=self.longer_side_px
            )
            which = np.searchsorted(sampled, np.arange(len(times)), side="right") - 1
            small = np.stack(
                [cv2.resize(each, (columns, rows), interpolation=cv2.INTER_AREA) for each in found]
            )
            maps[shot] = (small / small.max((1, 2), keepdims=True))[which]
        return maps

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        """`None`: it needs only frames."""
        return None
