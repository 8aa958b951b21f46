"""Scene-specific look-ahead autofocus (Sec. 5.2): from detectors' maps to new focus targets.

In every frame the maps `h` of a set `H` of detectors are intersected, `h(x, y) = min over H`; K-means with
`K = 4` clusters the intersection, and the centre of the majority cluster is the focus region. The disparities
there form a curve over time; a bilateral filter and an edge detector find its jumps: the targets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32

from rackfocus.focus.clusters import weighted_kmeans
from rackfocus.focus.curve_edges import bilateral_filter, edges
from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.focus.subjects.same_subject import drop_uncertain_subjects, link_subjects, subject_changes
from rackfocus.types import FocusTarget, InputError

NOWHERE = np.full(4, np.nan)


@dataclass(frozen=True, eq=False)
class Regions:
    """The focus region of each frame of a window, in pixels of its frames; NaN where there is none.

    Attributes:
        points: `(x, y)`, the centre of the majority cluster.
        boxes: left, top, right and bottom of its connected component; the latter two are the first pixels
            outside.
        weights: values of the intersection in its connected component; 0 elsewhere.
    """

    points: Float[np.ndarray, "frame 2"]
    boxes: Float[np.ndarray, "frame 4"]
    weights: Float32[np.ndarray, "frame rows columns"]


@dataclass(frozen=True, eq=False)
class RegionCurve:
    """The subjects of the focus regions of a whole video, in its pixels; NaN where nothing is detected.

    Attributes:
        points: `(x, y)`.
        boxes: left, top, right and bottom; the latter two are the first pixels outside.
        disparity: of the subject; see `rackfocus.focus.subjects.region_subject`.
        strength: the maximum of the intersection there; 0 where nothing is detected.
        is_cut: whether a shot begins with a frame.
        rest: `(x, y)` to focus on at the start of a shot before anything is detected.
        size: width and height of the video.
        fps: average rate, in frames a second.
    """

    points: Float[np.ndarray, "frame 2"]
    boxes: Float[np.ndarray, "frame 4"]
    disparity: Float[np.ndarray, " frame"]
    strength: Float[np.ndarray, " frame"]
    is_cut: Bool[np.ndarray, " frame"]
    rest: Float[np.ndarray, "frame 2"]
    size: tuple[int, int]
    fps: float


@dataclass(frozen=True)
class SceneSpecific:
    """Focuses on the region on which all detectors of a set agree. `clusters` is the paper's value.

    Attributes:
        detectors: the set, by name; `action`, `saliency` and `depth_change`, or `audio` and `face`.
        source: the `source` of the targets.
        clusters: K of K-means.
        threshold: minimum value of a cell of the intersection.
        contrast: exponent of a cell's value for its weight in the clusters: values above 1 favour a small
            subject that begins to move over a large one that has just stopped.
        sure: minimum of a subject's largest value over time. Of two thresholds, as in Canny's hysteresis, the
            lower one determines its beginning.
        least_area: minimum area of the intersection, as a share of the frame; less is noise.
        filter_s: standard deviation of the bilateral filter in time.
        filter_range: the same in disparity, as a share of the frame's longer side.
        least_step: minimum jump of disparity for a target, as a share of the frame's longer side.
        slope_s: maximum duration of such a jump.
        stay_s: how long a new subject has to stay.
        stay_share: minimum share of that time in which it is detected.
        onset: ratio of its strength at its beginning to its maximum soon after.
        absence_s: after this time, a subject that left the frame counts as a new one when it returns.
        reach: maximum distance of two regions of one subject, as a share of the longer side.
        follow_subjects: a new subject that stays is also a target if the disparity does not change (not in
            the paper), because tracking starts from its `(x, y)`. A subject that does not stay is no target,
            even if the disparity changes.
        otherwise: the set to use if this one detects nothing in the whole video.

    Raises:
        InputError: there is no detector, or a value is out of range.
    """

    detectors: Mapping[str, Detector]
    source: str = "action"
    clusters: int = 4
    threshold: float = 0.3
    contrast: float = 1.0
    sure: float = 0.55
    least_area: float = 0.0005
    filter_s: float = 0.15
    filter_range: float = 0.002
    least_step: float = 0.003
    slope_s: float = 0.2
    stay_s: float = 0.5
    stay_share: float = 0.6
    onset: float = 0.5
    absence_s: float = 1.0
    reach: float = 0.03
    follow_subjects: bool = True
    otherwise: Mapping[str, Detector] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.detectors:
            raise InputError("autofocus needs a detector; choose autofocus=action or autofocus=conversation.")
        if self.clusters < 1:
            raise InputError(f"clusters must be 1 or more, and is {self.clusters}.")
        for name in ("threshold", "sure", "stay_share", "onset"):
            if not 0 < getattr(self, name) <= 1:
                raise InputError(f"{name} must lie above 0 and be at most 1, and is {getattr(self, name)}.")
        for name in ("contrast", "filter_s", "filter_range", "least_step", "slope_s", "stay_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be above 0, and is {getattr(self, name)}.")
        for name in ("least_area", "absence_s", "reach"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must be 0 or more, and is {getattr(self, name)}.")
        FocusTarget(0, 0.0, 0.0, source=self.source)  # raises an error if the source is unknown

    def regions(self, window: ClipWindow) -> Regions:
        """The focus region of every frame of a window."""
        return self.regions_of({name: detect(window) for name, detect in self.detectors.items()}, window)

    def regions_of(
        self, maps: Mapping[str, Float32[np.ndarray, "frame rows columns"]], window: ClipWindow
    ) -> Regions:
        """The focus regions of a window from the detectors' maps, by name."""
        # The minimum, not the product, so that the threshold is independent of the number of detectors.
        both = np.minimum.reduce([maps[name] for name in self.detectors])
        found = [self._region(each) for each in both]
        rows, columns = window.map_size
        height, width = window.frames.shape[1:3]
        cell = np.array([width / columns, height / rows])
        points = np.array([point for point, _, _ in found]).reshape(-1, 2)
        corners = np.array([box for _, box, _ in found]).reshape(-1, 4)
        weights = np.array([own for _, _, own in found], np.float32).reshape(both.shape)
        return Regions((points + 0.5) * cell - 0.5, corners * np.tile(cell, 2), weights)

    def missing(self, window: ClipWindow) -> tuple[str, ...]:
        """What the detectors lack, each a sentence for a person."""
        sentences = (detect.missing(window) for detect in self.detectors.values())
        return tuple(dict.fromkeys(each for each in sentences if each is not None))

    def targets(self, curve: RegionCurve) -> tuple[FocusTarget, ...]:
        """The new focus targets of a video, in time order; the first frame of each shot has one.

        A target is at the first frame that shows the new subject, although it is confirmed later: its point
        and box are those of that frame.
        """
        starts = [0, *(int(at) for at in np.flatnonzero(curve.is_cut) if at > 0)]
        ends = [*starts[1:], len(curve.points)]
        found: list[FocusTarget] = []
        for first, end in zip(starts, ends, strict=True):
            if end > first:
                found += self._shot(curve, first, end)
        return tuple(found)

    def _shot(self, curve: RegionCurve, first: int, end: int) -> list[FocusTarget]:
        fps, longer = curve.fps, max(curve.size)
        stay, slope = (max(1, round(each * fps)) for each in (self.stay_s, self.slope_s))
        labels = link_subjects(
            curve.boxes[first:end],
            curve.disparity[first:end],
            size=curve.size,
            reach_px=self.reach * longer,
            depth_px=self.least_step * longer,
            absence_frames=round(self.absence_s * fps),
        )
        strength = curve.strength[first:end]
        labels = drop_uncertain_subjects(labels, strength, least=self.sure, gap_frames=stay)
        seen = np.flatnonzero(labels >= 0)
        if not len(seen):
            return [self._target(first, curve.rest[first])]
        # A subject detected soon after a cut is the shot's first target; otherwise the resting point is used.
        changes = subject_changes(
            labels, strength, stay_frames=min(stay, end - first), share=self.stay_share, onset=self.onset
        )
        begun = changes[0] if changes else int(seen[0])
        if begun < stay:
            start = self._target(first, curve.points[first + begun], curve.boxes[first + begun])
            appears = []
        else:
            start = self._target(first, curve.rest[first])
            appears = changes[:1]
        shown = labels >= 0
        if self.follow_subjects:
            # Passers-by and subjects that do not stay must not cause a jump of the subject's disparity.
            in_focus = np.full(len(labels), -1)
            for change in changes:
                in_focus[change:] = labels[change]
            shown &= labels == in_focus
        at = self._jumps(np.where(shown, curve.disparity[first:end], np.nan), stay, slope, longer, fps)
        at = [frame for frame in at if frame > begun]
        if self.follow_subjects:
            new = [*appears, *changes[1:]]
            # An edge near a change of subject belongs to that change, whose frame is known exactly.
            at = sorted([*new, *(edge for edge in at if all(abs(edge - change) > stay for change in new))])
        else:
            at = sorted({*appears, *at})
        rest = [
            self._target(first + frame, curve.points[first + near], curve.boxes[first + near])
            for frame, near in ((frame, int(seen[np.abs(seen - frame).argmin()])) for frame in at)
        ]
        return [start, *rest]

    def _jumps(
        self, disparity: Float[np.ndarray, " frame"], stay: int, slope: int, longer: int, fps: float
    ) -> list[int]:
        """Jumps of the disparity of the focus region; gaps repeat the previous value."""
        known = np.flatnonzero(np.isfinite(disparity))
        if not len(known):
            return []
        last = np.maximum.accumulate(np.where(np.isfinite(disparity), np.arange(len(disparity)), known[0]))
        filtered = bilateral_filter(
            disparity[last], sigma_frames=self.filter_s * fps, sigma_range=self.filter_range * longer
        )
        return edges(filtered, least_step=self.least_step * longer, slope_frames=slope, stay_frames=stay)

    def _region(
        self, both: Float32[np.ndarray, "rows columns"]
    ) -> tuple[Float[np.ndarray, "2"], Float[np.ndarray, "4"], Float32[np.ndarray, "rows columns"]]:
        """The majority cluster's centre in cells; the corners and the weights of its connected component."""
        inside = both >= self.threshold
        rows, columns = np.nonzero(inside)
        if len(rows) < max(1, self.least_area * both.size):
            return NOWHERE[:2], NOWHERE, np.zeros_like(both)
        cells = np.stack([columns, rows], axis=1).astype(float)
        weights = both[rows, columns].astype(float) ** self.contrast
        centres, labels = weighted_kmeans(cells, weights, self.clusters)
        majority = int(np.bincount(labels, weights, minlength=len(centres)).argmax())
        _, parts = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)
        own = labels == majority
        # The cluster may cover several components: the box is that of the one with most of it.
        part = int(np.bincount(parts[rows, columns][own], weights[own]).argmax())
        whole = cells[parts[rows, columns] == part]
        corners = np.concatenate([whole.min(axis=0), whole.max(axis=0) + 1])
        return centres[majority], corners, np.where(parts == part, both, np.float32(0))

    def _target(
        self, frame: int, point: Float[np.ndarray, "2"], box: Float[np.ndarray, "4"] = NOWHERE
    ) -> FocusTarget:
        left, top, right, bottom = (float(each) for each in box)
        # A target's box gives the last pixels inside.
        corners = None
        if np.isfinite(box).all():
            corners = left, top, max(left, right - 1), max(top, bottom - 1)
        return FocusTarget(frame, float(point[0]), float(point[1]), corners, self.source)


def initial_focus_point(disparity: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "2"]:
    """The initial focus before any event, in shares of the frame: the camera's own focus.

    The focal plane has disparity 0; of its cells, or of those nearest to it, one near the centre is used.
    """
    rows, columns = disparity.shape
    y, x = np.mgrid[:rows, :columns]
    x, y = (x + 0.5) / columns, (y + 0.5) / rows
    off_centre = np.hypot(x - 0.5, y - 0.5)
    off_focus = np.abs(disparity) / max(float(np.ptp(disparity)), 1e-6)
    at = np.unravel_index(int((off_focus + CENTRE_WEIGHT * off_centre).argmin()), disparity.shape)
    return np.array([x[at], y[at]])


CENTRE_WEIGHT = 0.1
"""Weight of the distance from the centre relative to the range of disparities."""
