"""Who outranks whom, and for how long."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.focus.decisions import decisions
from rackfocus.types import FocusTarget


def user(t, until=None):
    return FocusTarget(t, 1.0, t, until=until)


def auto(t, until=None, source="action"):
    return FocusTarget(t, 2.0, t, source=source, until=until)


def made(*targets):
    return [(decision.target, decision.start) for decision in decisions(targets)]


def test_automatic_ones_count_before_the_users_and_not_after():
    first, mine, later = auto(0), user(10), auto(20)
    assert made(later, mine, first) == [(first, 0), (mine, 10)]


def test_a_user_who_ends_hands_over_to_what_would_be_in_force():
    first, mine, second, third = auto(0), user(10, until=30), auto(20), auto(40)
    assert made(first, mine, second, third) == [(first, 0), (mine, 10), (second, 30), (third, 40)]
    assert made(first, mine) == [(first, 0), (mine, 10), (first, 30)]


def test_the_next_target_of_the_user_ends_the_one_before():
    one, two = user(10, until=50), user(20, until=30)
    assert made(one, two, auto(0)) == [(auto(0), 0), (one, 10), (two, 20), (auto(0), 30)]


def test_where_nothing_takes_over_focus_stays():
    assert made(user(5, until=9)) == [(user(5, until=9), 5)]
    assert made(auto(0, until=4), auto(8)) == [(auto(0, until=4), 0), (auto(8), 8)]
    assert made() == []


def test_an_automatic_target_that_has_ended_does_not_come_back():
    assert made(auto(0, until=15), user(10, until=20)) == [(auto(0, until=15), 0), (user(10, until=20), 10)]


def test_of_two_at_a_frame_the_later_counts():
    assert made(auto(3), auto(3, source="gaze")) == [(auto(3, source="gaze"), 3)]


TARGETS = st.builds(
    lambda t, lasts, source: FocusTarget(t, 0.0, 0.0, source=source, until=lasts and t + lasts),
    st.integers(0, 30),
    st.none() | st.integers(1, 20),
    st.sampled_from(["user", "action", "gaze"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TARGETS, max_size=8, unique_by=lambda target: (target.t, target.source)))
def test_a_users_target_always_counts_while_it_lasts(targets):
    plan = decisions(targets)
    assert [decision.start for decision in plan] == sorted({decision.start for decision in plan})
    assert all(decision.target.t <= decision.start for decision in plan)
    for frame in range(60):
        counting = [decision.target for decision in plan if decision.start <= frame]
        mine = [target for target in targets if target.source == "user" and target.t <= frame]
        latest = max(mine, key=lambda target: target.t, default=None)
        if latest is not None and (latest.until is None or frame < latest.until):
            assert counting[-1] is latest
        assert bool(counting) == any(target.t <= frame for target in targets)
