import numpy as np
import pytest

from rackfocus.focus.detectors.speech.turns import turns
from rackfocus.focus.detectors.speech.voices import (
    LEAST_MOMENTS,
    PRIOR_MOMENTS,
    RIDGE,
    HeardVoices,
    voice_likelihoods,
    with_nobody,
)


@pytest.fixture
def spoken():
    """Sounds of two voices, who seems to speak, and where a voice is heard."""
    draw = np.random.default_rng(5)
    sounds = draw.normal(size=(80, 3)) @ draw.normal(size=(3, 3))
    sounds[:40] += (2, 0, -1)
    chances = draw.dirichlet((1, 1, 1), size=80)[:, :2]
    return sounds, chances, draw.random(80) < 0.8


EARLIER = HeardVoices(
    np.array([[30.0, -8.0, 4.0], [0.0, 0.0, 0.0], [-5.0, 2.0, 1.0]]), np.array([20.0, 0, 3])
)


@pytest.mark.parametrize("earlier", [None, EARLIER])
def test_they_are_those_of_gaussians_with_one_covariance(spoken, earlier):
    sounds, chances, voiced = spoken
    before, count = (np.zeros((3, 3)), np.zeros(3)) if earlier is None else (earlier.sums, earlier.moments)
    heard = np.flatnonzero(voiced)
    shares = [[*chances[at], 1 - chances[at].sum()] for at in range(80)]
    usual = sum(sounds[at] for at in heard) / len(heard)
    means = [
        (PRIOR_MOMENTS * usual + before[who] + sum(shares[at][who] * sounds[at] for at in heard))
        / (PRIOR_MOMENTS + count[who] + sum(shares[at][who] for at in heard))
        for who in range(3)
    ]
    spread = sum(
        shares[at][who] * np.outer(sounds[at] - means[who], sounds[at] - means[who])
        for at in heard
        for who in range(3)
    ) / len(heard)
    precision = np.linalg.inv(spread + (RIDGE * np.trace(spread) / 3 + 1e-9) * np.eye(3))
    wanted = np.zeros((80, 2))
    for at in heard:
        *faces, nobody = (-0.5 * (sounds[at] - mean) @ precision @ (sounds[at] - mean) for mean in means)
        wanted[at] = [face - nobody for face in faces]
    np.testing.assert_allclose(voice_likelihoods(*spoken, earlier), wanted)


def test_a_sentence_that_nothing_else_tells_goes_to_the_face_of_its_voice():
    """The first and the third sentence have one voice, the second has another."""
    sounds = np.random.default_rng(6).normal(size=(120, 4))
    sounds[40:80] += 2
    evidence = np.zeros((120, 2))
    evidence[:40], evidence[40:80] = (4, -4), (-4, 4)
    heard = np.ones(120, bool)
    settings = {"step_s": 0.04, "changes_per_s": np.full(120, 0.25)}
    chances = turns(evidence, **settings)
    assert chances[110, 0] < 0.5
    for _ in range(4):
        chances = turns(evidence + 10 * voice_likelihoods(sounds, chances, heard), **settings)
    assert (chances[:36, 0] > 0.9).all()
    assert (chances[44:76, 1] > 0.9).all()
    assert (chances[84:, 0] > 0.9).all()


def test_nothing_is_told_by_little_voice_or_without_faces(spoken):
    sounds, chances, voiced = spoken
    voiced = np.arange(80) < LEAST_MOMENTS
    assert voice_likelihoods(sounds, chances, voiced)[voiced].all()
    voiced[0] = False
    assert not voice_likelihoods(sounds, chances, voiced).any()
    assert voice_likelihoods(sounds, chances[:, :0], ~voiced).shape == (80, 0)


def test_a_sound_that_never_changes_tells_nothing(spoken):
    _, chances, voiced = spoken
    np.testing.assert_array_equal(voice_likelihoods(np.ones((80, 3)), chances, voiced), 0)


def test_nobody_has_the_rest_of_the_chances():
    found = with_nobody(np.array([[0.2, 0.5], [0.5, 0.5 + 1e-9]]))
    np.testing.assert_allclose(found, [[0.2, 0.5, 0.3], [0.5, 0.5, 0]], atol=1e-8)
    assert (found >= 0).all()
