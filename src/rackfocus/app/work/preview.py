"""Images of the result at preview size, rendered on request and ahead of the playhead."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch

from rackfocus.app.work.bounded_cache import BoundedCache
from rackfocus.app.work.disparity import DisparityWorker
from rackfocus.app.work.estimate_store import Estimate
from rackfocus.app.work.frames import AHEAD, PERSON, Frames, Image, jpeg
from rackfocus.app.work.priority import PriorityGate
from rackfocus.app.work.worker import Worker
from rackfocus.focus.focus_track import FixedFocus
from rackfocus.optics.renderer import Renderer
from rackfocus.pipelines.estimates import EstimatedFrame
from rackfocus.pipelines.outputs import DisparityMap, Output, Peaking, Rendered, SideBySide
from rackfocus.pipelines.rendering import Rendering, disparity_near
from rackfocus.types import InputError, Lens
from rackfocus.video import Frame

INPUT = "input"
_OUTPUTS: dict[str, Output] = {
    "refocused": Rendered(),
    "disparity": DisparityMap(),
    "side_by_side": SideBySide(),
    "peaking": Peaking(),
}
VIEWS = (INPUT, *_OUTPUTS)

CACHE_BYTES = 64 * 2**20
AHEAD_FRAMES = 300
"""How many frames ahead of the playhead images are rendered."""


@dataclass(frozen=True)
class Shot:
    """Identifies an image by its frame, view and settings.

    Attributes:
        index: of the frame.
        view: one of `VIEWS`.
        focal_disparity: in pixels of the source video; `None`: that of the middle of the frame.
        lens: the lens; `None`: the view is not rendered.
    """

    index: int
    view: str
    focal_disparity: float | None = None
    lens: Lens | None = None

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise InputError(f"There is no view {self.view!r}; choose one of {', '.join(VIEWS)}.")


class Preview(Worker):
    """Renders requested images at once, and in a thread those that playback needs next.

    The thread waits at the gate while an image is requested; `rendered` is called after each of its images.
    """

    def __init__(
        self,
        frames: Frames,
        disparities: DisparityWorker,
        *,
        gate: PriorityGate,
        rendered: Callable[[], None],
    ) -> None:
        super().__init__("preview")
        self._frames, self._disparities = frames, disparities
        self._gate, self._rendered = gate, rendered
        self._cache: BoundedCache[Shot, bytes] = BoundedCache(CACHE_BYTES, len)
        self._renderer = Renderer()
        self._making: set[Shot] = set()
        self._one_made = threading.Condition()
        self._plan: Callable[[int], Shot] | None = None
        self._at = self._reached = 0

    def jpeg(self, shot: Shot) -> bytes:
        """An image as JPEG; waits until it can be made.

        Raises:
            InputError: the frame cannot be read.
        """
        data = self._cache.get(shot)
        if data is None:
            with self._gate.urgent():
                data = self._made(shot, PERSON)
        return data

    def go_ahead(self, index: int, plan: Callable[[int], Shot] | None) -> None:
        """Render images from a frame on; `plan` gives the `Shot` of a frame. `None`: nothing is rendered
        ahead.
        """
        with self._changed:
            self._at = self._reached = index
            self._plan = plan
            self._changed.notify_all()

    def close(self) -> None:
        """Stop, and release all images."""
        self.stop()
        self._disparities.play(None)
        super().close()
        self._cache.clear()

    def _made(self, shot: Shot, reader: str) -> bytes:
        """Make an image; if another thread is making it, wait for that one."""
        with self._one_made:
            self._one_made.wait_for(lambda: shot not in self._making)
            data = self._cache.get(shot)
            if data is not None:
                return data
            self._making.add(shot)
        try:
            data = self._encoded(shot, reader)
            self._cache.put(shot, data)
        finally:
            with self._one_made:
                self._making.discard(shot)
                self._one_made.notify_all()
        return data

    def _encoded(self, shot: Shot, reader: str) -> bytes:
        image = self._frames.image(shot.index, reader)
        if shot.view == INPUT:
            picture = image
        else:
            picture = self._picture(shot, image, self._disparities.whole(shot.index))
        return jpeg(picture)

    def _picture(self, shot: Shot, image: Image, estimate: Estimate) -> Image:
        info = self._frames.video.info
        scale_from_source = image.shape[1] / info.width
        focal = shot.focal_disparity
        disparity = torch.from_numpy(estimate.disparity)
        if focal is None:
            height, width = image.shape[:2]
            focal = disparity_near(disparity.float(), (width / 2, height / 2)) / scale_from_source
        encoded = torch.from_numpy(image).permute(2, 0, 1).half() / 255
        frame = Frame(shot.index, shot.index, 1, info.time_base, encoded, info.transfer)
        lens, output = shot.lens or Lens(), _OUTPUTS[shot.view]
        rendering = Rendering(FixedFocus(focal), lens, None, self._renderer, output)
        shown = EstimatedFrame(frame, disparity, torch.from_numpy(estimate.log_exposure))
        [(_, picture)] = rendering.pictures([shown], scale_from_source=scale_from_source, start_s=0.0)
        return (picture.clamp(0, 1) * 255 + 0.5).byte().permute(1, 2, 0).contiguous().numpy()

    def _work(self) -> None:
        while (shot := self._next(self._choose)) is not None:
            self._gate.wait_for_urgent()
            needs = shot.view != INPUT and not self._disparities.store.has_whole(shot.index)
            self._disparities.play(shot.index if needs else None)
            if needs:
                with self._changed:
                    self._changed.wait(0.05)
                continue
            try:
                self._made(shot, AHEAD)
            except Exception:
                # The error is raised again when this image is requested.
                self._reached = shot.index + 1
            self._rendered()

    def _choose(self) -> Shot | None:
        """The next image within `AHEAD_FRAMES` that is not made yet; `None`: there is none."""
        if self._plan is None:
            return None
        end = min(self._at + AHEAD_FRAMES, self._frames.video.count)
        while self._reached < end:
            try:
                shot = self._plan(self._reached)
            except Exception:
                # The lens cannot be made; the error is raised when an image is requested.
                return None
            if shot not in self._cache:
                return shot
            self._reached += 1
        return None
