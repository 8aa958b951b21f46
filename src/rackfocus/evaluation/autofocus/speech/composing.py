"""Composes conversations of clips with one talker each, so that who speaks is known at each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.evaluation.autofocus.speech.arrangement import MUSIC, QUIET, SEAT_PX, Arrangement, Seat
from rackfocus.evaluation.autofocus.speech.speaker_scores import Turn
from rackfocus.focus.detectors.speech.voice_activity import speech_spans, voice_activity
from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.sound.samples import RATE, read_sound

VIDEO_SUFFIXES = (".mpg", ".mp4", ".mov", ".mkv", ".avi")

STILL, MOUTHING = "still", "mouthing"
OTHERS = (STILL, MOUTHING)
"""What talkers do while they do not speak: they hold still, or move their lips to their own sentence."""

GREY = 118
"""Of the picture between the clips."""

CHORDS_HZ = ((220.0, 277.2, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7), (164.8, 196.0, 246.9))
"""Notes of the music."""
CHORD_S = 0.6
"""Length of a chord."""


@dataclass(frozen=True, eq=False)
class Talker:
    """A clip of a talker with a sentence: encoded RGB, sound of `RATE` samples a second, the sentence's start
    and end.
    """

    frames: UInt8[np.ndarray, "frame height width 3"]
    samples: Float32[np.ndarray, " sample"]
    speech_s: tuple[float, float]


def read_talkers(folder: str | Path) -> tuple[list[Talker], Fraction]:
    """The clips of a folder in the order of their names, resized to the first one, and their frame rate.

    Raises:
        InputError: there are fewer than two, one has no sound or no voice, or their frame rates differ.
    """
    folder = Path(folder)
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    if len(paths) < 2:
        raise InputError(f"{folder} must hold two or more clips of one talker each.")
    talkers: list[Talker] = []
    rates = set()
    for path in paths:
        with open_video(path) as video:
            fps = video.info.fps
            rates.add(fps)
            frames = [_codes(frame.encoded.permute(1, 2, 0).numpy()) for frame in video.frames()]
        samples = read_sound(path, 0.0, float(len(frames) / fps))
        spans = [] if samples is None else speech_spans(voice_activity()(samples[0]))
        if samples is None or not spans:
            raise InputError(f"Nobody is heard in {path}; leave it out.")
        size = talkers[0].frames.shape[2:0:-1] if talkers else frames[0].shape[1::-1]
        resized = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
        talkers.append(Talker(np.stack(resized), samples[0], (spans[0][0], spans[-1][1])))
    if len(rates) > 1:
        raise InputError(f"The clips of {folder} must have one frame rate; convert them first.")
    return talkers, rates.pop()


def write_conversation(
    path: Path, talkers: Sequence[Talker], arrangement: Arrangement, *, fps: Fraction, others: str
) -> list[Turn]:
    """Write a Matroska video with sound, the `others` being `still` or `mouthing`; returns the turns."""
    starts = _starts(talkers, arrangement, float(fps))
    said = list(zip(arrangement.said, starts, strict=True))
    count = max(start + len(talkers[each.talker].frames) for each, start in said)
    pictures = np.full((count, SEAT_PX[1], SEAT_PX[0] * len(arrangement.seats), 3), GREY, np.uint8)
    for number, seat in enumerate(arrangement.seats):
        frames = talkers[seat.talker].frames
        left, top, right, bottom = seat_box(seat, number, frames.shape[2:0:-1])
        small = [
            cv2.resize(frame, (right - left, bottom - top), interpolation=cv2.INTER_AREA) for frame in frames
        ]
        if others == MOUTHING:
            shown = (np.arange(count) + round(seat.phase * len(small))) % len(small)
        else:
            shown = np.zeros(count, int)
        for each, start in said:
            if each.seat == number:
                shown[start : start + len(small)] = np.arange(len(small))
                if others == STILL:
                    shown[start + len(small) :] = len(small) - 1
        for at, index in enumerate(shown):
            pictures[at, top:bottom, left:right] = small[index]
    length = round(count / float(fps) * RATE)
    sound = np.zeros(length, np.float32)
    for each, start in said:
        samples = talkers[each.talker].samples
        first = round(start / float(fps) * RATE)
        sound[first : first + len(samples)] += samples[: length - first]
    if arrangement.under != QUIET:
        under = (_music if arrangement.under == MUSIC else _noise)(length, arrangement.seed)
        sound += under * (_level(sound) / _level(under) / 10 ** (arrangement.louder_db / 20))
    _write(path, pictures, sound / max(1.0, float(np.abs(sound).max())), fps)
    return [
        Turn(each.seat, *(int(np.ceil(start + float(fps) * at)) for at in talkers[each.talker].speech_s))
        for each, start in said
    ]


def seat_box(seat: Seat, number: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, in pixels of the picture, of the clip of a seat.

    Args:
        seat: where it is.
        number: of the seat, from the left.
        size: width and height of the clips, in pixels.
    """
    scale = min(seat.scale, *(most / side for most, side in zip(SEAT_PX, size, strict=True)))
    width, height = (round(side * scale) for side in size)
    left = number * SEAT_PX[0] + round(seat.x * (SEAT_PX[0] - width))
    top = round(seat.y * (SEAT_PX[1] - height))
    return left, top, left + width, top + height


def _starts(talkers: Sequence[Talker], arrangement: Arrangement, fps: float) -> list[int]:
    """The frame at which the clip of each sentence begins."""
    starts: list[int] = []
    ended_s = 0.0
    for said in arrangement.said:
        begin_s, end_s = talkers[said.talker].speech_s
        start = max(0, round((ended_s + said.gap_s - begin_s) * fps))
        starts.append(start)
        ended_s = start / fps + end_s
    return starts


def _level(samples: Float32[np.ndarray, " sample"]) -> float:
    """Of the louder half."""
    return float(np.sqrt(np.square(samples[np.abs(samples) >= np.median(np.abs(samples))]).mean())) + 1e-9


def _noise(count: int, seed: int) -> Float32[np.ndarray, " sample"]:
    """Pink noise: power falls by 1/f."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0))
    return np.fft.irfft(spectrum, count).astype(np.float32)


def _music(count: int, seed: int) -> Float32[np.ndarray, " sample"]:
    """Chords in a random order, struck like strings."""
    draw = np.random.default_rng(seed)
    each = round(CHORD_S * RATE)
    seconds = np.arange(each) / RATE
    chords = [
        sum(
            np.exp(-3 * seconds) * np.sin(2 * np.pi * overtone * note * seconds) / overtone
            for note in notes
            for overtone in range(1, 6)
        )
        for notes in CHORDS_HZ
    ]
    played = [chords[at] for at in draw.integers(len(chords), size=-(-count // each))]
    return np.concatenate(played)[:count].astype(np.float32)


def _codes(encoded: np.ndarray) -> UInt8[np.ndarray, "height width 3"]:
    return np.round(encoded * 255).astype(np.uint8)


def _write(
    path: Path,
    pictures: UInt8[np.ndarray, "frame height width 3"],
    samples: Float32[np.ndarray, " sample"],
    fps: Fraction,
) -> None:
    with av.open(str(path), "w", format="matroska") as container:
        stream: Any = container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "veryfast"})
        stream.height, stream.width, stream.pix_fmt = *pictures.shape[1:3], "yuv420p"
        track: Any = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        sounding = av.AudioFrame.from_ndarray(
            np.round(samples[None] * (2**15 - 1)).astype(np.int16), format="s16", layout="mono"
        )
        sounding.sample_rate, sounding.pts, sounding.time_base = RATE, 0, Fraction(1, RATE)
        for packet in (*track.encode(sounding), *track.encode(None)):
            container.mux(packet)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, 1 / fps
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
