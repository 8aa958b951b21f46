import numpy as np
import pytest

from rackfocus.focus.detectors.audio_motion import FPS, sound_features, synchrony

RATE = 16_000


def loudness(seed):
    """Syllables: 0 to 1, four or so a second."""
    noise = np.random.default_rng(seed).normal(size=75)
    smooth = np.convolve(noise, np.hanning(7), mode="same")
    return (smooth - smooth.min()) / np.ptp(smooth)


def voice(opening):
    """Noise as loud as a mouth is open."""
    samples = np.random.default_rng(9).normal(0, 0.2, 3 * RATE)
    return (samples * np.interp(np.arange(3 * RATE) / RATE, np.arange(75) / FPS, opening)).astype(np.float32)


def mouth(opening):
    """A dark ellipse that opens, and a little noise."""
    y, x = (np.mgrid[:20, :20] - 9.5) / 9.5
    height = 0.05 + 0.5 * opening[:, None, None]
    inside = (x / 0.7) ** 2 + (y / height) ** 2 < 1
    noise = np.random.default_rng(5).normal(0, 1, inside.shape)
    return np.clip(np.where(inside, 60, 160) + noise, 0, 255).astype(np.uint8)


def test_a_mouth_goes_with_its_own_words():
    openings = [loudness(seed) for seed in range(4)]
    for number, opening in enumerate(openings):
        heard = sound_features(voice(opening), RATE, 0.0, 75)
        found = [synchrony(mouth(each), heard).mean() for each in openings]
        assert int(np.argmax(found)) == number
        assert found[number] > 0.1


def test_a_still_mouth_says_nothing():
    heard = sound_features(voice(loudness(1)), RATE, 0.0, 75)
    still = mouth(np.full(75, 0.4))
    assert np.abs(synchrony(still, heard)).max() < 0.05
    assert np.abs(synchrony(np.zeros((75, 20, 20), np.uint8), heard)).max() < 1e-6


@pytest.mark.parametrize("count", [0, 1, 7])
def test_what_is_too_short_is_not_judged(count):
    heard = sound_features(voice(loudness(1)), RATE, 0.0, count)
    np.testing.assert_array_equal(synchrony(mouth(loudness(1))[:count], heard), np.zeros(count))


def test_louder_sound_has_the_same_features():
    samples = voice(loudness(2))
    np.testing.assert_allclose(
        np.diff(sound_features(samples, RATE, 0.0, 75)[:, :7], axis=0),
        np.diff(sound_features(samples / 8, RATE, 0.0, 75)[:, :7], axis=0),
        atol=1e-5,
    )


def test_features_begin_where_they_are_asked_to():
    samples = voice(loudness(3))
    whole = sound_features(samples, RATE, 0.0, 75)
    part = sound_features(samples, RATE, 20 / FPS, 30)
    # The floor hangs on the loudest level, and slopes on their neighbours.
    np.testing.assert_allclose(part[1:-1], whole[21:49], atol=0.05)


def test_silence_is_finite():
    assert np.isfinite(sound_features(np.zeros(100, np.float32), RATE, -1.0, 20)).all()
