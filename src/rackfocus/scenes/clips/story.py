"""The story of a clip: a script of focus events drawn from a seed, and the people's positions by frame.

Three kinds of clips: in `enters` people come into view, in `acts` people who stood still start to act, in
`speaks` two people at different depths talk in turn. A clip depends only on its kind and seed. From seed
`DISTURBED_FROM` on, most clips of the first two kinds have a handheld camera, or something that moves all the
time and is no event, or both.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.clips.disturbances import DISTURBED_FROM, Props, hand_held, passer_by, swaying_tree
from rackfocus.scenes.clips.people import ACTIONS, KICK_CONTACT_S, REST, Person, Pose, blend, ramp, talk, walk
from rackfocus.scenes.clips.places import park, room, square
from rackfocus.scenes.clips.speech import HIGH_VOICE, LOW_VOICE, SAMPLE_RATE, speak
from rackfocus.scenes.geometry import ball, box
from rackfocus.scenes.layouts.skies import daylight, window_light
from rackfocus.scenes.layouts.stage import Stage
from rackfocus.scenes.objects import materials
from rackfocus.scenes.recipe import Camera, Part, Sky, placed
from rackfocus.types import InputError

KINDS = ("enters", "acts", "speaks")

NAMES = ("first", "second", "third")
FOV = 54.0
_EDGE = float(np.tan(np.radians(FOV / 2)))
_REST_S = 0.3
_BALL_RADIUS_M = 0.12


@dataclass(frozen=True)
class ScriptEvent:
    """An event of the script: from `frame` on, `who` does `what`.

    Attributes:
        frame: the first frame that differs from rest. For `enters` it is an estimate of when half of the
            person is visible; the exact frame is found in the rendered clip.
        kind: one of `KINDS`.
        who: one of `NAMES`.
        what: a description.
        until: for `speaks`, the first frame after the end; else `None`.
        pitch_hz: for `speaks`, pitch of the voice; else `None`.
    """

    frame: int
    kind: str
    who: str
    what: str
    until: int | None = None
    pitch_hz: float | None = None


@dataclass(frozen=True)
class Placement:
    """Position and direction of a person: metres, and degrees anticlockwise from above."""

    x: float
    y: float
    turn: float


@dataclass(frozen=True)
class Actor:
    """One person of a story, one of `NAMES`, with position and pose at each frame."""

    name: str
    person: Person
    stand: Callable[[int], Placement]
    pose: Callable[[int], Pose]

    def parts(self, frame: int) -> list[Part]:
        """The person's parts in the world, always in the same order."""
        at = self.stand(frame)
        return self.person.parts(self.pose(frame), x=at.x, y=at.y, turn=at.turn)


@dataclass(frozen=True)
class Story:
    """A clip before rendering.

    Attributes:
        kind: one of `KINDS`.
        seed: from which it was drawn.
        frames: number of frames.
        fps: frames a second.
        scenery: the static parts.
        actors: the people; the first is initially in focus.
        props: other moving parts at a frame, always in the same order.
        cues: the script, in time order.
        sky: the light.
        camera: the camera at a frame.
        sound: for `speaks`, one channel at `SAMPLE_RATE`, as long as the clip; else `None`.
    """

    kind: str
    seed: int
    frames: int
    fps: int
    scenery: tuple[Part, ...]
    actors: tuple[Actor, ...]
    props: Callable[[int], list[Part]]
    cues: tuple[ScriptEvent, ...]
    sky: Sky
    camera: Callable[[int], Camera]
    sound: Float[np.ndarray, " sample"] | None = None


def make_story(kind: str, seed: int, *, frames: int, fps: int) -> Story:
    """Draw a story from a seed.

    Raises:
        InputError: there is no such kind, or the clip is too short.
    """
    if kind not in KINDS:
        raise InputError(f"There is no kind of clip {kind!r}; choose among {', '.join(KINDS)}.")
    if frames < 8 or fps < 1:
        raise InputError(f"A clip needs 8 frames or more and 1 fps or more, and got {frames} at {fps}.")
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    stage = Stage(rng=np.random.default_rng((seed, KINDS.index(kind), 1)), lit=False)
    indoors = bool(rng.random() < 0.4) and kind == "speaks"
    (room if indoors else square if rng.random() < 0.5 else park)(stage)
    sky = window_light(rng) if indoors else daylight(rng)
    forward, sway, pan = (
        float(rng.uniform(low, high)) for low, high in ((0.0, 0.35), (-0.12, 0.12), (-2, 2))
    )
    height = float(rng.uniform(1.3, 1.5))

    def camera(frame: int) -> Camera:
        share = frame / max(frames - 1, 1)
        return Camera((sway * share, forward * share, height), yaw=pan * (share - 0.5), pitch=-3.0, fov=FOV)

    if kind == "enters":
        actors, props, cues, sound = _enters(rng, stage, frames, fps)
    else:
        actors, props, cues, sound = (_acts if kind == "acts" else _speaks)(rng, frames, fps)
    cues = sorted(cues, key=lambda cue: cue.frame)
    seen_by: Callable[[int], Camera] = camera
    disturbances: tuple[Props, ...] = ()
    if seed >= DISTURBED_FROM and kind != "speaks":
        seen_by, disturbances = _disturbed(camera, (seed, KINDS.index(kind)), fps)

    def moving(frame: int) -> list[Part]:
        return [*props(frame), *(part for disturbance in disturbances for part in disturbance(frame))]

    return Story(
        kind, seed, frames, fps, tuple(stage.parts), actors, moving, tuple(cues), sky, seen_by, sound
    )


def _disturbed(
    camera: Callable[[int], Camera], seed: tuple[int, int], fps: int
) -> tuple[Callable[[int], Camera], tuple[Props, ...]]:
    """Add a handheld camera, a passer-by, a swaying tree: each in about half of the clips."""
    shakes, passes, sways = np.random.default_rng((*seed, 2)).random(3) < (0.6, 0.5, 0.4)
    props = []
    if passes:
        props.append(passer_by(np.random.default_rng((*seed, 3)), fps))
    if sways:
        props.append(swaying_tree(np.random.default_rng((*seed, 4)), fps))
    return hand_held(camera, np.random.default_rng((*seed, 5)), fps) if shakes else camera, tuple(props)


_Told = tuple[
    tuple[Actor, ...], Callable[[int], list[Part]], list[ScriptEvent], Float[np.ndarray, " sample"] | None
]


def _nothing(_frame: int) -> list[Part]:
    return []


def _moments(rng: np.random.Generator, count: int, frames: int) -> list[int]:
    """Frames of this number of events, spread over the clip, away from its ends."""
    gap = 0.8 / count
    shares = [0.14 + gap * (index + float(rng.uniform(0.0, 0.45))) for index in range(count)]
    return [max(2 + index, round(share * frames)) for index, share in enumerate(shares)]


def _enters(rng: np.random.Generator, stage: Stage, frames: int, fps: int) -> _Told:
    """One or two people walk in, from beside the picture or from behind a kiosk, and stop."""
    side = float(rng.choice([-1.0, 1.0]))
    first = Placement(-side * 0.27 * 2.7, 2.7, float(rng.uniform(-20, 20)))
    actors = [Actor(NAMES[0], Person(rng), lambda _frame: first, lambda _frame: REST)]
    count = int(np.clip(round(frames / fps / 1.5), 1, min(2, frames // 4)))
    columns = [side * 0.14, side * 0.02] if rng.random() < 0.5 else [side * 0.20, -side * 0.05]
    depths = [float(rng.uniform(3.5, 4.2)), float(rng.uniform(5.4, 6.6))]
    if rng.random() < 0.5:
        depths.reverse()
    cues = []
    for name, frame, column, depth in zip(
        NAMES[1:], _moments(rng, count, frames), columns, depths, strict=False
    ):
        speed_m = -side * float(rng.uniform(1.1, 1.5)) / fps
        if depth > 5.0:
            hidden_at = side * 0.40 * depth
            kiosk = Part(
                box(1.5, 0.5, 2.5), materials.stuff(rng, "bricks", ((0.45, 0.17, 0.10), *materials.STONES))
            )
            # The kiosk's edge is in line with the place where half of the walker is visible.
            near = depth - 0.8
            edge = hidden_at * near / depth
            stage.add([kiosk], x=edge + side * 0.75, y=near, subject=False)
            start, what = hidden_at + side * 0.75, "comes out from behind a kiosk"
        else:
            hidden_at = side * _EDGE * depth
            start, what = side * (_EDGE * depth + 6.0), "walks into the picture"
        stand, pose = _walking(frame, hidden_at, speed_m, between=(column * depth, start), y=depth, fps=fps)
        actors.append(Actor(name, Person(rng), stand, pose))
        cues.append(ScriptEvent(frame, "enters", name, what))
    return tuple(actors), _nothing, cues, None


def _walking(
    frame: int, x: float, speed_m: float, *, between: tuple[float, float], y: float, fps: int
) -> tuple[Callable[[int], Placement], Callable[[int], Pose]]:
    """Position and pose of somebody who walks between two places, and is at `x` in a frame."""
    low, high = sorted(between)

    def at(now: int) -> float:
        return x + speed_m * (now - frame)

    def stand(now: int) -> Placement:
        return Placement(float(np.clip(at(now), low, high)), y, math.copysign(90.0, speed_m))

    return stand, lambda now: walk(now / fps) if low < at(now) < high else REST


def _places(rng: np.random.Generator) -> list[Placement]:
    """Positions of three people, side by side in the picture and at different depths."""
    columns = rng.permutation([-0.29, 0.0, 0.29]) + rng.uniform(-0.03, 0.03, 3)
    depths = (rng.uniform(2.5, 2.9), rng.uniform(3.7, 4.4), rng.uniform(5.2, 6.4))
    return [
        Placement(float(column * depth), float(depth), float(rng.uniform(-25, 25)))
        for column, depth in zip(columns, depths, strict=True)
    ]


def _acts(rng: np.random.Generator, frames: int, fps: int) -> _Told:
    """Three people stand still; one after the other acts and rests again."""
    stands = _places(rng)
    order = rng.permutation(3)
    stands = [stands[index] for index in order]
    count = int(np.clip(round(frames / fps / 1.2), 1, min(3, frames // 4)))
    actions = [str(name) for name in rng.permutation(list(ACTIONS))]
    moments = _moments(rng, count, frames)
    for event in range(count):
        # The feet of near people are outside the picture, so the kick is replaced by another action.
        if actions[event] == "kicks a ball" and stands[(event + 1) % 3].y < 3.5:
            other = (event + 1) % 3
            actions[event], actions[other] = actions[other], actions[event]
            break
    actors, cues, balls = [], [], []
    for number, name in enumerate(NAMES):
        at = stands[number]
        pose: Callable[[int], Pose] = lambda _frame: REST  # noqa: E731
        # The initial focus is on the person who acts last, so that each event is a change of focus.
        event = number - 1 if number else 2
        if event < count:
            start, action = moments[event], actions[event]
            if action == "kicks a ball":
                turn = -float(np.sign(at.x) or 1.0) * float(rng.uniform(35, 60))
                at = Placement(at.x, at.y, turn)
                balls.append((at, start, materials.stuff(rng, "dots", materials.PAINTS)))
            pose = _acting(action, start, fps)
            cues.append(ScriptEvent(start, "acts", name, action))
        actors.append(Actor(name, Person(rng), lambda _frame, at=at: at, pose))  # type: ignore[misc]

    def props(frame: int) -> list[Part]:
        parts: list[Part] = []
        for at, start, material in balls:
            since = max(0.0, (frame - start + 1) / fps - KICK_CONTACT_S)
            way = 3.2 / 1.1 * (1.0 - float(np.exp(-1.1 * since)))
            mesh = ball(_BALL_RADIUS_M, segments=24).moved((0, 0, -_BALL_RADIUS_M))
            mesh = mesh.tilted(float(np.degrees(way / _BALL_RADIUS_M)))
            rolled = Part(mesh.moved((0.09, -0.42 - way, _BALL_RADIUS_M)), material)
            parts += placed([rolled], x=at.x, y=at.y, turn=at.turn)
        return parts

    return tuple(actors), props, cues, None


def _acting(action: str, start: int, fps: int) -> Callable[[int], Pose]:
    """Rest, then the action for a second and a half, then rest."""
    motion = ACTIONS[action]

    def pose(frame: int) -> Pose:
        since = (frame - start + 1) / fps
        return blend(motion(since), REST, ramp((since - 1.5) / _REST_S))

    return pose


def _speaks(rng: np.random.Generator, frames: int, fps: int) -> _Told:
    """Two people, turned towards each other, talk in turn."""
    side = float(rng.choice([-1.0, 1.0]))
    depths = [float(rng.uniform(1.9, 2.5)), float(rng.uniform(3.4, 5.0))]
    stands = [
        Placement(sign * column * depth, depth, -sign * float(rng.uniform(15, 32)))
        for sign, column, depth in zip((side, -side), (0.22, 0.2), depths, strict=True)
    ]
    voices = [LOW_VOICE, HIGH_VOICE] if rng.random() < 0.5 else [HIGH_VOICE, LOW_VOICE]
    if rng.random() < 0.5:
        stands.reverse()
    count = int(np.clip(round(frames / fps / 1.4), 2, min(12, frames // 4)))
    starts = [*_moments(rng, count, frames), frames]
    starts[1:-1] = [max(now, before + 2) for before, now in pairwise(starts[:-1])]
    samples = round(frames / fps * SAMPLE_RATE)
    sound, loudness = np.zeros(samples), np.zeros((2, samples))
    cues = []
    for number in range(count):
        # The person who is not initially in focus speaks first.
        who = (number + 1) % 2
        begin, end = starts[number], starts[number + 1]
        pause = min(0.25, 0.15 * (end - begin) / fps)
        words = speak(voices[who], (end - begin) / fps - pause, rng)
        at = round(begin / fps * SAMPLE_RATE)
        room = slice(at, min(at + len(words.samples), samples))
        sound[room] = words.samples[: room.stop - at]
        loudness[who, room] = words.loudness[: room.stop - at]
        until = min(frames, int(np.ceil(room.stop / SAMPLE_RATE * fps - 1e-6)))
        cues.append(ScriptEvent(begin, "speaks", NAMES[who], "starts to speak", until, voices[who].pitch_hz))
    actors = []
    for number in range(2):
        turns = [(cue.frame, cue.until or frames) for cue in cues if cue.who == NAMES[number]]
        pose = _speaking(turns, loudness[number], fps)
        actors.append(
            Actor(NAMES[number], Person(rng), lambda _frame, at=stands[number]: at, pose)  # type: ignore[misc]
        )
    return tuple(actors), _nothing, cues, sound


def mouth_opening(loudness: Float[np.ndarray, " sample"], frame: int, fps: int) -> float:
    """Mean loudness during a frame, 0 to 1."""
    first, last = (round(index / fps * SAMPLE_RATE) for index in (frame, frame + 1))
    shown = loudness[first:last]
    return float(shown.mean()) if len(shown) else 0.0


def _speaking(
    turns: Sequence[tuple[int, int]], loudness: Float[np.ndarray, " sample"], fps: int
) -> Callable[[int], Pose]:
    def pose(frame: int) -> Pose:
        begun = [turn for turn in turns if turn[0] <= frame]
        if not begun:
            return REST
        begin, end = begun[-1]
        words = talk((frame - begin + 1) / fps, mouth_opening(loudness, frame, fps))
        return blend(words, REST, ramp((frame - end + 1) / fps / _REST_S))

    return pose
