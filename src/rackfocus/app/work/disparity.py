"""Estimates the disparity of a video's frames in the background; requested frames first."""

import contextlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float32

from rackfocus.app.work.estimate_store import Estimate, EstimateStore
from rackfocus.app.work.frames import CUT, DISPARITY, UNKNOWN, Frames
from rackfocus.app.work.notices import error_text
from rackfocus.app.work.priority import PriorityGate
from rackfocus.app.work.worker import Worker
from rackfocus.device import CPU, download
from rackfocus.models.backends import NearnessScale, RGBDHDREstimator
from rackfocus.pipelines.focusing.footage import small_map
from rackfocus.pipelines.frame_estimator import FrameEstimator, ShownFrame, is_not_blank, srgb_of
from rackfocus.types import InputError

Map = Float32[np.ndarray, "rows columns"]


class DisparityWorker(Worker):
    """Estimates in one thread, in this order: requested frames, the latest request first; the next frame of
    playback; the frames of focus targets; then all, beginning at the frame that the user looks at.

    The network is made once, in the thread, and runs on the device. The gate is waited for before each frame
    that was not requested, `estimated` called after each frame.
    """

    def __init__(
        self,
        frames: Frames,
        network: Callable[[], RGBDHDREstimator],
        *,
        network_size_px: int | None,
        device: torch.device = CPU,
        gate: PriorityGate,
        estimated: Callable[[], None],
    ) -> None:
        super().__init__("disparity")
        self.store = EstimateStore(frames.video.count)
        self._frames, self._network, self._size_px = frames, network, network_size_px
        self._device, self._gate, self._estimated = device, gate, estimated
        self._waited_for: list[int] = []
        self._next_played: int | None = None
        self._of_targets: Sequence[int] = ()
        self._at = 0
        self._failed: dict[int, str] = {}
        self._scales: dict[int, NearnessScale | None] = {}
        self._resting = False

    def whole(self, index: int) -> Estimate:
        """The estimate of a frame; waits for it.

        Raises:
            InputError: the frame cannot be read, or the network cannot be made.
        """
        self._wait(index, lambda: self.store.has_whole(index))
        estimate = self.store.whole(index)
        return self.whole(index) if estimate is None else estimate

    def small(self, index: int) -> Map:
        """The small map of a frame, in pixels of the source video; waits for it.

        Raises:
            InputError: as in `whole`.
        """
        self._wait(index, lambda: bool(self.store.known[index]))
        found = self.store.small(index)
        assert found is not None
        return found

    def look(self, index: int) -> None:
        """Set the frame that the user looks at, from which estimation continues."""
        self._at = index
        self.poke()

    def play(self, index: int | None) -> None:
        """Set the frame whose whole estimate playback needs next; `None`: there is none."""
        if index != self._next_played:
            self._next_played = index
            self.poke()

    def need(self, frames: Sequence[int]) -> None:
        """Set the frames of the focus targets."""
        self._of_targets = frames
        self.poke()

    def rest(self, resting: bool) -> None:
        """Estimate only requested frames while `resting`, because other work needs the processor."""
        self._resting = resting
        self.poke()

    @property
    def progress(self) -> tuple[int, int]:
        """The number of estimated frames, and the total."""
        return int(self.store.known.sum()), len(self.store.known) - len(self._failed)

    @property
    def failed(self) -> bool:
        """Whether there are frames that cannot be read."""
        return bool(self._failed)

    def close(self) -> None:
        """Stop, and release the estimates; waiting calls raise an error."""
        super().close()
        self.store.close()

    def _wait(self, index: int, is_there: Callable[[], bool]) -> None:
        with self._changed:
            if is_there():
                return
            self._failed.pop(index, None)
            self._waited_for.append(index)
            self._changed.notify_all()
            self._changed.wait_for(lambda: is_there() or index in self._failed or self._closed)
        if index in self._failed:
            raise InputError(self._failed[index])
        if self._closed:
            raise InputError("The video was closed.")

    def _work(self) -> None:
        estimator: FrameEstimator | None = None
        while (index := self._next(self._choose)) is not None:
            if index not in self._waited_for:
                self._gate.wait_for_urgent()
            try:
                if estimator is None:
                    count = self._frames.video.count
                    estimator = FrameEstimator(
                        self._network(), self._size_px, frames=count, device=self._device
                    )
                self._estimate(estimator, index)
            except Exception as error:
                # Requests of this frame get the error; the other frames are estimated.
                self._failed[index] = error_text(error)
            with self._changed:
                self._waited_for = [each for each in self._waited_for if each != index]
                self._changed.notify_all()
            self._estimated()

    def _choose(self) -> int | None:
        """The frame to estimate next; `None`: there is nothing to do."""
        if self._waited_for:
            return self._waited_for[-1]
        if self._resting:
            return None
        played = self._next_played
        if played is not None and not self.store.has_whole(played) and played not in self._failed:
            return played
        unknown = ~self.store.known
        unknown[list(self._failed)] = False
        for index in self._of_targets:
            if unknown[index]:
                return index
        open_frames = np.flatnonzero(unknown)
        if not len(open_frames):
            return None
        return int(open_frames[np.searchsorted(open_frames, self._at) % len(open_frames)])

    def _estimate(self, estimator: FrameEstimator, index: int) -> None:
        image, info = self._frames.image(index, DISPARITY), self._frames.video.info
        said = estimator.estimate(
            srgb_of(image, info.transfer),
            [ShownFrame(index, float(self._frames.video.times_s[index]), self._shot_scale(estimator, index))],
        )
        scale_to_source = info.width / image.shape[1]
        self.store.put(
            index,
            Estimate(*(download(each[0].half()).numpy() for each in (said.disparity, said.log_exposure))),
            small_map(download(said.disparity[0, 0].float()).numpy()) * np.float32(scale_to_source),
        )

    def _shot_scale(self, estimator: FrameEstimator, index: int) -> NearnessScale | None:
        """The scale of a frame's shot, from its first frame that is not blank."""
        if not estimator.holds_scale:
            return None
        known = self._frames.cuts[: index + 1]
        # In this order the video is decoded once. An unreadable frame raises its error when it is requested.
        for unknown in np.flatnonzero(known == UNKNOWN):
            if self._closed:
                raise InputError("The video was closed.")
            with contextlib.suppress(InputError):
                self._frames.is_cut(int(unknown), DISPARITY)
        cuts = np.flatnonzero(known == CUT)
        start = int(cuts[-1]) if len(cuts) else 0
        if start not in self._scales:
            for at in range(start, index + 1):
                image = self._frames.image(at, DISPARITY)
                if is_not_blank(image):
                    srgb = srgb_of(image, self._frames.video.info.transfer)
                    time_s = float(self._frames.video.times_s[at])
                    self._scales[start] = estimator.scale(srgb, index=at, time_s=time_s)
                    break
        return self._scales.get(start)
