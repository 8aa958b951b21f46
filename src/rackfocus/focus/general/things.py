"""What several detectors saw of one person or thing in a frame."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rackfocus.focus.boxes import area, common, inside
from rackfocus.focus.detectors.face_tracks import face_likeness
from rackfocus.focus.general.candidate import Candidate

MOSTLY = 0.5
"""A region is of a thing if at least this share of the one lies in the other."""


def same_thing(region: Candidate, thing: Candidate) -> bool:
    """Whether a region is a part of a thing, or the thing a part of it."""
    both = common(region.near, thing.figure)
    return both >= MOSTLY * min(area(region.near), area(thing.figure))


def distinct(faces: Sequence[Candidate]) -> list[Candidate]:
    """Faces, each once: where a track is lost and another begins, both last a little longer."""
    found: list[Candidate] = []
    for face in sorted(faces, key=lambda each: -each.weight):
        if all(face_likeness(face.near, other.near) < SAME_FACE for other in found):
            found.append(face)
    return found


SAME_FACE = 0.2
"""Two faces of one frame are more unlike than this; see `face_likeness`."""


def with_persons(faces: Sequence[Candidate], persons: Sequence[Candidate], as_near: float) -> list[Candidate]:
    """Faces with the figures that belong to them, and the people whose face is not seen.

    A figure with several faces in it is several people side by side; the figures of those faces stay. A face
    that is farther away is that of somebody behind the person.

    Args:
        faces: each once.
        persons: the figures.
        as_near: how much farther a face may be than its figure, in disparity.
    """
    things = list(faces)
    for person in persons:
        beside = {
            number: face for number, face in enumerate(faces) if face.disparity - person.disparity <= as_near
        }
        own = [number for number, face in beside.items() if _is_of(face, person)]
        if not own and not any(same_thing(person, face) for face in beside.values()):
            things.append(person)
        elif len(own) == 1:
            face = things[own[0]]
            figure = np.concatenate(
                [np.minimum(face.near[:2], person.near[:2]), np.maximum(face.near[2:], person.near[2:])]
            )
            things[own[0]] = replace(face, figure=figure, weight=max(face.weight, person.weight))
    return things


def with_actions(things: Sequence[Candidate], actions: Sequence[Candidate]) -> list[Candidate]:
    """Things, those that act with how surely, and what acts without being one of them."""
    found = list(things)
    for action in actions:
        # A part of what moves that is taken for a person is no better than the whole.
        found = [each for each in found if each.kind != "person" or not _is_fragment(each, action)]
        own = [number for number, thing in enumerate(found) if same_thing(action, thing)]
        if not own:
            found.append(action)
            continue
        # Of people side by side it is the one above it.
        number = min(own, key=lambda each: abs(_middle(found[each]) - _middle(action)))
        found[number] = replace(found[number], acts=max(found[number].acts, action.acts))
    return found


def _is_of(face: Candidate, person: Candidate) -> bool:
    """Whether a face is in a figure, or just above it: a head may be farther away than what is below it."""
    above = face.near[3] - face.near[1]
    return inside(face.point, person.near - [0, above, 0, 0])


def _is_fragment(person: Candidate, action: Candidate) -> bool:
    return 2 * area(person.near) < area(action.near) and same_thing(action, person)


def _middle(thing: Candidate) -> float:
    return float(thing.near[0] + thing.near[2]) / 2
