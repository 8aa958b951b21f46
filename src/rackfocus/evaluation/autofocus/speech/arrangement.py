"""Arrangements of conversations drawn at random: who sits where, who speaks, and what is heard under it."""

from dataclasses import dataclass

import numpy as np

QUIET, NOISE, MUSIC = "quiet", "noise", "music"
UNDER_SPEECH = (QUIET, NOISE, MUSIC)

SEAT_PX = (400, 360)
"""Width and height of the part of the picture in which one talker sits."""

TURNS = (3, 4)
"""Number of sentences, from the first to the last of these."""
GAP_S = (-0.4, 1.2)
"""Silence between two sentences; negative: they overlap."""
SCALE = (0.7, 1.1)
"""Of a talker's clip."""
LOUDER_DB = (6.0, 14.0)
"""Level of speech above what is under it."""
OFF_SCREEN = 1 / 3
"""How often one of the speakers is not in the picture."""


@dataclass(frozen=True)
class Seat:
    """A talker's clip in the picture.

    Attributes:
        talker: the number of the clip.
        scale: of the clip.
        x, y: where it lies between the left and right, top and bottom of its part of the picture; 0 to 1.
        phase: the share of the clip at which it begins where the talker mouths its sentence.
    """

    talker: int
    scale: float
    x: float
    y: float
    phase: float


@dataclass(frozen=True)
class Said:
    """A sentence.

    Attributes:
        talker: whose clip is heard.
        seat: of the speaker, from the left. `None`: off screen.
        gap_s: silence before it, after the end of the previous sentence; negative: they overlap.
    """

    talker: int
    seat: int | None
    gap_s: float


@dataclass(frozen=True)
class Arrangement:
    """A conversation.

    Attributes:
        seats: from left to right.
        said: in order.
        under: what is heard under speech.
        louder_db: level of speech above that.
        seed: of what is under speech.
    """

    seats: tuple[Seat, ...]
    said: tuple[Said, ...]
    under: str = QUIET
    louder_db: float = 0.0
    seed: int = 0


def random_arrangement(seed: int, talkers: int) -> Arrangement:
    """Draw an arrangement of two or three of some talkers; a sentence never follows one of the same talker.

    Args:
        seed: the same seed and number give the same arrangement.
        talkers: how many there are, at least two.
    """
    draw = np.random.default_rng(seed)
    order = [int(each) for each in draw.permutation(talkers)]
    seats = tuple(
        Seat(talker, float(draw.uniform(*SCALE)), *(float(each) for each in draw.uniform(size=3)))
        for talker in order[: min(int(draw.integers(2, 4)), talkers)]
    )
    count = int(draw.integers(TURNS[0], TURNS[1] + 1))
    voices: list[int | None] = []
    for _ in range(count):
        others = [seat for seat in range(len(seats)) if voices[-1:] != [seat]]
        voices.append(others[int(draw.integers(len(others)))])
    if len(order) > len(seats) and draw.random() < OFF_SCREEN:
        voices[int(draw.integers(1, count))] = None
    said = tuple(
        Said(
            order[len(seats)] if seat is None else seats[seat].talker,
            seat,
            float(draw.uniform(*GAP_S)) if number else 0.0,
        )
        for number, seat in enumerate(voices)
    )
    under = UNDER_SPEECH[int(draw.integers(len(UNDER_SPEECH)))]
    return Arrangement(seats, said, under, float(draw.uniform(*LOUDER_DB)), seed)
