"""No temporal filter: frames are returned as the network made them; cuts are still detected."""

from jaxtyping import Float
from torch import Tensor

from rackfocus.video.flow.optical_flow import Image
from rackfocus.video.shot_cuts import begins_shot
from rackfocus.video.stabilizer.stabilizer import Stabilized


class NoStabilizer:
    """Returns each frame unchanged. See `rackfocus.video.stabilizer.stabilizer.Stabilizer`."""

    _image: Image | None
    _pushed: int

    def __init__(self) -> None:
        self.warm_up_frames = 1
        self.look_ahead_frames = 0
        self._begin()

    def push(
        self,
        image: Image,
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
    ) -> list[Stabilized]:
        """See `Stabilizer.push`."""
        is_cut = self._image is not None and begins_shot(self._image, image)
        self._image = image
        self._pushed += 1
        return [Stabilized(self._pushed - 1, disparity, log_exposure, is_cut)]

    def finish(self) -> list[Stabilized]:
        """See `Stabilizer.finish`."""
        self._begin()
        return []

    def _begin(self) -> None:
        self._image = None
        self._pushed = 0
