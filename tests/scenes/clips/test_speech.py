import numpy as np
import pytest

from rackfocus.scenes.clips.speech import HIGH_VOICE, LOW_VOICE, SAMPLE_RATE, speak


@pytest.mark.parametrize("voice", [LOW_VOICE, HIGH_VOICE])
def test_the_voice_has_its_pitch(voice):
    words = speak(voice, 1.5, np.random.default_rng(4))
    assert words.samples.shape == words.loudness.shape == (1.5 * SAMPLE_RATE,)
    assert np.abs(words.samples).max() == pytest.approx(0.7)
    middle = words.samples[SAMPLE_RATE // 4 : SAMPLE_RATE]
    spectrum = np.abs(np.fft.rfft(middle, 4 * SAMPLE_RATE)) ** 2
    power = np.fft.irfft(spectrum)  # autocorrelation
    lags = np.arange(SAMPLE_RATE // 320, SAMPLE_RATE // 80)
    pitch = SAMPLE_RATE / lags[np.argmax(power[lags])]
    assert pitch == pytest.approx(voice.pitch_hz, rel=0.2)


def test_sound_follows_loudness_and_the_seed():
    words = speak(LOW_VOICE, 2.0, np.random.default_rng(1))
    loud, soft = words.loudness > 0.5, words.loudness < 0.1
    assert np.square(words.samples[loud]).mean() > 6 * np.square(words.samples[soft]).mean()
    assert 0 <= words.loudness.min() <= words.loudness.max() <= 1
    again = speak(LOW_VOICE, 2.0, np.random.default_rng(1))
    np.testing.assert_array_equal(words.samples, again.samples)
    assert not np.array_equal(words.samples, speak(LOW_VOICE, 2.0, np.random.default_rng(2)).samples)
