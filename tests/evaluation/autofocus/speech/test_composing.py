from fractions import Fraction

import numpy as np
import pytest

from rackfocus import InputError
from rackfocus.evaluation.autofocus.speech.arrangement import (
    MUSIC,
    NOISE,
    QUIET,
    SEAT_PX,
    Arrangement,
    Said,
    Seat,
)
from rackfocus.evaluation.autofocus.speech.composing import (
    GREY,
    MOUTHING,
    STILL,
    Talker,
    read_talkers,
    seat_box,
    write_conversation,
)
from rackfocus.evaluation.autofocus.speech.speaker_scores import Turn
from rackfocus.video import open_video
from rackfocus.video.sound.samples import RATE, read_sound


def talker(grey):
    """Brighter from frame to frame, and as loud as bright."""
    frames = np.stack([np.full((180, 200, 3), grey + 10 * at, np.uint8) for at in range(5)])
    return Talker(frames, np.full(RATE // 2, grey / 255, np.float32), (0.1, 0.3))


TALKERS = [talker(60), talker(120), talker(180)]
SEATS = Seat(0, 1.0, 0.0, 0.0, 0.4), Seat(2, 2.0, 1.0, 1.0, 0.6)


def written(path, said, others, under=QUIET):
    arrangement = Arrangement(SEATS, said, under, louder_db=6.0)
    turns = write_conversation(path, TALKERS, arrangement, fps=Fraction(10), others=others)
    with open_video(path) as video:
        frames = [(frame.encoded[1] * 255).numpy() for frame in video.frames()]
    return turns, frames, read_sound(path, 0.0, len(frames) / 10)[0]


def levels(frames, place):
    """The grey in the middle of a seat's clip, frame by frame."""
    left, top, right, bottom = seat_box(SEATS[place], place, (200, 180))
    return [float(each[top + 20 : bottom - 20, left + 20 : right - 20].mean()) for each in frames]


def test_clips_lie_within_their_part_of_the_picture():
    assert seat_box(SEATS[0], 0, (200, 180)) == (0, 0, 200, 180)
    assert seat_box(Seat(0, 0.5, 0.5, 1.0, 0.0), 2, (200, 180)) == (950, 270, 1050, 360)
    assert seat_box(Seat(0, 9.0, 0.5, 0.5, 0.0), 1, (200, 180)) == (400, 0, 800, 360)


# Each clip has 5 frames, with the sentence in the second and third; two frames lie between the sentences.
SAID = Said(0, 0, 0.0), Said(2, 1, 0.2)


@pytest.mark.parametrize(
    ("others", "left", "right"),
    [
        (STILL, [60, 70, 80, 90, 100, 100, 100, 100, 100], [180, 180, 180, 180, 180, 190, 200, 210, 220]),
        (MOUTHING, [60, 70, 80, 90, 100, 80, 90, 100, 60], [210, 220, 180, 190, 180, 190, 200, 210, 220]),
    ],
)
def test_a_conversation_is_who_speaks_beside_who_does_not(tmp_path, others, left, right):
    turns, frames, heard = written(tmp_path / "conversation.mkv", SAID, others)
    assert turns == [Turn(0, 1, 3), Turn(1, 5, 7)]
    assert frames[0].shape == (SEAT_PX[1], 2 * SEAT_PX[0])
    assert frames[0][300, 300] == pytest.approx(GREY, abs=3)
    assert levels(frames, 0) == pytest.approx(left, abs=3)
    assert levels(frames, 1) == pytest.approx(right, abs=3)
    assert heard[RATE // 4] == pytest.approx(60 / 255, abs=1e-3)
    assert heard[7 * RATE // 10] == pytest.approx(180 / 255, abs=1e-3)


def test_sentences_overlap_and_one_is_said_off_screen(tmp_path):
    said = Said(0, 0, 0.0), Said(1, None, -0.1)
    turns, frames, heard = written(tmp_path / "conversation.mkv", said, STILL)
    assert turns == [Turn(0, 1, 3), Turn(None, 2, 4)]
    assert levels(frames, 1) == pytest.approx([180] * 6, abs=3)
    assert heard[RATE // 4] == pytest.approx(180 / 255, abs=1e-3)


@pytest.mark.parametrize("under", [NOISE, MUSIC])
def test_speech_is_louder_than_what_is_under_it(tmp_path, under):
    _, _, plain = written(tmp_path / "plain.mkv", SAID, STILL)
    _, _, heard = written(tmp_path / "heard.mkv", SAID, STILL, under)
    # What is louder than full scale is reduced as a whole.
    scale = float(heard @ plain) / float(plain @ plain)
    rest = heard / scale - plain
    louder = np.sqrt(np.square(plain).mean() / np.square(rest).mean())
    assert 1.2 < louder < 4


def test_clips_that_are_no_use_are_told(tmp_path):
    with pytest.raises(InputError, match="two or more clips"):
        read_talkers(tmp_path)
