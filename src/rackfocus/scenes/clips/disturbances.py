"""Motion that is no event and makes a clip harder: camera shake, a distant passer-by, a tree in the wind.

It lasts from the first frame to the last. Each kind has its own random generator, so that a story is
otherwise the same with and without it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rackfocus.scenes.clips.people import Person, walk
from rackfocus.scenes.geometry import rotation
from rackfocus.scenes.objects import plants
from rackfocus.scenes.recipe import Camera, Part, placed

DISTURBED_FROM = 1000
"""The first seed for which stories may have disturbances."""

_TREMOR_HZ = (0.35, 0.8, 1.7, 3.1, 5.3)
_TREMOR_DEGREES = 0.35
_TREMOR_M = 0.008

Props = Callable[[int], list[Part]]


def hand_held(camera: Callable[[int], Camera], rng: np.random.Generator, fps: int) -> Callable[[int], Camera]:
    """The same camera held by hand: it rotates by about a third of a degree and drifts by some millimetres.

    The shake is a sum of sine waves whose amplitude falls with their frequency, as for a hand.
    """
    rates = np.array(_TREMOR_HZ) * rng.uniform(0.85, 1.15, (4, len(_TREMOR_HZ)))
    phases = rng.uniform(0, 2 * np.pi, rates.shape)
    sizes = 1.0 / np.array(_TREMOR_HZ)
    sizes = sizes / np.linalg.norm(sizes) * np.sqrt(2.0)

    def held(frame: int) -> Camera:
        yaw, pitch, right, up = (sizes * np.sin(2 * np.pi * rates * frame / fps + phases)).sum(axis=1)
        steady = camera(frame)
        x, y, z = steady.position
        return replace(
            steady,
            position=(x + _TREMOR_M * float(right), y, z + _TREMOR_M * float(up)),
            yaw=steady.yaw + _TREMOR_DEGREES * float(yaw),
            pitch=steady.pitch + _TREMOR_DEGREES * float(pitch),
        )

    return held


def passer_by(rng: np.random.Generator, fps: int) -> Props:
    """A person who walks to and fro in the background."""
    person = Person(rng)
    depth = float(rng.uniform(12.1, 12.5))
    half, speed = float(rng.uniform(0.25, 0.42)) * depth, float(rng.uniform(1.0, 1.4))
    start = float(rng.uniform(0, 4 * half))

    def parts(frame: int) -> list[Part]:
        way = (start + speed * frame / fps) % (4 * half)
        x, turn = (way - half, 90.0) if way < 2 * half else (3 * half - way, -90.0)
        return person.parts(walk(frame / fps), x=x, y=depth, turn=turn)

    return parts


def swaying_tree(rng: np.random.Generator, fps: int) -> Props:
    """A tree near the edge of the picture that sways by some degrees."""
    tree = plants.tree(rng)
    depth = float(rng.uniform(7.8, 8.4))
    x = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.34, 0.46)) * depth
    rate, degrees = float(rng.uniform(0.4, 0.8)), float(rng.uniform(2.0, 4.0))

    def parts(frame: int) -> list[Part]:
        time_s = frame / fps
        gust = 0.6 + 0.4 * float(np.sin(2 * np.pi * 0.23 * time_s))
        bend = rotation(degrees * gust * float(np.sin(2 * np.pi * rate * time_s)), axis=1)
        return placed([replace(part, mesh=part.mesh.transformed(bend)) for part in tree], x=x, y=depth)

    return parts
