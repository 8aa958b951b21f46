"""Fences, railings, ramps, boards and arches."""

import numpy as np

from rackfocus.scenes.geometry import box, cylinder, join, strip
from rackfocus.scenes.objects.materials import PAINTS, STONES, WOODS, Rng, stuff
from rackfocus.scenes.recipe import Part


def fence(rng: Rng, length: float) -> list[Part]:
    """Pickets on two rails, 0.8 to 1.2 m high, along x."""
    tall = float(rng.uniform(0.8, 1.2))
    pitch = float(rng.uniform(0.14, 0.24))
    width = pitch * float(rng.uniform(0.35, 0.6))
    count = int(length / pitch)
    pickets = [box(width, 0.02, tall).moved(((k - count / 2) * pitch, 0, 0)) for k in range(count + 1)]
    rails = [box(length, 0.03, 0.07).moved((0, 0.03, tall * share)) for share in (0.25, 0.75)]
    return [Part(join(pickets + rails), stuff(rng, "planks", (*WOODS, (0.7, 0.7, 0.66))))]


def railing(rng: Rng, length: float) -> list[Part]:
    """Round bars of 2 to 3 cm under a handrail, 1 m high, along x."""
    pitch = float(rng.uniform(0.13, 0.22))
    count = int(length / pitch)
    thick = float(rng.uniform(0.010, 0.016))
    bars = [
        cylinder(thick, 1.0, segments=10).moved(((k - count / 2) * pitch, 0, 0)) for k in range(count + 1)
    ]
    rails = [box(length, 0.05, 0.04).moved((0, 0, z)) for z in (0.08, 0.98)]
    return [Part(join(bars + rails), stuff(rng, "metal", PAINTS))]


def lattice(rng: Rng) -> list[Part]:
    """A trellis of thin slats, about 1.4 m wide and 1.7 m high."""
    pitch = float(rng.uniform(0.18, 0.28))
    across, up = int(1.4 / pitch), int(1.6 / pitch)
    slats = [box(0.025, 0.015, 1.7).moved(((k - across / 2) * pitch, 0, 0)) for k in range(across + 1)]
    slats += [box(across * pitch + 0.1, 0.015, 0.025).moved((0, 0.015, 0.15 + k * pitch)) for k in range(up)]
    return [Part(join(slats), stuff(rng, "planks", WOODS))]


def ramp(rng: Rng) -> list[Part]:
    """A slanted board that rests on a block: its disparity is a tilted plane."""
    rise, run, width = (
        float(rng.uniform(0.5, 1.0)),
        float(rng.uniform(1.0, 2.0)),
        float(rng.uniform(0.7, 1.3)),
    )
    length = float(np.hypot(rise, run))
    board = box(width, length, 0.04).moved((0, 0, -0.02)).tilted(float(np.degrees(np.arctan2(rise, run))))
    block = box(width * 0.8, 0.25, rise * 0.85).moved((0, run * 0.36, 0))
    kind = str(rng.choice(["planks", "poster", "stripes", "metal"]))
    return [
        Part(board.moved((0, 0, rise / 2)), stuff(rng, kind, (*WOODS, *PAINTS))),
        Part(block, stuff(rng, "concrete", STONES)),
    ]


def leaning_board(rng: Rng) -> list[Part]:
    """A board that leans back on a short prop, like a menu in front of a cafe."""
    width, tall = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.8, 1.2))
    front = box(width, 0.03, tall).moved((-0.0, -0.03, 0)).tilted(-14.0).moved((0, -0.28, 0.005))
    back = box(width, 0.03, tall).moved((0, 0.03, 0)).tilted(14.0).moved((0, 0.28, 0.005))
    return [Part(front, stuff(rng, "poster", PAINTS)), Part(back, stuff(rng, "planks", WOODS))]


def arch(rng: Rng) -> list[Part]:
    """A free-standing round arch of brick or stone, about 2.4 m wide and 2.7 m high."""
    inner, band, depth, spring = float(rng.uniform(0.7, 0.95)), 0.35, 0.45, float(rng.uniform(1.3, 1.7))
    turn = np.linspace(0, np.pi, 17)

    def outline(radius: float, y: float) -> np.ndarray:
        curve = np.stack([radius * np.cos(turn), np.full(17, y), spring + radius * np.sin(turn)], axis=1)
        return np.concatenate([[[radius, y, 0.0]], curve, [[-radius, y, 0.0]]])

    front_in, front_out = outline(inner, -depth / 2), outline(inner + band, -depth / 2)
    back_in, back_out = outline(inner, depth / 2), outline(inner + band, depth / 2)
    mesh = join(
        [
            strip(front_out, front_in),
            strip(front_in, back_in),
            strip(back_in, back_out),
            strip(back_out, front_out),
        ]
    )
    kind = str(rng.choice(["bricks", "concrete", "plaster"]))
    return [Part(mesh, stuff(rng, kind, ((0.45, 0.17, 0.10), *STONES)))]
