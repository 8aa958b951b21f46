"""The first pass of autofocus: find the focus region of every frame of a video, window by window."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from rackfocus.focus.detectors.speech.known_voices import KnownVoices
from rackfocus.focus.detectors.window import ClipWindow, Sound
from rackfocus.focus.general.general import General
from rackfocus.focus.modes import Finder
from rackfocus.focus.scene_specific import RegionCurve, Regions, SceneSpecific, initial_focus_point
from rackfocus.focus.subjects.followed_subject import Sight
from rackfocus.focus.subjects.region_subject import region_subject
from rackfocus.pipelines.focusing.footage import UNESTIMATED, Footage, FootageFrame, FrameDisparityStore
from rackfocus.types import FocusTarget, InputError
from rackfocus.video.sound.samples import RATE, read_sound

WINDOW_S = 5.0
"""Duration of a detector window, in seconds; its frames, about two hundred, are held in memory."""
OVERLAP_S = 1.0
"""Overlap of consecutive windows, in seconds: each frame has at least half of it as context on both sides."""

NOTHING = "Nothing to focus on was found in any frame: focus rests where the camera had it."

Progress = Callable[[int], None]


@dataclass
class CurveBuilder:
    """Builds a region curve frame by frame.

    Attributes:
        size: width and height of the video.
        fps: frames a second of the video.
        first: index of the first frame that is still kept.
    """

    size: tuple[int, int]
    fps: float
    first: int = 0
    _rows: list[Float[np.ndarray, "10"]] = field(default_factory=list)
    _cuts: list[bool] = field(default_factory=list)

    def put(self, shown: FootageFrame, regions: Regions, at: int, scale_to_source: float) -> None:
        """Append the region of the next frame, or replace that of a frame that is already there.

        Args:
            shown: the frame.
            regions: of a window that contains the frame.
            at: position of the frame in the window.
            scale_to_source: width of the video divided by that of the frame's image.
        """
        rows, columns = regions.weights.shape[1:]
        picture = np.array([shown.image.shape[1], shown.image.shape[0]], float)
        cell = picture / (columns, rows)
        subject = region_subject(
            regions.weights[at], (regions.points[at] + 0.5) / cell - 0.5, shown.disparity
        )
        row = np.concatenate(
            [
                (subject.point + 0.5) * cell * scale_to_source - 0.5,
                subject.box * np.tile(cell, 2) * scale_to_source,
                [subject.disparity, regions.weights[at].max()],
                initial_focus_point(shown.disparity) * picture * scale_to_source - 0.5,
            ]
        )
        place = shown.index - self.first
        self._rows[place : place + 1] = [row]
        self._cuts[place : place + 1] = [shown.is_cut]

    @property
    def end(self) -> int:
        """Index of the first frame that was not added yet."""
        return self.first + len(self._rows)

    def forget(self, most: int) -> None:
        """Remove all but the last `most` frames."""
        surplus = max(len(self._rows) - most, 0)
        del self._rows[:surplus], self._cuts[:surplus]
        self.first += surplus

    def curve(self) -> RegionCurve:
        """The curve of the frames that are kept."""
        table = np.array(self._rows).reshape(-1, 10)
        return RegionCurve(
            points=table[:, :2],
            boxes=table[:, 2:6],
            disparity=table[:, 6],
            strength=table[:, 7],
            is_cut=np.array(self._cuts, bool),
            rest=table[:, 8:],
            size=self.size,
            fps=self.fps,
        )


def found_targets(
    footage: Footage,
    finder: Finder,
    known: FrameDisparityStore,
    *,
    progress: Progress | None = None,
) -> tuple[dict[FocusTarget, dict[int, Sight]], tuple[str, ...]]:
    """The new focus targets of a whole video, and warnings about what was missing.

    Returns:
        For each target where its subject is seen in later frames, as `seen` of
        `rackfocus.focus.following.Following`; and the warnings.
    """
    if isinstance(finder, SceneSpecific):
        curve, warnings = analyse(footage, finder, known, progress=progress)
        return {target: {} for target in finder.targets(curve)}, warnings
    info = footage.reader.info
    watched = _watched(footage, known, progress)
    size, fps = (info.width, info.height), float(info.fps)
    if isinstance(finder, General):
        lacking = _Lacking()
        observed = []
        voices = KnownVoices()
        for frames, keep in _overlapping(watched):
            window = clip_window(footage, frames, voices)
            disparity = [each.disparity for each in frames]
            found = finder.observations(window, disparity, footage.scale_to_source)
            observed += found[keep.start : keep.stop]
            lacking.add(finder.observe.missing(window))
        targets, warnings = finder.targets(observed, size=size, fps=fps), lacking.warnings
        if all(target.box is None for target in targets):
            warnings = (*warnings, NOTHING)
    else:
        found_there = finder.find(watched, size=size, fps=fps, device=footage.device)
        targets, warnings = {target: {} for target in found_there}, finder.warnings()
    if not known.is_cut:
        raise InputError(f"{footage.reader.path} has no frame.")
    return targets, warnings


@dataclass
class _Lacking:
    """What the detectors lacked in the windows of a video, each a sentence."""

    windows: int = 0
    sentences: Counter[str] = field(default_factory=Counter)

    def add(self, sentences: Iterable[str]) -> None:
        self.windows += 1
        self.sentences.update(sentences)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(
            sentence
            if count == self.windows
            else f"{sentence} (in {count} of {self.windows} parts of the video)"
            for sentence, count in self.sentences.items()
        )


def analyse(
    footage: Footage, scene: SceneSpecific, known: FrameDisparityStore, *, progress: Progress | None = None
) -> tuple[RegionCurve, tuple[str, ...]]:
    """The focus regions of a whole video, and warnings about what its detectors lacked.

    If the detectors find nothing in any frame, the video is analysed again by `scene.otherwise`.

    Args:
        footage: the video.
        scene: finds the regions.
        known: is filled with disparity and cuts for later passes, unless an earlier pass filled it.
        progress: called with the number of frames read.

    Raises:
        InputError: the video cannot be read, or it has no frame.
    """
    info = footage.reader.info
    draft = CurveBuilder((info.width, info.height), float(info.fps))
    lacking = _Lacking()
    voices = KnownVoices()
    for frames, keep in _overlapping(_watched(footage, known, progress)):
        window = clip_window(footage, frames, voices)
        regions = scene.regions(window)
        lacking.add(scene.missing(window))
        for at in range(keep.start, keep.stop):
            draft.put(frames[at], regions, at, footage.scale_to_source)
    if not lacking.windows:
        raise InputError(f"{footage.reader.path} has no frame.")
    curve = draft.curve()
    warnings = [*lacking.warnings]
    if np.isfinite(curve.points).any():
        return curve, tuple(warnings)
    if not scene.otherwise:
        warnings.append(NOTHING)
        return curve, tuple(warnings)
    others = ", ".join(scene.otherwise)
    warnings.append(
        f"Nothing that autofocus looks for was found in any frame: it looked for {others} instead."
    )
    scene = dataclasses.replace(scene, detectors=scene.otherwise, otherwise={})
    curve, more = analyse(footage, scene, known, progress=progress)
    return curve, tuple(dict.fromkeys([*warnings, *more]))


def _watched(
    footage: Footage, known: FrameDisparityStore, progress: Progress | None
) -> Iterator[FootageFrame]:
    """All frames, in order; each is appended to `known` if it is not there yet."""
    is_first = not known.is_cut
    for shown in footage.frames(None if is_first else known):
        if is_first:
            known.append(shown)
        if progress is not None:
            progress(shown.index + 1)
        yield shown


def clip_window(
    footage: Footage, frames: Sequence[FootageFrame], voices: KnownVoices | None = None
) -> ClipWindow:
    """The detectors' input for consecutive frames, with their disparity and the sound of the same time.

    Args:
        footage: the video.
        frames: of it.
        voices: known from the windows before. `None`: there was none.
    """
    first, last = frames[0].time_s, frames[-1].time_s
    is_estimated = all(each.disparity is not UNESTIMATED for each in frames)
    origin = footage.origin_s
    samples = read_sound(
        footage.reader.path, first, last + 1 / float(footage.reader.info.fps), origin_s=origin
    )
    return ClipWindow(
        np.stack([each.image for each in frames]),
        np.array([each.time_s for each in frames]),
        np.array([each.is_cut for each in frames]),
        None if samples is None else Sound(samples, RATE),
        footage.device,
        voices or KnownVoices(),
        np.stack([each.disparity for each in frames]) if is_estimated else None,
    )


def _overlapping(frames: Iterator[FootageFrame]) -> Iterator[tuple[list[FootageFrame], range]]:
    """Overlapping windows, and the positions in each whose results are used: every frame exactly once."""
    held: list[FootageFrame] = []
    done = 0
    for shown in frames:
        held.append(shown)
        if shown.time_s - held[0].time_s >= WINDOW_S:
            # The last frames are decided in the next window, where the frames after them are known.
            sure = sum(each.time_s < shown.time_s - OVERLAP_S / 2 for each in held)
            again = sum(each.time_s < shown.time_s - OVERLAP_S for each in held)
            if sure <= done:
                continue
            yield held, range(done, sure)
            done, held = sure - again, held[again:]
    if done < len(held):
        yield held, range(done, len(held))
