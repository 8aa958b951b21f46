from dataclasses import replace

import numpy as np
import pytest

from rackfocus.focus.general.candidate import Candidate, Kind
from rackfocus.focus.general.general import General, Observation
from rackfocus.focus.subjects.followed_subject import Sight
from rackfocus.types import InputError

FPS = 25.0
SIZE = (640, 360)


def thing(
    x: float, *, kind: Kind = "face", weight: float = -6.0, y: float = 120.0, **more: float
) -> Candidate:
    box = np.array([x - 20, y - 25, x + 20, y + 25])
    return Candidate(kind, np.array([x, y]), box, box + np.array([-20, 0, 20, 100]), 1.0, weight, **more)


def shown(frames: list[list[Candidate]], **more: object) -> list[Observation]:
    rest = np.array([320.0, 180.0])
    return [replace(Observation(each, rest, 10.0, 0.0, False), **more) for each in frames]


def targets(observed: list[Observation], general: General | None = None) -> list[tuple[int, float, str]]:
    found = (general or General()).targets(observed, size=SIZE, fps=FPS)
    return [(each.t, each.x, each.why) for each in found]


def test_focus_is_on_the_nearer_face_from_the_first_frame() -> None:
    frames = [[thing(200), thing(450, weight=-7.5)]] * 50
    assert targets(shown(frames)) == [(0, 200.0, "a face")]


def test_who_speaks_is_in_focus_while_it_speaks() -> None:
    frames = [[thing(200), thing(450, weight=-7.5, speaks=0.95 * (40 <= at < 100))] for at in range(150)]
    found = targets(shown(frames))
    assert [(x, why) for _, x, why in found] == [
        (200.0, "a face"),
        (450.0, "a face, speaks"),
        (200.0, "a face"),
    ]
    assert [t for t, _, _ in found] == pytest.approx([0, 40, 100], abs=4)


def test_a_passer_by_is_no_target() -> None:
    frames = [[thing(200), *([thing(450, weight=-4.5)] if 40 <= at < 60 else [])] for at in range(120)]
    assert targets(shown(frames)) == [(0, 200.0, "a face")]


def test_who_enters_where_something_was_long_before_is_a_target() -> None:
    something = thing(450, kind="stands out", weight=-8.8)
    frames = [
        *([[something, thing(100)]] * 40),
        *([[thing(100)]] * 25),
        *([[thing(100, weight=-12.0)]] * 15),
        *([[]] * 160),
        *([[thing(450, kind="person", weight=-6.5)]] * 60),
    ]
    assert [(t, why) for t, _, why in targets(shown(frames))] == [(0, "a face"), (240, "a person")]


def test_who_enters_is_a_target_when_it_is_first_seen() -> None:
    frames = [[thing(60, weight=-5.0)] if at >= 50 else [] for at in range(120)]
    assert targets(shown(frames)) == [(0, 320.0, "nobody is seen yet"), (50, 60.0, "a face")]


@pytest.mark.parametrize(("first", "begins"), [(10, 200.0), (18, 450.0)])
def test_who_is_seen_soon_takes_the_place_of_who_was_seen_before_only_if_it_is_at_once(
    first: int, begins: float
) -> None:
    # The one at 450 is gone when the one at 200 is seen; more than half a second later is no longer at once.
    frames = [[thing(450)] if at < first else [thing(200)] for at in range(first)] + [[thing(200)]] * 80
    frames[first : first + 12] = [[thing(450, weight=-8.0), thing(200)]] * 12
    found = targets(shown(frames))
    assert (found[0][0], found[0][1]) == (0, begins)
    assert found[-1][1] == 200.0


def test_who_is_seen_soon_is_the_first_target_where_nobody_is_seen_before() -> None:
    frames = [[thing(200)] if at >= 18 else [] for at in range(80)]
    assert targets(shown(frames)) == [(0, 200.0, "a face")]


def test_the_face_is_followed_where_it_is_seen_until_the_next_target() -> None:
    frames = [[thing(200 + at)] if at % 2 == 0 else [] for at in range(21)]
    ((target, seen),) = General().targets(shown(frames), size=SIZE, fps=FPS).items()
    assert list(seen) == list(range(0, 21, 2))
    assert seen[4] == Sight((184.0, 95.0, 223.0, 144.0))
    assert target.box == (160.0, 95.0, 239.0, 244.0)


@pytest.mark.parametrize(("kind", "known"), [("person", True), ("acts", True), ("stands out", False)])
def test_who_has_no_face_is_in_a_region(kind: Kind, known: bool) -> None:
    frames = [[thing(200 + at, kind=kind, weight=-3.0)] for at in range(60)]
    ((_, seen),) = General().targets(shown(frames), size=SIZE, fps=FPS).items()
    expected = {
        at: Sight((180.0 + at, 95.0, 219.0 + at, 144.0), (200.0 + at, 120.0), moves=kind == "acts")
        for at in range(60)
    }
    assert seen == (expected if known else {})


def test_what_is_seen_in_a_whip_pan_is_no_target_and_what_is_seen_when_it_has_ended_is() -> None:
    frames = [
        [thing(200)] if at < 40 else [thing(350, weight=-3.0)] if at < 55 else [thing(420)]
        for at in range(110)
    ]
    observed = shown(frames)
    observed[40:55] = [replace(each, camera_speed=2.0) for each in observed[40:55]]
    assert targets(observed) == [(0, 200.0, "a face"), (60, 420.0, "a face")]
    assert targets(observed, General(settling_s=0)) == [(0, 200.0, "a face"), (55, 420.0, "a face")]


def test_a_camera_that_shakes_for_a_frame_settles_within_one() -> None:
    observed = shown([[thing(200)] if at < 40 else [thing(420)] for at in range(110)])
    observed[39] = replace(observed[39], camera_speed=2.0)
    assert targets(observed) == [(0, 200.0, "a face"), (41, 420.0, "a face")]


def test_each_shot_begins_with_a_target() -> None:
    observed = shown([[thing(200)]] * 30 + [[]] * 30)
    observed[30] = replace(observed[30], is_cut=True)
    assert targets(observed) == [(0, 200.0, "a face"), (30, 320.0, "nobody is seen yet")]


def test_who_turns_away_and_is_found_again_is_no_new_target() -> None:
    frames = [[thing(200)] if at < 40 else [] if at < 90 else [thing(204)] for at in range(150)]
    assert targets(shown(frames)) == [(0, 200.0, "a face")]


def test_a_person_who_is_gone_loses_to_one_who_is_seen_within_about_a_second() -> None:
    # The one at 450 would weigh less for four seconds more.
    frames = [[thing(200, weight=-3.0)] * (at < 60) + [thing(450, weight=-7.0)] for at in range(160)]
    found = targets(shown(frames))
    assert [x for _, x, _ in found] == [200.0, 450.0]
    assert found[1][0] == pytest.approx(60 + FPS * General().bridged_s, abs=0.3 * FPS)


def test_a_person_who_is_gone_does_not_lose_to_a_thing() -> None:
    frames = [
        [thing(200, weight=-3.0)] * (at < 60) + [thing(450, weight=-7.0, kind="stands out")]
        for at in range(140)
    ]
    assert targets(shown(frames)) == [(0, 200.0, "a face")]


def test_a_person_of_whom_only_something_is_seen_stays_one_for_a_while() -> None:
    def frames(seen: range, weight: float) -> list[list[Candidate]]:
        part = thing(200, kind="stands out", weight=-8.5)
        other = thing(450, kind="acts", weight=weight)
        return [[thing(200, kind="person") if at in seen else part, other] for at in range(140)]

    # A part of the person would weigh less than what acts elsewhere.
    assert targets(shown(frames(range(80), -7.5))) == [(0, 200.0, "a person")]
    found = targets(shown(frames(range(80), -6.5)))
    assert [x for _, x, _ in found] == [200.0, 450.0]
    assert found[1][0] == pytest.approx(80 + FPS * (General().bridged_s + 0.5), abs=0.4 * FPS)
    # Nobody knows that before it is a person.
    assert targets(shown(frames(range(60, 140), -7.5)))[0][1] == 450.0


def test_nothing_that_hardly_stands_out_is_worth_a_pull() -> None:
    frames = [[thing(200)] if at < 30 else [thing(500, kind="stands out", weight=-12.0)] for at in range(120)]
    assert targets(shown(frames)) == [(0, 200.0, "a face")]


def test_an_empty_video_has_no_target() -> None:
    assert General().targets([], size=SIZE, fps=FPS) == {}


@pytest.mark.parametrize("setting", ["stay_s", "whip_pan", "change_cost"])
def test_a_value_out_of_range_is_told(setting: str) -> None:
    with pytest.raises(InputError, match=f"{setting} must be .*and is -1"):
        General(**{setting: -1})
