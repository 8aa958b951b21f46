from pathlib import Path

import numpy as np
import pytest

from rackfocus.data.gaze.gaze_shifts import Fixations
from rackfocus.data.gaze.hevc_gaze import WatchedVideo, watched_videos
from rackfocus.evaluation.autofocus.gaze.gaze_focus import best_points, centre_points, gaze_hits, map_maxima


def watched(points: list[list[tuple[float, float]]]) -> WatchedVideo:
    """A video of one frame a second, 400 x 300 pixels: a point within 25 is met."""
    rows = [(frame, frame + 1, x, y) for frame, some in enumerate(points) for x, y in some]
    table = np.array(rows, float).reshape(-1, 4)
    fixations = Fixations(table[:, 0], table[:, 1], table[:, 2:])
    return WatchedVideo(Path("none.avi"), len(points), 1.0, 400, 300, fixations)


def test_the_share_of_those_who_look_there() -> None:
    video = watched([[(100, 100), (120, 100), (100, 126), (300, 200)], [], [(50, 50)]])
    hits = gaze_hits(np.array([[100.0, 100.0], [100.0, 100.0], [np.nan, np.nan]]), video)
    np.testing.assert_array_equal(hits, [0.5, np.nan, 0.0])


def test_the_reach_itself_is_met() -> None:
    video = watched([[(125, 100)], [(125.01, 100)]])
    np.testing.assert_array_equal(gaze_hits(np.full((2, 2), 100.0), video), [1.0, 0.0])


def test_the_centre() -> None:
    np.testing.assert_array_equal(centre_points(watched([[], []])), [[199.5, 149.5]] * 2)


def test_the_best_point_need_be_no_fixation() -> None:
    # Three on the rim of one disk: from none of them are the others in reach.
    angles = np.radians([0, 120, 240])
    rim = [(200 + 24.9 * np.cos(a), 150 + 24.9 * np.sin(a)) for a in angles]
    video = watched([[*rim, (20, 20)], [], [(7, 9)]])
    points = best_points(video)
    np.testing.assert_array_equal(gaze_hits(points, video), [0.75, np.nan, 1.0])
    assert np.isnan(points[1]).all()


def test_no_point_of_a_fine_grid_is_better_than_the_best() -> None:
    rng = np.random.default_rng(2)
    some = [(float(x), float(y)) for x, y in rng.normal((200, 150), 30, (14, 2))]
    video = watched([some])
    best = gaze_hits(best_points(video), video)[0]
    grid = [
        gaze_hits(np.array([[x, y]]), video)[0] for x in np.arange(120, 280, 4) for y in np.arange(80, 220, 4)
    ]
    assert best >= max(grid)


def test_the_brightest_cell_in_pixels_of_the_video() -> None:
    maps = np.zeros((2, 3, 4))
    maps[0, 1, 2] = 0.5
    points = map_maxima(maps, width=400, height=300)
    np.testing.assert_array_equal(points, [[249.5, 149.5], [199.5, 149.5]])


@pytest.mark.slow
def test_what_is_known_of_the_seven_videos(shared: Path) -> None:
    videos = watched_videos(shared / "data" / "gaze_saliency" / "hevc_video_gaze").values()
    for points, expected in ((centre_points, 0.051), (best_points, 0.459)):
        hits = np.concatenate([gaze_hits(points(video), video) for video in videos])
        assert np.nanmean(hits) == pytest.approx(expected, abs=0.001)
