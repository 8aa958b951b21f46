import numpy as np
import pytest

from rackfocus.scenes.clips.disturbances import DISTURBED_FROM, hand_held, passer_by, swaying_tree
from rackfocus.scenes.clips.story import make_story
from rackfocus.scenes.recipe import Camera


def bulk(parts):
    return sum(float(np.abs(part.mesh.vertices).sum()) for part in parts)


@pytest.mark.parametrize(
    ("kind", "seed", "camera", "people", "props", "cues"),
    [
        ("enters", 0, [0.014418, 0.17998, 1.408725, 0.058182, -3.0], 281907.396, 0, [23, 48]),
        ("enters", 999, [0.054345, 0.03374, 1.422246, -0.090816, -3.0], 273565.619, 0, [14, 44]),
        ("acts", 0, [0.038915, 0.046614, 1.445145, -0.126682, -3.0], 256783.325, 3779.958, [16, 41]),
        ("speaks", 7, [-0.049095, 0.055088, 1.311405, -0.02517, -3.0], 128111.264, 0, [20, 52]),
    ],
)
def test_stories_of_smaller_seeds_stay_as_they_were(kind, seed, camera, people, props, cues):
    story = make_story(kind, seed, frames=72, fps=24)
    at = story.camera(40)
    assert [*at.position, at.yaw, at.pitch] == pytest.approx(camera, abs=1e-6)
    assert bulk(part for actor in story.actors for part in actor.parts(40)) == pytest.approx(people, abs=0.01)
    assert bulk(story.props(40)) == pytest.approx(props, abs=0.01)
    assert [cue.frame for cue in story.cues] == cues


def test_a_disturbed_story_is_the_same_story(monkeypatch):
    seed = DISTURBED_FROM + 3
    disturbed = make_story("acts", seed, frames=48, fps=15)
    monkeypatch.setattr("rackfocus.scenes.clips.story.DISTURBED_FROM", seed + 1)
    calm = make_story("acts", seed, frames=48, fps=15)
    assert disturbed.cues == calm.cues
    assert disturbed.sky == calm.sky
    for one, other in zip(disturbed.actors, calm.actors, strict=True):
        assert bulk(one.parts(20)) == bulk(other.parts(20))
    assert len(disturbed.props(20)) > len(calm.props(20))
    assert disturbed.camera(20) != calm.camera(20)


@pytest.mark.parametrize(("seed", "shaken", "moving"), [(1005, False, True), (1009, True, False)])
def test_some_clips_have_some_disturbances(seed, shaken, moving):
    story = make_story("acts", seed, frames=48, fps=15)
    assert (story.camera(0).pitch != -3.0) == shaken
    ball = any(cue.what == "kicks a ball" for cue in story.cues)
    assert len(story.props(0)) > ball if moving else len(story.props(0)) == ball


def test_a_hand_trembles_by_a_third_of_a_degree():
    still = Camera((0.0, 0.0, 1.4), yaw=1.0, pitch=-3.0, fov=54.0)
    camera = hand_held(lambda _frame: still, np.random.default_rng(4), 15)
    yaw = np.array([camera(frame).yaw - 1.0 for frame in range(3000)])
    assert yaw.std() == pytest.approx(0.35, rel=0.1)
    assert np.abs(np.diff(yaw)).max() < 0.5  # smooth from frame to frame
    assert camera(7) == camera(7)


def test_a_passer_by_walks_all_the_time_and_turns_about():
    parts = passer_by(np.random.default_rng(0), 15)
    x = np.array([parts(frame)[0].mesh.vertices[:, 0].mean() for frame in range(0, 900, 5)])
    steps = np.abs(np.diff(x))
    assert np.median(steps) == pytest.approx(1.2 / 3, abs=0.1)
    assert (np.diff(x) > 0).any()
    assert (np.diff(x) < 0).any()
    assert min(part.mesh.vertices[:, 1].min() for part in parts(0)) > 11.0


def test_a_tree_sways_about_its_foot():
    parts = swaying_tree(np.random.default_rng(0), 15)
    low, high = [], []
    for frame in range(0, 60, 3):
        points = np.concatenate([part.mesh.vertices for part in parts(frame)])
        high.append(points[points[:, 2] > 2.0].mean(axis=0)[0])
        low.append(points[points[:, 2] < 0.3].mean(axis=0)[0])
    assert np.ptp(high) > 0.1
    assert np.ptp(low) < 0.05
