import numpy as np
import pytest

from rackfocus.scenes.clips.people import REST
from rackfocus.scenes.clips.speech import SAMPLE_RATE
from rackfocus.scenes.clips.story import KINDS, make_story, mouth_opening
from rackfocus.types import InputError

SEEDS = pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 6))]
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_tells_the_same_story(kind):
    first, second = (make_story(kind, 5, frames=48, fps=24) for _ in range(2))
    assert first.cues == second.cues
    assert first.sky == second.sky
    for a, b in zip(first.actors, second.actors, strict=True):
        for one, other in zip(a.parts(20), b.parts(20), strict=True):
            np.testing.assert_array_equal(one.mesh.vertices, other.mesh.vertices)
    assert make_story(kind, 6, frames=48, fps=24).cues != first.cues


@SEEDS
def test_who_acts_is_at_rest_before_and_moves_from_the_frame_of_the_script_on(seed):
    story = make_story("acts", seed, frames=72, fps=24)
    assert len(story.cues) == 2 or len(story.cues) == 3
    for cue in story.cues:
        actor = next(actor for actor in story.actors if actor.name == cue.who)
        assert all(actor.pose(frame) == REST for frame in range(cue.frame))
        assert actor.pose(cue.frame) != REST
        if cue.what == "kicks a ball":
            assert actor.stand(0).y > 3.4
            balls = [story.props(frame)[0].mesh.vertices.mean(axis=0) for frame in (0, cue.frame, 71)]
            np.testing.assert_array_equal(balls[0], balls[1])
            assert cue.frame > 55 or np.linalg.norm(balls[2] - balls[0]) > 0.1


@SEEDS
def test_talkers_take_turns_and_are_heard_when_the_script_says(seed):
    story = make_story("speaks", seed, frames=120, fps=24)
    assert story.sound.shape == (5 * SAMPLE_RATE,)
    assert len(story.cues) >= 3
    assert [cue.who for cue in story.cues[:3]] == ["second", "first", "second"]
    assert {cue.pitch_hz for cue in story.cues} == {110.0, 215.0}
    silent = np.ones(120, dtype=bool)
    for cue, following in zip(story.cues, [*story.cues[1:], None], strict=True):
        assert cue.frame < cue.until <= (following.frame if following else 120)
        silent[cue.frame : cue.until] = False
        heard = [mouth_opening(np.abs(story.sound), frame, 24) for frame in range(cue.frame, cue.until)]
        assert np.mean(heard) > 0.02
    power = story.sound.reshape(120, -1)
    assert np.abs(power[silent]).max() == 0.0


def test_mistakes():
    with pytest.raises(InputError, match="sings"):
        make_story("sings", 0, frames=48, fps=24)
    with pytest.raises(InputError, match="8 frames"):
        make_story("acts", 0, frames=4, fps=24)
