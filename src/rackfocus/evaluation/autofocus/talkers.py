"""Conversations composed of clips of one talker each, so that the speaker is known at each time.

The talkers are side by side and take turns: in each turn one of them is heard, and the others are still, or
move their lips silently to their own sentence.
"""

import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.device import AUTO
from rackfocus.evaluation.autofocus.focus_table import Progress, Row, mean
from rackfocus.focus.detectors.speech.voice_activity import speech_spans, voice_activity
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import Regions, SceneSpecific
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.types import FocusTarget, FocusTrack, InputError
from rackfocus.video import open_video
from rackfocus.video.sound.samples import RATE, read_sound

VIDEO_SUFFIXES = (".mpg", ".mp4", ".mov", ".mkv", ".avi")

STILL, MOUTHING = "still", "mouthing"
OTHERS = (STILL, MOUTHING)
"""What the other talkers do."""

EARLIEST_S = 1.5
"""Largest time by which a pull may arrive before speech."""


@dataclass(frozen=True, eq=False)
class Talker:
    """A clip of a talker with a sentence: encoded RGB, sound of `RATE` samples a second, the sentence's start
    and end.
    """

    frames: UInt8[np.ndarray, "frame height width 3"]
    samples: Float32[np.ndarray, " sample"]
    speech_s: tuple[float, float]


@dataclass(frozen=True)
class Arrangement:
    """Clips of talkers from left to right (modulo their number), and the speakers in order, by position from
    the left.
    """

    talkers: tuple[int, ...]
    turns: tuple[int, ...]


ARRANGEMENTS = (
    Arrangement((0, 1), (0, 1, 0)),
    Arrangement((1, 2), (1, 0)),
    Arrangement((3, 2), (0, 1)),
    Arrangement((3, 4), (1, 0)),
    Arrangement((5, 4), (0, 1)),
    Arrangement((0, 2, 4), (0, 1, 2)),
    Arrangement((1, 3, 5), (2, 0, 1)),
    Arrangement((5, 2, 0), (1, 2)),
)


@dataclass(frozen=True)
class Turn:
    """A sentence in a conversation: the speaker's position from the left, its first frame, the one after its
    last.
    """

    position: int
    first: int
    end: int


@dataclass(frozen=True)
class Talkers:
    """Whether focus is on the speaker, and arrives before speech begins.

    Attributes:
        folder: of clips with one talker each, all of one frame rate.
        autofocus: the method.
        longer_side_px: of the frames for detectors and tracker.
        device: on which networks run, by its name.
        arrangements: of the conversations.
        puller: moves focus between targets.
    """

    folder: str
    autofocus: SceneSpecific
    longer_side_px: int = 640
    device: str = AUTO
    arrangements: Sequence[Arrangement] = ARRANGEMENTS
    puller: FocusPuller = field(default_factory=FocusPuller)

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:  # noqa: ARG002
        """A row for each arrangement and behaviour of the others; no pictures."""
        talkers, fps = read_talkers(self.folder)
        cases = list(itertools.product(OTHERS, self.arrangements))
        for done, (others, arrangement) in enumerate(cases):
            with tempfile.TemporaryDirectory() as place:
                video = Path(place) / "conversation.mkv"
                turns = write_conversation(video, talkers, arrangement, fps=fps, others=others)
                start = time.perf_counter()
                watched = _Watched(
                    **{each.name: getattr(self.autofocus, each.name) for each in fields(SceneSpecific)}
                )
                track = autofocus(
                    video,
                    watched,
                    disparity=_flat,
                    longer_side_px=self.longer_side_px,
                    device=self.device,
                    puller=self.puller,
                )
                seconds = time.perf_counter() - start
            count = len(arrangement.talkers)
            width = talkers[0].frames.shape[2]
            yield {
                "conversation": " ".join(f"{each % len(talkers)}" for each in arrangement.talkers),
                "turns": " ".join(str(each) for each in arrangement.turns),
                "others": others,
                **scores(watched, track, turns, count, width=width, fps=float(fps), puller=self.puller),
                "seconds": seconds,
            }
            progress(done + 1, len(cases))

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over conversations, a row for each behaviour of the others; changes are counted over all."""
        return [_mean([row for row in rows if row["others"] == others], others) for others in OTHERS]


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
    seated = [talkers[number % len(talkers)] for number in arrangement.talkers]
    turns: list[Turn] = []
    pictures: list[UInt8[np.ndarray, "height width 3"]] = []
    sound: list[Float32[np.ndarray, " sample"]] = []
    for position in arrangement.turns:
        speaker = seated[position]
        begin, end = (len(pictures) + float(fps) * moment for moment in speaker.speech_s)
        turns.append(Turn(position, int(np.ceil(begin)), int(np.ceil(end))))
        for at in range(len(speaker.frames)):
            shown = [
                one.frames[at if one is speaker or others == MOUTHING else 0]
                if at < len(one.frames)
                else one.frames[-1]
                for one in seated
            ]
            pictures.append(np.concatenate(shown, axis=1))
        sound.append(speaker.samples)
    _write(path, pictures, np.concatenate(sound), fps)
    return turns


def scores(
    watched: "_Watched",
    track: FocusTrack,
    turns: Sequence[Turn],
    count: int,
    *,
    width: int,
    fps: float,
    puller: FocusPuller,
) -> Row:
    """Scores of the autofocus of a conversation.

    Args:
        watched: the detected position of the speaker, as a share of the width, by the time of the frame.
        track: the resulting focus track.
        turns: the ground truth.
        count: number of talkers side by side.
        width: of each, in pixels.
        fps: frames a second.
        puller: used to make the track.

    Returns:
        `face` and `focus`: the shares of frames with speech in which the maximum of the maps, and the point
        in focus, are on the speaker; `changes` of speaker, and how many were `in time`: focus arrives no
        later than speech, and at most 1.5 s before; `earliest` of all in seconds.
    """
    seen = np.full(len(track.points), -1)
    for moment, x in watched.found.items():
        frame = round(moment * fps)
        if frame < len(seen):
            seen[frame] = min(int(x * count), count - 1)
    focused = np.floor((track.points[:, 0] + 0.5) / width)
    speaking = np.concatenate([np.arange(turn.first, min(turn.end, len(seen))) for turn in turns])
    truth = np.concatenate([np.full(min(turn.end, len(seen)) - turn.first, turn.position) for turn in turns])
    early = [
        _early_frames(track.targets, turn, width, puller.early_frames)
        for before, turn in itertools.pairwise(turns)
        if before.position != turn.position
    ]
    arrived = [frames for frames in early if frames is not None]
    return {
        "face": float((seen[speaking] == truth).mean()),
        "focus": float((focused[speaking] == truth).mean()),
        "changes": len(early),
        "in time": sum(0 <= frames <= EARLIEST_S * fps for frames in arrived),
        "earliest": max(arrived, default=np.nan) / fps,
    }


def _early_frames(targets: Sequence[FocusTarget], turn: Turn, width: int, early_frames: int) -> int | None:
    """How many frames before speech focus arrives at the speaker; negative: after it. `None`: never."""
    own = [target for target in targets if int((target.x + 0.5) // width) == turn.position]
    before = [target for target in targets if target.t - early_frames <= turn.first]
    if before and before[-1] in own:
        # If earlier targets were on the same talker, without another in between, focus came with the first of
        # them.
        since = list(itertools.takewhile(lambda target: target in own, reversed(before)))
        return turn.first - (since[-1].t - early_frames)
    late = [target.t for target in own if turn.first < target.t - early_frames < turn.end]
    return turn.first - (late[0] - early_frames) if late else None


class _Watched(SceneSpecific):
    """Stores the position of the intersection's maximum, as a share of the width, by the frame's time."""

    @property
    def found(self) -> dict[float, float]:
        found: dict[float, float] = self.__dict__.setdefault("_found", {})
        return found

    def regions_of(self, maps: Any, window: ClipWindow) -> Regions:
        both = np.minimum.reduce([maps[name] for name in self.detectors])
        for moment, each in zip(window.times_s, both, strict=True):
            self.found.pop(float(moment), None)
            if each.any():
                column = int(each.max(axis=0).argmax())
                self.found[float(moment)] = (column + 0.5) / each.shape[1]
        return super().regions_of(maps, window)


def _mean(rows: Sequence[Row], others: str) -> Row:
    return {
        "conversation": f"mean of {len(rows)}",
        "turns": "",
        "others": others,
        "face": mean(rows, "face"),
        "focus": mean(rows, "focus"),
        "changes": sum(int(row["changes"]) for row in rows),
        "in time": sum(int(row["in time"]) for row in rows),
        "earliest": max((float(row["earliest"]) for row in rows), default=np.nan),
        "seconds": mean(rows, "seconds"),
    }


def _flat(_frame: int) -> Float32[np.ndarray, "rows columns"]:
    """Disparity is unknown: the same for all."""
    return np.zeros((9, 16), np.float32)


def _codes(encoded: np.ndarray) -> UInt8[np.ndarray, "height width 3"]:
    return np.round(encoded * 255).astype(np.uint8)


def _write(path: Path, pictures: Sequence[np.ndarray], samples: np.ndarray, fps: Fraction) -> None:
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    with av.open(str(path), "w", format="matroska") as container:
        stream: Any = container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        track: Any = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        sounding = av.AudioFrame.from_ndarray(
            np.round(samples[None] * (2**15 - 1)).astype(np.int16), format="s16", layout="mono"
        )
        sounding.sample_rate, sounding.pts, sounding.time_base = RATE, 0, Fraction(1, RATE)
        for packet in (*track.encode(sounding), *track.encode(None)):
            container.mux(packet)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
            frame.pts, frame.time_base = index, 1 / fps
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
