"""From a window of frames to the candidates of each frame."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from jaxtyping import Float32

from rackfocus.focus.detectors.action import Action
from rackfocus.focus.detectors.audio import Speakers
from rackfocus.focus.detectors.face_lively import LivelyFaces
from rackfocus.focus.detectors.face_tracks import FaceTrack
from rackfocus.focus.detectors.persons import Persons
from rackfocus.focus.detectors.saliency import FineGrained
from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.focus.general.candidate import Candidate, Kind
from rackfocus.focus.general.figure import Depths, Region, chest, face_figure, nearest_part, upright, whole
from rackfocus.focus.general.things import distinct, same_thing, with_actions, with_persons
from rackfocus.focus.general.weights import Weights
from rackfocus.video.flow.dis import DISFlow


@dataclass(frozen=True)
class Observer:
    """Looks for candidates by detectors of faces, of what moves by itself, and of what stands out.

    Attributes:
        faces: finds faces and how lively they are.
        speakers: finds who of them speaks.
        persons: finds whole people.
        action: finds what moves by itself.
        salience: finds what stands out.
        weights: of the candidates.
        legible: smallest face whose mouth is seen, as a share of the frame's diagonal. A smaller one may be
            lively or not, and focus is on the person's chest, where viewers look at people who are far away.
        threshold: minimum value of a cell of a region, in the detectors' maps.
        least_area: minimum area of a region, as a share of the frame.
        most: the largest number of regions of one kind in a frame.
    """

    faces: LivelyFaces = field(default_factory=lambda: LivelyFaces(smallest=0.02, smoothing_s=0.3))
    speakers: Speakers = field(default_factory=Speakers)
    persons: Detector = field(default_factory=Persons)
    action: Detector = field(default_factory=lambda: Action(flow=DISFlow(preset="fast")))
    salience: Detector = field(default_factory=lambda: FineGrained(every_s=0.2))
    weights: Weights = field(default_factory=Weights)
    legible: float = 0.04
    threshold: float = 0.4
    least_area: float = 0.001
    most: int = 3

    def __call__(
        self, window: ClipWindow, depths: Sequence[Depths], scale_to_source: float
    ) -> list[list[Candidate]]:
        """The candidates of every frame of a window.

        Args:
            window: the frames.
            depths: of each frame.
            scale_to_source: width of the video divided by that of the frames.
        """
        found: list[list[Candidate]] = [[] for _ in window.frames]
        speaking = {id(track): chance for track, chance in self.speakers.chances(window)}
        for track in self.faces.tracks(window):
            lively = np.minimum(self.faces.liveliness(window, track), LIVELIEST)
            speaks = speaking.get(id(track), np.zeros(len(window.frames)))
            for at, frame in enumerate(track.frames):
                face = self._face(window, track, at, float(lively[at]), depths[frame])
                found[frame].append(replace(face, speaks=float(speaks[frame])))
        persons, acting, standing_out = (
            detect(window) for detect in (self.persons, self.action, self.salience)
        )
        for frame, near in enumerate(depths):
            figures = self._regions(window, "person", persons[frame], near)
            things = with_persons(distinct(found[frame]), figures, AS_NEAR * near.same)
            things = with_actions(things, self._regions(window, "acts", acting[frame], near))
            others = self._regions(window, "stands out", standing_out[frame] * near.nearness, near)
            things += [each for each in others if not any(same_thing(each, thing) for thing in things)]
            found[frame] = [_scaled(each, scale_to_source) for each in things]
        return found

    def missing(self, window: ClipWindow) -> tuple[str, ...]:
        """What the detectors lack, each a sentence; silence, emptiness or a photograph lack nothing."""
        sentences = [detect.missing(window) for detect in (self.persons, self.salience)]
        return tuple(each for each in (self.faces.lacks(), *sentences) if each is not None)

    def _face(
        self, window: ClipWindow, track: FaceTrack, at: int, lively: float, depths: Depths
    ) -> Candidate:
        height, width = window.frames.shape[1:3]
        box = track.boxes[at].astype(float)
        # The median, since a face that turns away does not become smaller.
        side = float(np.median(track.sides))
        legible = side >= self.legible * math.hypot(width, height)
        weight = self.weights.face(side, lively if legible else 1.0, box, (width, height))
        figure, value = face_figure(box, depths, (width, height))
        point = (box[:2] + box[2:]) / 2
        if not legible:
            point = chest(box, value, depths, (width, height))
        elif track.landmarks is not None:
            nose, mouth = track.landmarks[at, 2], track.landmarks[at, 3:].mean(axis=0)
            point = (nose + mouth).astype(float) / 2
        return Candidate("face", point, box, figure, value, weight)

    def _regions(
        self,
        window: ClipWindow,
        kind: Kind,
        values: Float32[np.ndarray, "rows columns"],
        depths: Depths,
    ) -> list[Candidate]:
        """The regions of a detector's map; one that reaches across several depths gives several."""
        inside = cv2.morphologyEx(
            (values >= self.threshold).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)
        )
        count, parts, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
        largest = sorted(range(1, count), key=lambda part: -stats[part, cv2.CC_STAT_AREA])[: self.most]
        least = max(1.0, self.least_area * values.size)
        found = []
        for part in largest:
            left = parts == part
            if kind == "acts":
                # Around what moves, and behind it, are traces of it.
                left &= values >= CORE * values[left].max()
                found += [self._region(window, kind, values, whole(left, depths))] * bool(left.sum() >= least)
                continue
            # What is left of a person beside the nearest one may be a sleeve.
            enough = max(least, ANOTHER * left.sum()) if kind == "person" else least
            for _ in range(self.most):
                if left.sum() < enough:
                    break
                region = nearest_part(left, depths)
                if kind == "person":
                    region = upright(region, left, depths)
                if region.inside.sum() >= least:
                    found.append(self._region(window, kind, values, region))
                left &= ~region.inside
        return found

    def _region(
        self, window: ClipWindow, kind: Kind, values: Float32[np.ndarray, "rows columns"], region: Region
    ) -> Candidate:
        rows, columns = values.shape
        height, width = window.frames.shape[1:3]
        cell = np.array([width / columns, height / rows])
        near, figure = (box * np.tile(cell, 2) for box in (region.near, region.figure))
        strength = max(float(np.quantile(values[region.inside], 0.9)), 1e-6)
        area = float(region.inside.sum() * np.prod(cell))
        weight = self.weights.region(kind, area, strength, region.relief, figure, (width, height))
        point = (region.point + 0.5) * cell - 0.5
        acts = strength if kind == "acts" else 0.0
        return Candidate(kind, point, near, figure, region.disparity, weight, acts=acts)


LIVELIEST = 1.5
"""A mouth that moves more than this, relative to its usual motion, was hidden or left the frame."""
CORE = 0.85
"""What moves are the cells of a region with at least this share of its largest value."""
ANOTHER = 0.2
"""The least share of people side by side that is one more person."""
AS_NEAR = 3.0
"""A face may be farther than its figure by so many times the largest difference within one depth: both are
estimated. One that is still farther is that of somebody behind."""


def _scaled(candidate: Candidate, scale: float) -> Candidate:
    return replace(
        candidate,
        point=(candidate.point + 0.5) * scale - 0.5,
        near=candidate.near * scale,
        figure=candidate.figure * scale,
    )
