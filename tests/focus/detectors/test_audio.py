import numpy as np
import pytest

from rackfocus.focus.detectors import audio as audio_module
from rackfocus.focus.detectors.audio import Speakers
from rackfocus.focus.detectors.audio_motion import FPS
from rackfocus.focus.detectors.face_tracks import FaceTrack
from rackfocus.focus.detectors.speech.faces import face_patches, mouth_patches, nearest_frames
from rackfocus.focus.detectors.speech.known_voices import KnownVoices
from rackfocus.focus.detectors.speech.samples import RATE
from rackfocus.focus.detectors.speech.voice_activity import Loudness
from rackfocus.focus.detectors.window import ClipWindow, Detector, Sound

SPOKEN = (0.8, 2.4)


@pytest.fixture(autouse=True)
def loud_is_speech(monkeypatch):
    """No voice is made of noise: silero-vad would hear none."""
    monkeypatch.setattr(audio_module, "voice_activity", lambda: Loudness(above_db=10))


def openings(count, seed):
    noise = np.random.default_rng(seed).normal(size=3 * FPS)
    smooth = np.convolve(noise, np.hanning(7), mode="same")
    level = (smooth - smooth.min()) / np.ptp(smooth)
    seconds = np.arange(3 * FPS) / FPS
    level *= (seconds >= SPOKEN[0]) & (seconds < SPOKEN[1])
    return np.interp(np.arange(count) / count, np.arange(3 * FPS) / (3 * FPS), level)


def painted(mouths):
    """Frames of mouths that open by 0 to 1 in each, side by side; and their tracks."""
    count = len(mouths[0])
    frames = np.full((count, 90, 160, 3), 160, np.uint8)
    frames[:] = np.clip(160 + np.random.default_rng(3).normal(0, 1.5, frames.shape), 0, 255)
    y, x = np.mgrid[:90, :160]
    tracks = []
    for place, opened in enumerate(mouths):
        centre = 40 + 80 * place
        for at, height in enumerate(1 + 5 * opened):
            frames[at][((x - centre) / 7) ** 2 + ((y - 55) / height) ** 2 < 1] = 60
        box = np.tile(np.float32([centre - 22, 12, centre + 22, 70]), (count, 1))
        marks = np.float32([[-9, -23], [9, -23], [0, -10], [-7, 0], [7, 0]]) + np.float32([centre, 55])
        tracks.append(FaceTrack(0, box, np.tile(marks, (count, 1, 1)), np.ones(count, np.float32)))
    return frames, tracks


def conversation(*, fps=25.0, rate=RATE, speaker=0, channels=1, seeds=(1, 2)):
    """Two painted mouths, one of which says what is heard; and their tracks."""
    count = round(3 * fps)
    frames, tracks = painted([openings(count, seed) for seed in seeds])
    seconds = np.arange(3 * rate) / rate
    level = np.interp(seconds, np.arange(count) / fps, openings(count, seeds[speaker]))
    level = np.where((seconds >= SPOKEN[0]) & (seconds < SPOKEN[1]), 0.1 + level, 0.001)
    low = np.repeat(np.random.default_rng(9).normal(0, 0.2, 3 * 8000), 2)[: 3 * RATE]
    noise = np.interp(seconds, np.arange(len(low)) / RATE, low)
    samples = np.clip(np.tile((noise * level).astype(np.float32), (channels, 1)), -1, 1)
    window = ClipWindow(frames, 5.0 + np.arange(count) / fps, np.zeros(count, bool), Sound(samples, rate))
    return window, tracks


@pytest.fixture
def speakers(monkeypatch):
    """Maps of a window whose faces are known."""

    def judge(window, tracks):
        monkeypatch.setattr(audio_module, "face_tracks", lambda _window: tracks)
        detector = Speakers(weights="no such file.pt")
        assert isinstance(detector, Detector)
        maps = detector(window)
        assert maps.shape == (len(window.frames), *window.map_size)
        assert maps.dtype == np.float32
        assert 0 <= maps.min() <= maps.max() <= 1
        return maps

    return judge


@pytest.mark.parametrize(
    "settings",
    [{}, {"speaker": 1, "fps": 30.0}, {"fps": 15.0}, {"rate": 44100, "channels": 2}, {"rate": 8000}],
    ids=str,
)
def test_the_mouth_that_says_what_is_heard_is_marked_while_it_does(speakers, settings):
    window, tracks = conversation(**settings)
    maps = speakers(window, tracks)
    seconds = window.times_s - 5
    silent = (seconds < SPOKEN[0] - 0.2) | (seconds > SPOKEN[1] + 0.1)
    assert not maps[silent].any()
    speech = maps[(seconds > SPOKEN[0] + 0.05) & (seconds < SPOKEN[1] - 0.1)]
    left, right = speech[:, :, :80].max(axis=(1, 2)), speech[:, :, 80:].max(axis=(1, 2))
    own, other = (right, left) if settings.get("speaker") else (left, right)
    assert (own > other).mean() > 0.9
    assert (own > 0.3).mean() > 0.9


def test_each_face_has_a_chance_to_be_the_speaker_in_every_frame(monkeypatch):
    window, tracks = conversation()
    leaves = FaceTrack(0, tracks[0].boxes[:70], tracks[0].landmarks[:70], tracks[0].scores[:70])
    monkeypatch.setattr(audio_module, "face_tracks", lambda _window: [tracks[1], leaves])
    detector = Speakers(weights="no such file.pt")
    (other, silent), (own, speaking) = detector.chances(window)
    assert (other, own) == (tracks[1], leaves)
    assert len(silent) == len(speaking) == len(window.frames)
    seconds = window.times_s - 5
    assert not speaking[70:].any()
    assert not (silent + speaking)[(seconds < SPOKEN[0] - 0.2) | (seconds > SPOKEN[1] + 0.1)].any()
    assert (silent + speaking).max() <= 1 + 1e-6
    assert (speaking > 0.5)[22:50].all()
    maps = detector(window)
    np.testing.assert_allclose(maps[:, :, :80].max(axis=(1, 2)), speaking, atol=0.01)


def three_sentences():
    """The third sentence has the voice of the first, and both mouths move to it alike."""
    one, other, again = (openings(3 * FPS, seed) for seed in (1, 2, 4))
    still = np.zeros(3 * FPS)
    frames, tracks = painted([np.concatenate([one, still, again]), np.concatenate([still, other, again])])
    draw = np.random.default_rng(9)
    high = draw.normal(0, 0.2, 3 * RATE)
    low = np.repeat(draw.normal(0, 0.2, RATE), 3)
    count = len(frames)
    seconds = np.arange(count) / FPS
    level = np.interp(np.arange(9 * RATE) / RATE, seconds, np.concatenate([one, other, again]))
    samples = np.concatenate([low, high, low]) * (0.001 + level)
    sound = Sound(samples[None].clip(-1, 1).astype(np.float32), RATE)
    return ClipWindow(frames, seconds, np.zeros(count, bool), sound), tracks


THIRD = slice(round((6 + SPOKEN[0] + 0.2) * FPS), round((6 + SPOKEN[1] - 0.2) * FPS))


def test_a_voice_is_known_again_where_lips_do_not_tell_whose_it_is(speakers):
    spoken = speakers(*three_sentences())[THIRD]
    assert spoken[:, :, :80].max(axis=(1, 2)).min() > 0.9
    assert spoken[:, :, 80:].max() < 0.1


def part(window, tracks, first, end, voices):
    """Some frames of a window, in order, with their sound."""
    cut = slice(round(first * RATE), round(end * RATE))
    at = slice(round(first * FPS), round(end * FPS))
    sound = Sound(window.sound.samples[:, cut], RATE)
    own = [FaceTrack(0, one.boxes[at], one.landmarks[at], one.scores[at]) for one in tracks]
    shown = ClipWindow(window.frames[at], window.times_s[at], window.is_cut[at], sound, voices=voices)
    return shown, own


def test_a_voice_is_known_from_the_window_before(speakers):
    """The third sentence lies in a window of its own."""
    whole, tracks = three_sentences()

    def third(voices):
        maps = speakers(*part(whole, tracks, 5.6, 9, voices))
        spoken = maps[THIRD.start - round(5.6 * FPS) : THIRD.stop - round(5.6 * FPS)]
        return spoken[:, :, :80].max(axis=(1, 2)), spoken[:, :, 80:].max(axis=(1, 2))

    voices = KnownVoices()
    speakers(*part(whole, tracks, 0, 6.6, voices))
    left, right = third(voices)
    assert left.min() > 0.9
    assert right.max() < 0.1
    alone, _ = third(KnownVoices())
    assert alone.min() < 0.9
    again, _ = third(voices)  # the same window, given the same voices
    np.testing.assert_array_equal(again, left)


def test_faces_that_hold_still_do_not_speak(speakers):
    window, tracks = conversation()
    still = ClipWindow(
        np.repeat(window.frames[:1], len(window.frames), axis=0), window.times_s, window.is_cut, window.sound
    )
    assert speakers(still, tracks).max() < 0.3


def test_a_cut_within_speech_and_a_single_face(speakers):
    window, tracks = conversation()
    is_cut = window.is_cut.copy()
    is_cut[37] = True
    halves = [
        FaceTrack(first, track.boxes[part], track.landmarks[part], track.scores[part])
        for track in tracks
        for first, part in ((0, slice(0, 37)), (37, slice(37, None)))
    ]
    cut = ClipWindow(window.frames, window.times_s, is_cut, window.sound)
    maps = speakers(cut, halves)
    assert maps[30:50, :, :80].max() > 0.3
    assert speakers(window, tracks[:1])[30:50].max() > 0.3


def test_without_faces_sound_or_time_there_is_nothing(speakers):
    window, tracks = conversation()
    nothing = np.zeros((2, 3 * RATE), np.float32)
    for sound in (None, Sound(nothing, RATE), Sound(nothing[:, :0], RATE)):
        assert not speakers(ClipWindow(window.frames, window.times_s, window.is_cut, sound), tracks).any()
    assert not speakers(window, []).any()
    one = ClipWindow(window.frames[:1], window.times_s[:1], window.is_cut[:1], window.sound)
    short = FaceTrack(0, tracks[0].boxes[:1], None, tracks[0].scores[:1])
    assert not speakers(one, [short]).any()


def test_what_is_missing_is_told():
    window, _ = conversation()

    def lacks(sound):
        seen = ClipWindow(window.frames, window.times_s, window.is_cut, sound)
        return Speakers(weights="no such file.pt").missing(seen)

    assert lacks(None) == "The video has no sound, so nobody is known to speak."
    silence = Sound(np.zeros((1, RATE), np.float32), RATE)
    assert lacks(silence) == "The sound is silent, so nobody is known to speak."
    sentence = lacks(window.sound)
    assert "Silero-vad is not installed" in sentence
    assert "the weights no such file.pt of Light-ASD are missing" in sentence


def test_patches_show_the_face_at_the_nearest_time():
    window, tracks = conversation(fps=10.0)
    times = window.times_s[0] + 1.0 + np.arange(10) / FPS
    at = nearest_frames(window, tracks[0], times)
    assert at.tolist() == [10, 10, 11, 11, 12, 12, 12, 13, 13, 14]
    patches = mouth_patches(window, tracks[0], at, 20)
    assert patches.shape == (10, 20, 20)
    assert patches[:, 9:11, 9:11].mean() < 110 < 150 < patches[:, 0].mean()  # the mouth is in the middle
    faces = face_patches(window, tracks[0], at, 112)
    assert faces.shape == (10, 112, 112)
    blind = FaceTrack(0, tracks[0].boxes, None, tracks[0].scores)
    assert mouth_patches(window, blind, at, 20)[:, 9:11, 9:11].mean() < 120


def test_a_large_face_does_not_alias():
    stripes = np.zeros((1, 400, 400, 3), np.uint8)
    stripes[:, :, ::2] = 255
    window = ClipWindow(stripes, np.zeros(1), np.zeros(1, bool))
    track = FaceTrack(0, np.float32([[0, 0, 399, 399]]), None, np.ones(1, np.float32))
    patch = face_patches(window, track, np.zeros(1, int), 40)[0]
    assert np.abs(patch[2:-2, 2:-2].astype(float) - 127.5).max() < 20
