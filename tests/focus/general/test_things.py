from dataclasses import replace

import numpy as np

from rackfocus.focus.general.candidate import Candidate, Kind
from rackfocus.focus.general.things import distinct, same_thing, with_actions, with_persons

AS_NEAR = 0.5


def seen(kind: Kind, left: float, top: float, right: float, bottom: float, weight: float = -6.0) -> Candidate:
    box = np.array([left, top, right, bottom], float)
    acts = 0.9 if kind == "acts" else 0.0
    return Candidate(kind, (box[:2] + box[2:]) / 2, box, box, 0.0, weight, acts=acts)


def test_a_face_gets_the_figure_around_it() -> None:
    (thing,) = with_persons([seen("face", 10, 10, 20, 20)], [seen("person", 5, 8, 30, 80, -5.0)], AS_NEAR)
    assert thing.kind == "face"
    assert list(thing.figure) == [5, 8, 30, 80]
    assert list(thing.near) == [10, 10, 20, 20]
    assert thing.weight == -5.0


def test_two_faces_in_a_figure_are_two_people() -> None:
    faces = [seen("face", 10, 10, 20, 20), seen("face", 40, 10, 50, 20)]
    assert with_persons(faces, [seen("person", 5, 8, 60, 80)], AS_NEAR) == faces


def test_a_person_without_a_face_is_a_thing() -> None:
    person = seen("person", 60, 8, 90, 80)
    assert with_persons([seen("face", 10, 10, 20, 20)], [person], AS_NEAR)[1] is person


def test_a_face_behind_a_person_is_somebody_elses() -> None:
    """Disparity is larger for what is farther away."""
    person, face = seen("person", 5, 8, 30, 80, -5.0), seen("face", 10, 10, 20, 20)
    behind, before = replace(face, disparity=AS_NEAR + 0.1), replace(face, disparity=-AS_NEAR - 0.1)
    assert with_persons([behind], [person], AS_NEAR) == [behind, person]
    (own,) = with_persons([before], [person], AS_NEAR)
    assert own.kind == "face"
    # Two faces in a figure, of which one is that of somebody behind: the other one's figure is known.
    both = with_persons([face, behind], [person], AS_NEAR)
    assert list(both[0].figure) == [5, 8, 30, 80]
    assert both[1] is behind


def test_who_moves_acts_and_what_else_moves_is_a_thing() -> None:
    person, ball = seen("person", 5, 8, 30, 80), seen("acts", 60, 60, 66, 66)
    acting, other = with_actions([person], [seen("acts", 20, 30, 34, 50), ball])
    assert (acting.kind, acting.acts) == ("person", 0.9)
    assert other is ball


def test_a_fragment_that_is_taken_for_a_person_gives_way_to_what_moves() -> None:
    (thing,) = with_actions([seen("person", 20, 30, 26, 40)], [seen("acts", 10, 10, 40, 70)])
    assert thing.kind == "acts"


def test_a_face_that_is_tracked_twice_is_one() -> None:
    better, other = seen("face", 10, 10, 30, 30, -5.0), seen("face", 16, 12, 36, 32)
    apart = seen("face", 40, 10, 60, 30)
    assert distinct([other, better, apart]) == [better, apart]


def test_a_part_is_of_the_thing() -> None:
    assert same_thing(seen("stands out", 10, 20, 20, 30), seen("person", 5, 8, 30, 80))
    assert not same_thing(seen("stands out", 28, 20, 60, 30), seen("person", 5, 8, 30, 80))


def test_a_head_just_above_a_figure_is_its_own() -> None:
    (thing,) = with_persons([seen("face", 10, 10, 20, 20)], [seen("person", 5, 20, 30, 80)], AS_NEAR)
    assert list(thing.figure) == [5, 10, 30, 80]
