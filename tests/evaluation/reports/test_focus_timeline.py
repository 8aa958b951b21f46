"""What the picture of a focus track shades."""

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from rackfocus.evaluation.reports.focus_timeline import _FOCUS, Truth, _draw_curve, thumbnails_at
from rackfocus.focus.detectors.action import Action
from rackfocus.focus.detectors.depth_change import DepthChange
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing.autofocus import open_footage
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


def test_a_change_of_depth_is_shown_where_disparity_is_known(tmp_path, tiny_network):
    for frame in range(12):
        Image.fromarray(np.full((64, 96, 3), 90 + frame, np.uint8)).save(tmp_path / f"{frame:04d}.png")
    finder = SceneSpecific({"action": Action(), "depth_change": DepthChange(spread=0.0)})

    def nearer_on_the_left(index):
        disparity = np.tile(np.linspace(2.0, 4.0, 96, dtype=np.float32), (64, 1))
        disparity[:, :32] -= 4.0 * (index >= 6)
        return disparity

    with open_footage(tmp_path, disparity=nearer_on_the_left, fps=12) as footage:
        (known,) = thumbnails_at([FocusTarget(6, 9.0, 9.0)], footage, finder)
    assert list(known.maps) == ["action", "depth_change"]
    assert (known.maps["depth_change"] == (np.arange(96) < 32)).all()
    # It is not estimated again for a picture.
    with open_footage(tmp_path, model=tiny_network, fps=12) as footage:
        (unknown,) = thumbnails_at([FocusTarget(6, 9.0, 9.0)], footage, finder)
    assert list(unknown.maps) == ["action"]
