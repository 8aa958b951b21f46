"""Small objects on a table."""

from itertools import pairwise

import numpy as np

from rackfocus.scenes.geometry import ball, box, capsule, join, lathe, quad
from rackfocus.scenes.objects.materials import PAINTS, WOODS, Rng, stuff
from rackfocus.scenes.recipe import Part, placed


def vase(rng: Rng) -> list[Part]:
    """A turned vase, 0.2 to 0.35 m high."""
    size = float(rng.uniform(0.2, 0.35))
    a, b, c = (float(v) for v in rng.uniform((0.2, 0.3, 0.1), (0.3, 0.45, 0.2)))
    curve = [
        (0.0, 0.0),
        (a, 0.0),
        ((a + b) / 2, 0.15),
        (b, 0.4),
        ((b + c) / 2 + 0.02, 0.65),
        (c, 0.85),
        (c * 1.3, 1.0),
        (c, 0.98),
        (0.0, 0.9),
    ]
    return [
        Part(
            lathe([(r * size, z * size) for r, z in curve]),
            stuff(rng, str(rng.choice(["plaster", "stripes", "dots"])), PAINTS),
        )
    ]


def bottle(rng: Rng) -> list[Part]:
    """A bottle, 0.3 m high, with a label."""
    body = lathe(
        [
            (0.0, 0.0),
            (0.036, 0.0),
            (0.038, 0.02),
            (0.038, 0.18),
            (0.030, 0.21),
            (0.014, 0.24),
            (0.014, 0.30),
            (0.0, 0.30),
        ]
    )
    label = lathe([(0.0385, 0.06), (0.0385, 0.14)])
    return [
        Part(body, stuff(rng, "cloth", ((0.03, 0.10, 0.05), (0.20, 0.08, 0.03), (0.5, 0.5, 0.45)))),
        Part(label, stuff(rng, "dots", PAINTS)),
    ]


def mug(rng: Rng) -> list[Part]:
    """A cup with a handle, 0.1 m high."""
    body = lathe([(0.0, 0.0), (0.04, 0.0), (0.043, 0.1), (0.038, 0.1), (0.036, 0.02), (0.0, 0.02)])
    turn = np.linspace(-1.3, 1.3, 9)
    loop = [(0.043 + 0.028 * np.cos(a), 0.0, 0.05 + 0.03 * np.sin(a)) for a in turn]
    handle = [capsule(a, b, 0.006) for a, b in pairwise(loop)]
    return [Part(join([body, *handle]), stuff(rng, str(rng.choice(["plaster", "stripes", "dots"])), PAINTS))]


def book_pile(rng: Rng) -> list[Part]:
    """Two to five books that lie on one another."""
    parts: list[Part] = []
    z = 0.0
    for _ in range(int(rng.integers(2, 6))):
        thick = float(rng.uniform(0.02, 0.045))
        cover = Part(
            box(float(rng.uniform(0.18, 0.26)), float(rng.uniform(0.14, 0.19)), thick),
            stuff(rng, "cloth", PAINTS),
        )
        parts += placed([cover], x=0.0, y=0.0, z=z, turn=float(rng.uniform(-15, 15)))
        z += thick
    return parts


def fruit(rng: Rng) -> list[Part]:
    """Three to six round fruits that lie close together."""
    peel = stuff(rng, "soil", ((0.60, 0.10, 0.04), (0.75, 0.35, 0.03), (0.35, 0.45, 0.05)))
    spots = [(0.0, 0.0), (0.085, 0.01), (0.04, 0.08), (-0.05, 0.07), (-0.08, -0.01), (0.03, -0.085)]
    balls = [
        ball(0.04 + 0.003 * k, segments=28).moved((x, y, 0))
        for k, (x, y) in enumerate(spots[: int(rng.integers(3, 7))])
    ]
    return [Part(join(balls), peel)]


def picture_stand(rng: Rng) -> list[Part]:
    """A framed picture that leans back on a table, 0.25 m high."""
    frame = box(0.20, 0.015, 0.26).tilted(-12.0)
    print_ = quad((-0.085, -0.0085, 0.02), (0.17, 0, 0), (0, 0, 0.22)).tilted(-12.0)
    art = Part(print_, stuff(rng, "poster", PAINTS))
    return [Part(frame, stuff(rng, "planks", WOODS)), art]
