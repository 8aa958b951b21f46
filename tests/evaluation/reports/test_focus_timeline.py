"""What the picture of a focus track shades."""

import numpy as np
from matplotlib.figure import Figure

from rackfocus.evaluation.reports.focus_timeline import _FOCUS, Truth, _draw_curve
from rackfocus.types import FocusTarget, FocusTrack


def test_targets_are_labelled_with_their_reasons():
    targets = FocusTarget(0, 1.0, 1.0), FocusTarget(5, 1.0, 1.0, source="action", why="costs $1, $2")
    track = FocusTrack(targets, np.zeros((9, 2)), np.arange(9.0), np.ones(9))
    figure = Figure()
    axes = figure.add_subplot()
    _draw_curve(axes, track, 24.0, Truth())
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("", (0, 0.0)), ("costs $1, $2", (5, 5.0))]
    figure.draw_without_rendering()


def test_pulls_are_shaded_where_focus_moves():
    targets = tuple(FocusTarget(t, 1.0, 1.0) for t in (0, 10, 20))
    track = FocusTrack(targets, np.zeros((30, 2)), np.zeros(30), np.ones(30), pulls=((2, 6), (6, 10)))
    axes = Figure().add_subplot()
    _draw_curve(axes, track, 24.0, Truth())
    shaded = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches]
    assert shaded == [(2, 6), (6, 10)]
    assert all(patch.get_alpha() == 0.15 for patch in axes.patches)
    assert axes.lines[0].get_color() == _FOCUS
