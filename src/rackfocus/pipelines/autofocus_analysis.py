"""The first pass of autofocus: a video, window by window, to the curve of its focus regions."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from rackfocus.focus.detectors.window import ClipWindow, Sound
from rackfocus.focus.scene_specific import RegionCurve, Regions, SceneSpecific, initial_focus_point
from rackfocus.focus.subjects.region_subject import region_subject
from rackfocus.focus.target_finder import TargetFinder
from rackfocus.pipelines.footage import Footage, FootageFrame, FrameDisparityStore
from rackfocus.types import FocusTarget, InputError
from rackfocus.video.sound.samples import RATE, read_sound

WINDOW_S = 5.0
"""How much of the video detectors see at a time: some two hundred frames are held in memory."""
OVERLAP_S = 1.0
"""How much of it they see twice: what they say of a frame rests on half of that to either side."""

Progress = Callable[[int], None]


@dataclass
class CurveBuilder:
    """A curve of regions that grows with the video.

    Attributes:
        size: width and height of the video.
        fps: its rate.
        first: index of the first frame that is still known.
    """

    size: tuple[int, int]
    fps: float
    first: int = 0
    _rows: list[Float[np.ndarray, "10"]] = field(default_factory=list)
    _cuts: list[bool] = field(default_factory=list)

    def put(self, shown: FootageFrame, regions: Regions, at: int, scale_to_source: float) -> None:
        """Write down the region of a frame: the next one, or anew one that is there.

        Args:
            shown: the frame.
            regions: of a window with it.
            at: where in the window it is.
            scale_to_source: width of the video over that of the picture.
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
        """Index of the first frame that is not known yet."""
        return self.first + len(self._rows)

    def forget(self, most: int) -> None:
        """Keep no more than the last frames."""
        surplus = max(len(self._rows) - most, 0)
        del self._rows[:surplus], self._cuts[:surplus]
        self.first += surplus

    def curve(self) -> RegionCurve:
        """What is known."""
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
    finder: SceneSpecific | TargetFinder,
    known: FrameDisparityStore,
    *,
    progress: Progress | None = None,
) -> tuple[tuple[FocusTarget, ...], tuple[str, ...]]:
    """The new focus targets of a whole video, and what was lacking; see `analyse`."""
    if isinstance(finder, SceneSpecific):
        curve, warnings = analyse(footage, finder, known, progress=progress)
        return finder.targets(curve), warnings
    info = footage.reader.info
    seen = _watched(footage, known, progress)
    found = finder.find(seen, size=(info.width, info.height), fps=float(info.fps))
    if not known.is_cut:
        raise InputError(f"{footage.reader.path} has no frame.")
    return found, ()


def analyse(
    footage: Footage, scene: SceneSpecific, known: FrameDisparityStore, *, progress: Progress | None = None
) -> tuple[RegionCurve, tuple[str, ...]]:
    """The focus regions of a whole video, and what its detectors lacked.

    Where they see nothing in any frame, the video is looked at again by `scene.otherwise`.

    Args:
        footage: the video.
        scene: what looks for regions.
        known: filled with what a further pass needs, or full already.
        progress: called with how many frames are read.

    Raises:
        InputError: the video cannot be read, or it has no frame.
    """
    info = footage.reader.info
    draft = CurveBuilder((info.width, info.height), float(info.fps))
    lacking: Counter[str] = Counter()
    windows = 0
    for frames, keep in _overlapping(_watched(footage, known, progress)):
        window = clip_window(footage, frames)
        regions = scene.regions(window)
        windows += 1
        lacking.update(scene.missing(window))
        for at in range(keep.start, keep.stop):
            draft.put(frames[at], regions, at, footage.scale_to_source)
    if not windows:
        raise InputError(f"{footage.reader.path} has no frame.")
    curve = draft.curve()
    warnings = [
        sentence if count == windows else f"{sentence} (in {count} of {windows} parts of the video)"
        for sentence, count in lacking.items()
    ]
    if np.isfinite(curve.points).any():
        return curve, tuple(warnings)
    if not scene.otherwise:
        warnings.append("Nothing to focus on was found in any frame: focus rests where the camera had it.")
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
    """All frames, while what a further pass needs of them is kept, if it is not there already."""
    is_first = not known.is_cut
    for shown in footage.frames(None if is_first else known):
        if is_first:
            known.append(shown)
        if progress is not None:
            progress(shown.index + 1)
        yield shown


def clip_window(footage: Footage, frames: Sequence[FootageFrame]) -> ClipWindow:
    """Consecutive frames as detectors see them, with what is heard meanwhile."""
    first, last = frames[0].time_s, frames[-1].time_s
    origin = footage.origin_s
    samples = read_sound(
        footage.reader.path, first, last + 1 / float(footage.reader.info.fps), origin_s=origin
    )
    return ClipWindow(
        np.stack([each.image for each in frames]),
        np.array([each.time_s for each in frames]),
        np.array([each.is_cut for each in frames]),
        None if samples is None else Sound(samples, RATE),
    )


def _overlapping(frames: Iterator[FootageFrame]) -> Iterator[tuple[list[FootageFrame], range]]:
    """Windows, and the positions in each that count: they are all frames, each once."""
    held: list[FootageFrame] = []
    done = 0
    for shown in frames:
        held.append(shown)
        if shown.time_s - held[0].time_s >= WINDOW_S:
            # The end of this window is seen again, with what follows it.
            sure = sum(each.time_s < shown.time_s - OVERLAP_S / 2 for each in held)
            again = sum(each.time_s < shown.time_s - OVERLAP_S for each in held)
            if sure <= done:
                continue
            yield held, range(done, sure)
            done, held = sure - again, held[again:]
    if done < len(held):
        yield held, range(done, len(held))
