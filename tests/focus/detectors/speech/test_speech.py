"""Sound at 16 kHz, voices in it, and who has the turn."""

from itertools import pairwise

import numpy as np
import pytest

from rackfocus.focus.detectors.speech import voice_activity as activity
from rackfocus.focus.detectors.speech.samples import RATE, speech_samples
from rackfocus.focus.detectors.speech.turns import turns
from rackfocus.focus.detectors.speech.voice_activity import HOP, Loudness, speech_spans
from rackfocus.focus.detectors.window import Sound


def tone(rate, seconds=1.0):
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000])
def test_a_tone_is_the_same_at_any_rate(rate):
    samples = speech_samples(Sound(tone(rate)[None], rate))
    assert len(samples) == RATE
    wanted = tone(RATE)
    within = slice(200, -200)  # a filter needs a beginning and an end
    assert np.abs(samples[within] - wanted[within]).max() < 0.02


def test_what_is_at_16_khz_is_untouched_and_channels_are_mixed():
    left = tone(RATE)
    np.testing.assert_array_equal(speech_samples(Sound(left[None], RATE)), left)
    # Five channels of nothing beside a voice make it no quieter.
    six = np.concatenate([np.zeros((5, len(left)), np.float32), left[None]])
    np.testing.assert_allclose(speech_samples(Sound(six, RATE)), left)


@pytest.mark.parametrize(
    "sound",
    [
        None,
        Sound(np.zeros((1, 1600), np.float32), RATE),
        Sound(np.zeros((2, 0), np.float32), RATE),
        Sound(np.zeros((0, 10), np.float32), RATE),
        Sound(np.full((1, 50), 1e-5, np.float32), RATE),
        Sound(np.ones((1, 5), np.float32), 5),
        Sound(np.full((1, 100), np.nan, np.float32), RATE),
    ],
)
def test_nothing_is_heard_in_silence(sound):
    assert speech_samples(sound).shape == (0,)


def test_spans_bridge_short_pauses_and_drop_clicks():
    hop = HOP / RATE
    probability = np.zeros(100, np.float32)
    probability[10:20] = 0.9
    probability[20:25] = 0.4  # above the release: still speech
    probability[30:40] = 0.6  # after 0.16 s
    probability[70:72] = 0.9  # 0.06 s
    assert speech_spans(probability) == [(pytest.approx(10 * hop), pytest.approx(40 * hop))]
    found = speech_spans(probability, bridged_s=0.1, least_s=0.0)
    assert np.ravel(found) == pytest.approx([each * hop for each in (10, 25, 30, 40, 70, 72)])
    assert speech_spans(np.zeros(0, np.float32)) == []


def test_loudness_hears_what_stands_out():
    noise = np.random.default_rng(1).normal(0, 0.003, 2 * RATE).astype(np.float32)
    noise[RATE // 2 : RATE] += tone(RATE, 0.5)
    ((begin, end),) = speech_spans(Loudness()(noise))
    assert begin == pytest.approx(0.5, abs=0.04)
    assert end == pytest.approx(1.0, abs=0.04)
    assert not speech_spans(Loudness()(tone(RATE)))  # a hum is background
    assert Loudness()(np.zeros(0, np.float32)).shape == (0,)


def test_without_silero_loudness_stands_in(monkeypatch):
    monkeypatch.setattr(activity.importlib.util, "find_spec", lambda _name: None)
    activity.voice_activity.cache_clear()
    try:
        assert isinstance(activity.voice_activity(), Loudness)
    finally:
        activity.voice_activity.cache_clear()


def test_silero_tells_a_voice_from_a_tone(shared):
    if not isinstance(activity.voice_activity(), activity.Silero):
        pytest.skip("silero-vad or onnxruntime is not installed")
    from rackfocus.video.sound.samples import read_sound

    heard = read_sound(shared / "data" / "video" / "grid_talkers" / "bbaf2n.mpg", 0, 3, origin_s=0)
    ((begin, end),) = speech_spans(activity.voice_activity()(heard[0]))
    assert 0.8 < begin < 1.1
    assert 2.0 < end < 2.5
    assert speech_spans(activity.voice_activity()(tone(RATE, 2))) == []


def test_turns_follow_the_evidence_and_no_single_moment():
    evidence = np.full((100, 2), -3.0)
    evidence[:50, 0] = evidence[50:, 1] = 3.0
    evidence[20, :] = evidence[20, ::-1]
    found = turns(evidence, step_s=0.04, changes_per_s=np.full(100, 0.25))
    assert (found[:45, 0] > 0.8).all()
    assert (found[55:, 1] > 0.8).all()
    assert (found.sum(axis=1) <= 1 + 1e-9).all()


def test_a_turn_begins_in_the_pause_before_it():
    evidence = np.full((60, 2), -3.0)
    evidence[:25, 0] = evidence[35:, 1] = 3.0
    evidence[25:35] = 0
    changes = np.full(60, 0.25)
    changes[25:35] = 3.0
    found = turns(evidence, step_s=0.04, changes_per_s=changes)
    assert (found[:24, 0] > 0.8).all()
    assert (found[36:, 1] > 0.8).all()
    assert found[28, 0] > found[28, 1]
    assert found[32, 0] < found[32, 1]


def test_nobody_has_the_turn_where_nobody_seems_to_speak():
    changes = np.full(50, 0.25)
    assert (turns(np.full((50, 3), -3.0), step_s=0.04, changes_per_s=changes) < 0.2).all()
    assert turns(np.zeros((5, 0)), step_s=0.04, changes_per_s=changes[:5]).shape == (5, 0)
    unseen = turns(np.full((50, 1), -np.inf), step_s=0.04, changes_per_s=changes)
    np.testing.assert_array_equal(unseen, 0)


def test_turns_of_two_states_are_those_of_all_paths():
    """Against the sum over all sequences of states."""
    evidence = np.random.default_rng(4).normal(0, 5, (4, 1))
    step, changes = 0.2, np.array([9.0, 0.25, 2.0, 0.25])
    total, speaks = 0.0, np.zeros(4)
    for code in range(16):
        path = [code >> at & 1 for at in range(4)]
        chance = np.exp(step * sum(evidence[at, 0] for at in range(4) if path[at]))
        for (before, after), change in zip(pairwise(path), changes[1:] * step, strict=True):
            chance *= change if before != after else 1 - change
        total += chance
        speaks += chance * np.array(path)
    np.testing.assert_allclose(turns(evidence, step_s=step, changes_per_s=changes)[:, 0], speaks / total)
