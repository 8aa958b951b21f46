"""Autofocus during capture: focus of a frame depends only on a limited buffer of later frames (Sec. 5)."""

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from rackfocus.device import AUTO
from rackfocus.focus.look_ahead import Known, LookAhead
from rackfocus.focus.modes import scene_specific
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.trackers.default_tracker import default_tracker
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED
from rackfocus.pipelines.focusing.analysis import CurveBuilder, clip_window
from rackfocus.pipelines.focusing.autofocus import GivenDisparity, Progress, open_footage
from rackfocus.pipelines.focusing.footage import Footage, FootageFrame
from rackfocus.types import FocusTrack, InputError
from rackfocus.video.stabilizer.none import NoStabilizer

CONTEXT_S = 3.0
"""How many seconds of the past the detectors receive each time they run."""
SETTLED_S = 2.0
"""For how many seconds after a frame its detections may still change."""
MEMORY_S = 30.0
"""How many seconds of the region curve are kept for decisions."""


def streaming_autofocus(
    source: str | Path,
    mode: str | SceneSpecific = "action",
    *,
    buffer_s: float = 2.0,
    hop_s: float = 0.25,
    disparity: GivenDisparity = None,
    model: RGBDHDREstimator | str | Path = SHIPPED,
    network_size_px: int | None = 384,
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    longer_side_px: int = 640,
    last: int | None = None,
    fps: float = 24,
    video: str | Path | None = None,
    device: str | torch.device = AUTO,
    progress: Progress | None = None,
) -> FocusTrack:
    """Decide where a video is focused as if it were being recorded, in one pass.

    The focus of a frame depends on nothing later than `buffer_s` after it. The targets of the track are at
    the frames at which focus has arrived: what is detected too late is focused late.

    Args:
        source: see `rackfocus.autofocus`.
        mode: see `rackfocus.autofocus`; only sets of detectors.
        buffer_s: how many seconds of later frames are known; 0: no look-ahead.
        hop_s: the detectors run once in this many seconds, and at each cut.
        disparity: see `rackfocus.autofocus`.
        model: see `rackfocus.autofocus`.
        network_size_px: see `rackfocus.autofocus`.
        tracker: see `rackfocus.autofocus`.
        puller: see `rackfocus.autofocus`; the jitter of tracked disparity is smoothed over past frames only.
        longer_side_px: see `rackfocus.autofocus`.
        last: see `rackfocus.autofocus`.
        fps: see `rackfocus.autofocus`.
        video: see `rackfocus.autofocus`.
        device: see `rackfocus.autofocus`.
        progress: called with frames read and total frames; the total is `None` if unknown.

    Raises:
        InputError: the source cannot be read, there is no such mode, or a setting is out of range.
    """
    scene = scene_specific(mode) if isinstance(mode, str) else mode
    with open_footage(
        source,
        disparity=disparity,
        model=model,
        network_size_px=network_size_px,
        stabilizer=NoStabilizer(),  # a filter that looks ahead would know more than the buffer
        longer_side_px=longer_side_px,
        last=last,
        fps=fps,
        video=video,
        device=device,
    ) as footage:
        return streaming_tracks(
            footage, scene, [buffer_s], hop_s=hop_s, tracker=tracker, puller=puller, progress=progress
        )[0]


def streaming_tracks(
    footage: Footage,
    scene: SceneSpecific,
    buffers_s: Sequence[float],
    *,
    hop_s: float = 0.25,
    tracker: Tracker | None = None,
    puller: FocusPuller | None = None,
    progress: Progress | None = None,
) -> list[FocusTrack]:
    """The tracks for several buffers; the detectors run once for all of them.

    Raises:
        InputError: the video cannot be read or has no frame, a buffer is negative, `hop_s` not positive, or
            the autofocus needs the whole video.
    """
    if not isinstance(scene, SceneSpecific):
        raise InputError(
            f"{type(scene).__name__} needs the whole video; choose an autofocus of detectors, such as action."
        )
    if min(buffers_s, default=0.0) < 0:
        raise InputError(f"buffer_s must be 0 or more, and is {min(buffers_s)}.")
    if not hop_s > 0:
        raise InputError(f"hop_s must be above 0, and is {hop_s}.")
    rate = float(footage.reader.info.fps)
    tracker = tracker or default_tracker()
    streams = [
        _Stream(
            LookAhead(
                tracker=tracker,
                puller=puller or FocusPuller(),
                scale_from_source=1 / footage.scale_to_source,
                stay_frames=round(scene.stay_s * rate),
            ),
            round(buffer_s * rate),
        )
        for buffer_s in buffers_s
    ]
    known = None
    for shown, known in _watched(footage, scene, hop_s):
        for stream in streams:
            stream.push(shown, known)
        if progress is not None:
            progress(shown.index + 1, footage.frame_count)
    if known is None:
        raise InputError(f"{footage.reader.path} has no frame.")
    return [stream.finish(known) for stream in streams]


@dataclasses.dataclass
class _Stream:
    """A buffer of frames that delays the focusing."""

    focusing: LookAhead
    buffer_frames: int
    held: deque[FootageFrame] = dataclasses.field(default_factory=deque)

    def push(self, shown: FootageFrame, known: Known) -> None:
        self.held.append(shown)
        if len(self.held) > self.buffer_frames:
            self._show(known)

    def finish(self, known: Known) -> FocusTrack:
        while self.held:
            self._show(known)
        return self.focusing.finish()

    def _show(self, known: Known) -> None:
        shown = self.held.popleft()
        self.focusing.show(
            shown.image,
            shown.disparity,
            is_cut=shown.is_cut,
            cuts_ahead=[each.index for each in self.held if each.is_cut],
            known=known,
        )


def _watched(footage: Footage, scene: SceneSpecific, hop_s: float) -> Iterator[tuple[FootageFrame, Known]]:
    """Every frame, with the targets and regions known at the time of its capture."""
    info = footage.reader.info
    rate = float(info.fps)
    draft = CurveBuilder((info.width, info.height), rate)
    held: deque[FootageFrame] = deque()
    known, looked_s = None, 0.0
    for shown in footage.frames():
        held.append(shown)
        while shown.time_s - held[0].time_s > CONTEXT_S and held[0].index < draft.end:
            held.popleft()
        # Without delay at a cut: the previous subject is no longer visible.
        if known is None or shown.is_cut or shown.time_s - looked_s >= hop_s - 0.5 / rate:
            known, looked_s = _look(footage, scene, draft, list(held)), shown.time_s
        yield shown, known


def _look(
    footage: Footage, scene: SceneSpecific, draft: CurveBuilder, frames: Sequence[FootageFrame]
) -> Known:
    """Run the detectors on the last frames, and decide the targets again."""
    regions = scene.regions(clip_window(footage, frames))
    newest = frames[-1].time_s
    for at, shown in enumerate(frames):
        if newest - shown.time_s <= SETTLED_S or shown.index >= draft.end:
            draft.put(shown, regions, at, footage.scale_to_source)
    draft.forget(round(MEMORY_S * draft.fps))
    curve = draft.curve()
    targets = (dataclasses.replace(target, t=target.t + draft.first) for target in scene.targets(curve))
    # If earlier frames were removed, the first frame of the curve is no target's beginning.
    return Known(
        draft.first, curve, tuple(each for each in targets if each.t > draft.first or not draft.first)
    )
