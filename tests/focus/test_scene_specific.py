"""Sec. 5.2 on maps that are known: the region, the curve, the targets to the frame."""

import numpy as np
import pytest

from rackfocus import InputError
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.focus.scene_specific import RegionCurve, SceneSpecific, initial_focus_point

SIZE = (320, 180)
FPS = 20.0


class Marks:
    """A detector that sees given rectangles, of cells, with their values."""

    def __init__(self, *marks):
        self.marks = marks

    def __call__(self, window):
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        for value, rows, columns in self.marks:
            maps[:, slice(*rows), slice(*columns)] = value
        return maps

    def missing(self, window):  # noqa: ARG002
        return None


def window(frames=2, size=SIZE):
    return ClipWindow(
        np.zeros((frames, size[1], size[0], 3), np.uint8), np.arange(frames) / FPS, np.zeros(frames, bool)
    )


def region(*detectors, **settings):
    found = SceneSpecific({str(number): each for number, each in enumerate(detectors)}, **settings)
    return found.regions(window())


def curve(points, disparity, cuts=(), boxes=None, size=SIZE, strength=None):
    points = np.array([(np.nan, np.nan) if point is None else point for point in points], float)
    if boxes is None:
        boxes = np.concatenate([points - 10, points + 10], axis=1)
    is_cut = np.zeros(len(points), bool)
    is_cut[list(cuts)] = True
    rest = np.tile((160.0, 90.0), (len(points), 1))
    strength = np.isfinite(points[:, 0]) * (1.0 if strength is None else np.array(strength))
    return RegionCurve(points, boxes, np.array(disparity, float), strength, is_cut, rest, size, FPS)


def targets(*args, scene=None, **kwargs):
    return (scene or SceneSpecific({"any": Marks()})).targets(curve(*args, **kwargs))


def places(found):
    return [(target.t, target.x, target.y) for target in found]


def test_a_region_is_where_all_detectors_agree():
    left, right = (1.0, (20, 30), (20, 40)), (1.0, (20, 30), (100, 120))
    both = region(Marks(left, right), Marks(right), clusters=1)
    # Cells of 2 pixels: columns 100 to 119 are pixels 200 to 239.
    assert both.points.tolist() == [[219.5, 49.5]] * 2
    assert both.boxes.tolist() == [[200.0, 40.0, 240.0, 60.0]] * 2


def test_of_several_the_majority_counts():
    large, small = (0.6, (20, 40), (100, 120)), (0.7, (20, 30), (20, 30))
    found = region(Marks(large, small), clusters=2)
    assert found.points[0].tolist() == [219.5, 59.5]
    assert found.boxes[0].tolist() == [200.0, 40.0, 240.0, 80.0]


def test_with_contrast_who_is_seen_well_outweighs_who_is_large():
    large, small = (0.4, (20, 40), (100, 120)), (0.8, (20, 30), (20, 40))
    marks = Marks(large, small)
    assert region(marks, clusters=2, contrast=0.5).points[0] == pytest.approx([219.5, 59.5])
    assert region(marks, clusters=2, contrast=2.0).points[0] == pytest.approx([59.5, 49.5])


def test_four_clusters_lie_within_what_there_is():
    x, y = region(Marks((1.0, (20, 40), (100, 120)))).points[0]
    assert 200 < x < 239
    assert 40 < y < 79


@pytest.mark.parametrize("value", [0.29, 0.0])
def test_nothing_above_the_threshold_is_nowhere(value):
    found = region(Marks((1.0, (0, 90), (0, 160))), Marks((value, (0, 90), (0, 160))))
    assert np.isnan(found.points).all()
    assert np.isnan(found.boxes).all()


def test_a_speck_is_noise():
    assert np.isnan(region(Marks((1.0, (3, 5), (3, 5)))).points).all()


@pytest.mark.parametrize(
    ("width", "height", "frames"), [(1, 1, 1), (70, 1, 2), (1, 70, 1), (37, 53, 3), (161, 7, 1), (320, 1, 1)]
)
def test_any_size_of_frame(width, height, frames):
    whole = SceneSpecific({"any": Marks((1.0, (0, 999), (0, 999)))})
    found = whole.regions(window(frames, (width, height)))
    assert found.boxes.tolist() == [[0, 0, pytest.approx(width), pytest.approx(height)]] * frames
    assert ((found.points >= -0.5) & (found.points <= np.array([width, height]) - 0.5)).all()


def test_a_jump_of_disparity_is_a_target_at_its_frame_and_place():
    found = targets([(50, 60)] * 30 + [(250, 60)] * 30, [1.0] * 30 + [6.0] * 30)
    assert places(found) == [(0, 50, 60), (30, 250, 60)]
    assert found[1].box == (240, 50, 259, 69)
    assert found[1].source == "action"


def test_a_jump_within_what_hangs_together_is_one_too():
    boxes = np.tile((40.0, 50.0, 260.0, 80.0), (60, 1))
    found = targets([(50, 60)] * 30 + [(250, 60)] * 30, [1.0] * 30 + [6.0] * 30, boxes=boxes)
    assert places(found) == [(0, 50, 60), (30, 250, 60)]


def test_another_subject_at_equal_disparity_is_a_target_unless_told_not_to():
    points, flat = [(50, 60)] * 30 + [(250, 60)] * 30, [2.0] * 60
    assert places(targets(points, flat)) == [(0, 50, 60), (30, 250, 60)]
    paper = SceneSpecific({"any": Marks()}, follow_subjects=False)
    assert places(targets(points, flat, scene=paper)) == [(0, 50, 60)]


def test_where_nothing_is_seen_the_previous_disparity_counts():
    points = [(50, 60)] * 20 + [None] * 20 + [(52, 60)] * 20
    assert places(targets(points, [1.0] * 20 + [np.nan] * 20 + [1.0] * 20)) == [(0, 50, 60)]


def test_a_glance_is_no_target():
    points = [(50, 60)] * 20 + [(250, 60)] * 3 + [(50, 60)] * 20
    assert places(targets(points, [1.0] * 20 + [9.0] * 3 + [1.0] * 20)) == [(0, 50, 60)]


def test_who_passes_in_front_is_no_target_though_disparity_jumps_twice():
    points = [(50, 60)] * 20 + [(70, 60)] * 9 + [(50, 60)] * 20
    depth = [1.0] * 20 + [9.0] * 9 + [1.0] * 20
    assert places(targets(points, depth)) == [(0, 50, 60)]
    paper = SceneSpecific({"any": Marks()}, follow_subjects=False)
    assert [t for t, _, _ in places(targets(points, depth, scene=paper))] == [0, 20, 29]


def test_what_is_never_seen_well_is_nobody_and_what_is_begins_where_it_is_seen_at_all():
    points = [(50, 60)] * 30 + [(250, 60)] * 30
    strength = [0.5] * 30 + [0.45] * 6 + [0.8] + [0.45] * 23
    assert places(targets(points, [1.0] * 30 + [6.0] * 30, strength=strength)) == [
        (0, 160, 90),
        (30, 250, 60),
    ]


def test_one_who_comes_in_late_is_a_target_and_until_then_focus_rests():
    found = targets([None] * 30 + [(50, 60)] * 30, [np.nan] * 30 + [4.0] * 30)
    assert places(found) == [(0, 160, 90), (30, 50, 60)]
    assert found[0].box is None


def test_one_who_is_seen_soon_is_there_from_the_beginning():
    assert places(targets([None] * 4 + [(50, 60)] * 30, [np.nan] * 4 + [4.0] * 30)) == [(0, 50, 60)]


def test_a_cut_begins_anew():
    found = targets([(50, 60)] * 30 + [(55, 60)] * 30, [1.0] * 60, cuts=[30])
    assert places(found) == [(0, 50, 60), (30, 55, 60)]


def test_a_shot_with_nothing_rests_where_the_camera_focused():
    assert places(targets([None] * 9, [np.nan] * 9)) == [(0, 160, 90)]
    assert places(targets([(50, 60)], [3.0])) == [(0, 50, 60)]


def test_who_leaves_and_returns_after_long_is_a_new_target():
    points = [(300 - 8 * step, 60) for step in range(37)] + [None] * 40 + [(12, 60)] * 20
    found = targets(points, [1.0] * 37 + [np.nan] * 40 + [1.0] * 20)
    assert places(found) == [(0, 300, 60), (77, 12, 60)]


def test_one_who_walks_across_is_no_new_target():
    found = targets([(20 + 6 * step, 60) for step in range(45)], np.linspace(0, 8, 45))
    assert places(found) == [(0, 20, 60)]


def test_times_rise():
    rng = np.random.default_rng(2)
    points = [None if rng.random() < 0.3 else tuple(rng.uniform(0, 180, 2)) for _ in range(300)]
    found = targets(points, rng.uniform(-9, 9, 300), cuts=[40, 41, 150])
    times = [target.t for target in found]
    assert times == sorted(set(times))
    assert {0, 40, 41, 150} <= set(times)


def test_focus_rests_in_the_plane_of_the_camera():
    disparity = np.full((40, 60), 8.0)
    disparity[10:20, 30:40] = 0.1
    x, y = initial_focus_point(disparity)
    assert 0.5 <= x <= 0.67
    assert 0.25 <= y <= 0.5
    assert initial_focus_point(np.zeros((41, 61))).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "settings",
    [
        {"clusters": 0},
        {"contrast": 0},
        {"threshold": 0},
        {"stay_s": 0},
        {"reach": -1},
        {"stay_share": 2},
        {"source": "somebody"},
        {"detectors": {}},
    ],
)
def test_settings_of_no_sense(settings):
    with pytest.raises(InputError):
        SceneSpecific(**({"detectors": {"any": Marks()}} | settings))
