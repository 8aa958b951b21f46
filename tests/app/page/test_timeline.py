"""What the page is sent: only what changed, and stretches of time. Every key does one thing."""

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("nicegui", reason="nicegui is not installed: pip install 'rackfocus[app]'")

from rackfocus.app.page.panel import STOPS, nearest_stop
from rackfocus.app.page.shortcuts import SHORTCUTS
from rackfocus.app.page.timeline import bars, runs
from rackfocus.app.page.viewer import changes
from rackfocus.types import FocusTarget

NAN = float("nan")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ([NAN, 1, 2], [NAN, 1, 2], None),
        ([NAN, NAN, NAN], [NAN, 1, NAN], slice(1, 2)),
        ([0, 1, 2, 3], [9, 1, 2, 9], slice(0, 4)),
        ([0, 1], [0, NAN], slice(1, 2)),
    ],
)
def test_only_what_changed_is_sent(before, after, found):
    before, after = np.array(before, np.float64), np.array(after, np.float64)
    assert changes(before, after) == found
    assert changes(np.column_stack([before, before]), np.column_stack([before, after])) == found


def test_stretches():
    known = np.array([1, 1, 0, 1, 0, 0, 1, 1], bool)
    assert list(runs(known)) == [(0, 1), (3, 3), (6, 7)]
    assert list(runs(np.zeros(3, bool))) == []


def test_a_target_counts_for_its_source_until_its_next_one_or_its_end():
    targets = [
        FocusTarget(2, 0, 0, source="action", until=5),
        FocusTarget(8, 0, 0, source="action"),
        FocusTarget(10, 0, 0, source="action"),
    ]
    assert list(bars(targets, 20)) == [(2, 4, "action"), (8, 9, "action"), (10, 19, "action")]


def test_every_key_does_one_thing():
    keys = Counter(key for shortcut in SHORTCUTS for key in shortcut.keys)
    assert set(keys.values()) == {1}
    actions = Counter(shortcut.action for shortcut in SHORTCUTS)
    assert set(actions.values()) == {1}


def test_the_nearest_stop():
    assert [STOPS[nearest_stop(f_number)] for f_number in (0.7, 2.1, 2.8, 30)] == [1.0, 2.0, 2.8, 22.0]
