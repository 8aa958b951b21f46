"""Objects with small bright lights: lamp posts, candles, strings of lights."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rackfocus.scenes.geometry import Point, ball, capsule, cylinder, join
from rackfocus.scenes.objects.materials import Rng, stuff
from rackfocus.scenes.recipe import Bulb, Material, Part
from rackfocus.scenes.textures import RGB


def lamp_post(rng: Rng, *, lit: bool) -> tuple[list[Part], list[Bulb]]:
    """A street lamp of 2.4 to 3.2 m with one globe, and the glow of that globe when lit."""
    tall = float(rng.uniform(2.3, 3.1))
    iron = stuff(rng, "metal", ((0.04, 0.05, 0.05), (0.06, 0.10, 0.08)))
    parts = [
        Part(
            join(
                [
                    cylinder(0.09, 0.3, top=0.06),
                    cylinder(0.035, tall),
                    cylinder(0.07, 0.05).moved((0, 0, tall)),
                ]
            ),
            iron,
        )
    ]
    globe = (0.0, 0.0, tall + 0.13)
    if lit:
        strength = float(rng.uniform(20, 60))
        return parts, [Bulb(globe, 0.075, (strength, 0.72 * strength, 0.40 * strength))]
    return [
        *parts,
        Part(ball(0.12).moved((0, 0, tall + 0.04)), stuff(rng, "plaster", ((0.75, 0.75, 0.7),))),
    ], []


def candle(rng: Rng) -> tuple[list[Part], list[Bulb]]:
    """A candle of 0.1 to 0.2 m and its flame."""
    tall = float(rng.uniform(0.1, 0.2))
    strength = float(rng.uniform(60, 150))
    wax = Part(cylinder(0.028, tall), stuff(rng, "plaster", ((0.75, 0.68, 0.55), (0.5, 0.1, 0.08))))
    return [wax], [Bulb((0.0, 0.0, tall + 0.016), 0.011, (strength, 0.62 * strength, 0.22 * strength))]


def light_string(
    rng: Rng, start: Point, end: Point, *, spacing: float, sag: float
) -> tuple[list[Part], list[Bulb]]:
    """A cord that hangs between two points, with a bulb every `spacing` metres."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    count = max(3, int(np.linalg.norm(last - first) / spacing))
    share = np.linspace(0, 1, 2 * count + 1)
    points = first + (last - first) * share[:, None]
    points[:, 2] -= sag * 4 * share * (1 - share)
    cord = join([capsule(tuple(a), tuple(b), 0.005) for a, b in pairwise(points)])
    hues: Sequence[RGB] = (
        (1.0, 0.72, 0.40),
        (1.0, 0.25, 0.12),
        (0.25, 0.9, 0.4),
        (0.3, 0.5, 1.0),
        (1.0, 0.85, 0.3),
    )
    colourful = rng.random() < 0.4
    bulbs = []
    for point in points[1::2]:
        hue = np.asarray(hues[int(rng.integers(len(hues)))] if colourful else hues[0])
        red, green, blue = hue * rng.uniform(30, 120)
        bulbs.append(
            Bulb(
                (float(point[0]), float(point[1]), float(point[2]) - 0.03),
                0.02,
                (float(red), float(green), float(blue)),
            )
        )
    return [Part(cord, Material("cloth", 3, (0.03, 0.03, 0.03)))], bulbs
