"""Things that stand on the ground, in their true sizes: people, trees, fences, crates, lamps.

Each function returns parts about the origin, standing on `z = 0` and facing the camera (`-y`).
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rackfocus.scenes.geometry import (
    Mesh,
    Point,
    ball,
    blob,
    box,
    capsule,
    cylinder,
    join,
    lathe,
    quad,
    strip,
)
from rackfocus.scenes.recipe import Bulb, Material, Part, placed
from rackfocus.scenes.textures import RGB

Rng = np.random.Generator

WOODS: Sequence[RGB] = ((0.36, 0.20, 0.10), (0.52, 0.34, 0.19), (0.20, 0.11, 0.06), (0.60, 0.46, 0.30))
STONES: Sequence[RGB] = ((0.42, 0.40, 0.37), (0.55, 0.49, 0.40), (0.30, 0.30, 0.32), (0.50, 0.42, 0.36))
LEAVES: Sequence[RGB] = ((0.12, 0.24, 0.06), (0.22, 0.30, 0.07), (0.08, 0.17, 0.07), (0.40, 0.24, 0.06))
PAINTS: Sequence[RGB] = (
    (0.55, 0.08, 0.06), (0.08, 0.18, 0.45), (0.70, 0.45, 0.06), (0.08, 0.30, 0.20), (0.65, 0.62, 0.56),
    (0.10, 0.10, 0.11), (0.50, 0.22, 0.08), (0.30, 0.45, 0.55), (0.62, 0.30, 0.35), (0.35, 0.16, 0.40),
)  # fmt: skip
SKINS: Sequence[RGB] = ((0.62, 0.38, 0.27), (0.45, 0.25, 0.15), (0.22, 0.11, 0.07), (0.70, 0.48, 0.36))
CLOTHES = ("cloth", "cloth", "stripes", "plaid", "dots")


def pick(rng: Rng, colours: Sequence[RGB]) -> RGB:
    """One of the colours, a little lighter or darker."""
    red, green, blue = np.asarray(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.8, 1.2)
    return float(red), float(green), float(blue)


def stuff(rng: Rng, kind: str, colours: Sequence[RGB]) -> Material:
    """A material of that kind in one of the colours."""
    return Material(kind, int(rng.integers(2**31)), pick(rng, colours))


def person(rng: Rng, *, height: float | None = None, stride: float | None = None) -> list[Part]:
    """Someone who stands or walks; `stride` is the swing of a leg in degrees, random where not given."""
    tall = float(rng.uniform(1.5, 1.88)) if height is None else height
    swing = float(rng.uniform(-18, 18)) if stride is None else stride
    unit = tall / 1.75
    build = float(rng.uniform(0.9, 1.2)) * unit
    skin = stuff(rng, "cloth", SKINS)
    top, bottom = stuff(rng, str(rng.choice(CLOTHES)), PAINTS), stuff(rng, "cloth", PAINTS)
    hair = stuff(rng, "bark", ((0.05, 0.03, 0.02), (0.20, 0.11, 0.05), (0.45, 0.32, 0.14), (0.3, 0.3, 0.3)))
    sway = float(np.sin(np.radians(swing)))
    legs, hands, arms = [], [], []
    for side in (-1, 1):
        step = side * sway * 0.8 * unit
        hip: Point = (side * 0.09 * build, 0.0, 0.86 * unit)
        knee: Point = (side * 0.10 * build, -0.5 * step - 0.03, 0.48 * unit)
        foot: Point = (side * 0.11 * build, -step, 0.06 * unit)
        toe: Point = (side * 0.13 * build, -step - 0.16 * unit, 0.045 * unit)
        legs += [capsule(hip, knee, 0.085 * build, end_radius=0.065 * build)]
        legs += [capsule(knee, foot, 0.065 * build, end_radius=0.05 * build)]
        hands += [capsule(foot, toe, 0.05 * unit, end_radius=0.04 * unit)]
        shoulder: Point = (side * 0.19 * build, 0.0, 1.40 * unit)
        elbow: Point = (side * 0.25 * build, 0.35 * step, 1.12 * unit)
        hand: Point = (side * 0.24 * build, 0.6 * step - 0.12, 0.90 * unit)
        arms += [capsule(shoulder, elbow, 0.055 * build, end_radius=0.045 * build)]
        arms += [capsule(elbow, hand, 0.045 * build, end_radius=0.038 * build)]
        hands += [capsule(hand, (hand[0], hand[1] - 0.02, hand[2] - 0.07), 0.042 * unit)]
    chest = lathe(
        [
            (0.0, 0.80),
            (0.15, 0.84),
            (0.165, 0.95),
            (0.15, 1.08),
            (0.18, 1.30),
            (0.17, 1.40),
            (0.06, 1.47),
            (0.0, 1.48),
        ],
    )
    shape = np.diag([1.15 * build, 0.75 * build, unit])
    chest = Mesh(chest.vertices @ shape, chest.faces, chest.texture_m, chest.normals)
    neck = capsule((0, 0, 1.44 * unit), (0, 0, 1.54 * unit), 0.05 * unit)
    skull = ball(0.115 * unit).moved((0, -0.01, 1.53 * unit))
    cap = ball(0.122 * unit).moved((0, 0.018, 1.545 * unit))
    return [
        Part(join([skull, neck, *hands[1::2]]), skin),
        Part(
            join(hands[0::2]), stuff(rng, "cloth", ((0.05, 0.04, 0.04), (0.3, 0.16, 0.08), (0.6, 0.6, 0.6)))
        ),
        Part(cap, hair),
        Part(join([chest, *arms]), top),
        Part(join(legs), bottom),
    ]


def tree(rng: Rng) -> list[Part]:
    """A trunk with a crown of several lumps, 3 to 5.5 m high."""
    trunk = float(rng.uniform(1.3, 2.4))
    thick = float(rng.uniform(0.09, 0.17))
    leaves = stuff(rng, "foliage", LEAVES)
    crown = [
        blob(float(rng.uniform(0.55, 0.95)), rng).moved(
            (float(rng.normal(0, 0.5)), float(rng.normal(0, 0.5)), trunk + float(rng.uniform(0.3, 1.8)))
        )
        for _ in range(int(rng.integers(5, 9)))
    ]
    stem = cylinder(thick * 1.25, trunk + 0.8, top=thick * 0.6)
    return [Part(stem, stuff(rng, "bark", WOODS)), Part(join(crown), leaves)]


def conifer(rng: Rng) -> list[Part]:
    """A trunk under three cones, 2.5 to 5 m high."""
    tall = float(rng.uniform(2.4, 5.0))
    cones = [
        lathe([(0.0, 0.0), (tall * 0.26 * (1 - 0.25 * k), 0.03), (0.0, tall * 0.45)], segments=14).moved(
            (0, 0, tall * (0.14 + 0.22 * k))
        )
        for k in range(3)
    ]
    return [
        Part(cylinder(0.03 * tall, 0.4 * tall), stuff(rng, "bark", WOODS)),
        Part(join(cones), stuff(rng, "foliage", LEAVES[:3])),
    ]


def bush(rng: Rng) -> list[Part]:
    """A low shrub of a few lumps."""
    size = float(rng.uniform(0.3, 0.6))
    lumps = [
        blob(size * float(rng.uniform(0.6, 1.0)), rng).moved(
            (float(rng.normal(0, size)), float(rng.normal(0, 0.3)), size * 0.7)
        )
        for _ in range(4)
    ]
    return [Part(join(lumps), stuff(rng, "foliage", LEAVES))]


def crates(rng: Rng) -> list[Part]:
    """A stack of one to three boxes, each 0.35 to 0.7 m."""
    parts: list[Part] = []
    z = 0.0
    size = float(rng.uniform(0.5, 0.75))
    for _ in range(int(rng.integers(1, 4))):
        tall = size * float(rng.uniform(0.6, 1.0))
        kind = str(rng.choice(["planks", "planks", "cloth", "metal"]))
        mesh = box(size, size * 0.9, tall)
        parts += placed(
            [Part(mesh, stuff(rng, kind, WOODS))], x=0.0, y=0.0, z=z, turn=float(rng.uniform(-20, 20))
        )
        z += tall
        size *= float(rng.uniform(0.7, 0.95))
    return parts


def barrel(rng: Rng) -> list[Part]:
    """A barrel or drum, 0.9 m high."""
    belly = float(rng.uniform(0.0, 0.08))
    profile = [
        (0.0, 0.0),
        (0.28, 0.0),
        (0.28 + belly * 0.8, 0.25),
        (0.28 + belly, 0.45),
        (0.28 + belly * 0.8, 0.65),
    ]
    mesh = lathe([*profile, (0.28, 0.9), (0.0, 0.9)])
    return [Part(mesh, stuff(rng, str(rng.choice(["planks", "metal"])), PAINTS))]


def bollard(rng: Rng) -> list[Part]:
    """A post, 0.8 to 1.1 m high, with a cap."""
    tall = float(rng.uniform(0.8, 1.1))
    return [
        Part(cylinder(0.06, tall), stuff(rng, "metal", PAINTS)),
        Part(ball(0.085).moved((0, 0, tall - 0.04)), stuff(rng, "metal", PAINTS)),
    ]


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
    """A board that leans back on a short prop, like a menu outside a cafe."""
    width, tall = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.8, 1.2))
    front = box(width, 0.03, tall).moved((-0.0, -0.03, 0)).tilted(-14.0).moved((0, -0.28, 0.005))
    back = box(width, 0.03, tall).moved((0, 0.03, 0)).tilted(14.0).moved((0, 0.28, 0.005))
    return [Part(front, stuff(rng, "poster", PAINTS)), Part(back, stuff(rng, "planks", WOODS))]


def signboard(rng: Rng) -> list[Part]:
    """A picture between two posts, its top at 1.6 to 2 m."""
    width, top = float(rng.uniform(0.9, 1.6)), float(rng.uniform(1.5, 2.0))
    posts = [cylinder(0.035, top, segments=14).moved((side * width / 2, 0.03, 0)) for side in (-1, 1)]
    board = box(width, 0.03, width * 0.62).moved((0, 0, top - width * 0.62))
    return [Part(join(posts), stuff(rng, "metal", PAINTS)), Part(board, stuff(rng, "poster", PAINTS))]


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


def bench(rng: Rng) -> list[Part]:
    """A park bench, 1.5 m wide."""
    slats = [box(1.5, 0.09, 0.03).moved((0, -0.2 + 0.11 * k, 0.43)) for k in range(4)]
    back = [box(1.5, 0.03, 0.09).tilted(-10.0).moved((0, 0.22, 0.58 + 0.13 * k)) for k in range(3)]
    legs = [box(0.06, 0.42, 0.43).moved((side * 0.62, 0, 0)) for side in (-1, 1)]
    legs += [box(0.06, 0.05, 0.9).moved((side * 0.62, 0.24, 0)) for side in (-1, 1)]
    return [
        Part(join(slats + back), stuff(rng, "planks", WOODS)),
        Part(join(legs), stuff(rng, "metal", PAINTS)),
    ]


def potted_plant(rng: Rng) -> list[Part]:
    """A tapered pot with a shrub, 0.8 to 1.3 m high."""
    size = float(rng.uniform(0.8, 1.2))
    pot = lathe(
        [
            (0.0, 0.0),
            (0.15 * size, 0.0),
            (0.22 * size, 0.36 * size),
            (0.24 * size, 0.40 * size),
            (0.0, 0.38 * size),
        ]
    )
    lumps = [
        blob(0.2 * size, rng, roughness=0.25).moved(
            (float(rng.normal(0, 0.10)), float(rng.normal(0, 0.10)), size * float(rng.uniform(0.5, 0.9)))
        )
        for _ in range(5)
    ]
    return [
        Part(pot, stuff(rng, "plaster", ((0.50, 0.22, 0.12), *PAINTS))),
        Part(join(lumps), stuff(rng, "foliage", LEAVES)),
    ]


def stone(rng: Rng) -> list[Part]:
    """A boulder of 0.25 to 0.6 m."""
    size = float(rng.uniform(0.25, 0.6))
    return [Part(blob(size, rng, roughness=0.22).moved((0, 0, size * 0.55)), stuff(rng, "soil", STONES))]


def beach_ball(rng: Rng) -> list[Part]:
    """A sphere of 0.2 to 0.45 m on the ground."""
    kind = str(rng.choice(["stripes", "plaid", "dots", "cloth"]))
    return [Part(ball(float(rng.uniform(0.2, 0.45))), stuff(rng, kind, PAINTS))]


def traffic_cone(rng: Rng) -> list[Part]:
    """A 0.7 m cone."""
    body = lathe([(0.14, 0.03), (0.03, 0.72), (0.0, 0.72)])
    return [
        Part(body, Material("stripes", int(rng.integers(2**31)), (0.75, 0.20, 0.03))),
        Part(box(0.36, 0.36, 0.03), stuff(rng, "cloth", ((0.05, 0.05, 0.05),))),
    ]


def van(rng: Rng) -> list[Part]:
    """A small delivery van, 3.6 m long, along x."""
    paint = stuff(rng, "metal", PAINTS)
    glass = Material("cloth", 1, (0.05, 0.06, 0.08))
    body = join([box(3.6, 1.6, 0.75).moved((0, 0, 0.28)), box(2.6, 1.5, 0.85).moved((0.45, 0, 1.03))])
    panes = join([box(0.7, 1.52, 0.5).moved((-0.4, 0, 1.2)), box(0.06, 1.3, 0.5).moved((-0.83, 0, 1.2))])
    wheels = join([_wheel(0.31).moved((x, y, 0.31)) for x in (-1.15, 1.15) for y in (-0.73, 0.73)])
    return [Part(body, paint), Part(panes, glass), Part(wheels, stuff(rng, "cloth", ((0.04, 0.04, 0.04),)))]


def bicycle(rng: Rng) -> list[Part]:
    """Two wheels and a frame of tubes, 1.7 m long, along x."""
    hub, tube = 0.34, 0.017
    rims = []
    for x in (-0.52, 0.52):
        points = [(x + hub * np.cos(a), 0.0, hub + hub * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 25)]
        rims += [capsule(a, b, 0.018) for a, b in pairwise(points)]
        rims += [
            capsule(
                (x - hub * np.cos(a), 0, hub - hub * np.sin(a)),
                (x + hub * np.cos(a), 0, hub + hub * np.sin(a)),
                0.004,
            )
            for a in (0.3, 1.3, 2.3)
        ]
    crank, seat, stem = (-0.05, 0.0, 0.32), (-0.2, 0.0, 0.85), (0.4, 0.0, 0.82)
    lines = [(crank, seat), (crank, stem), (seat, stem), (crank, (-0.52, 0, hub)), (seat, (-0.52, 0, hub))]
    lines += [(stem, (0.52, 0.0, hub)), (stem, (0.37, 0.0, 1.0)), ((0.37, -0.25, 1.0), (0.37, 0.25, 1.0))]
    frame = join([capsule(a, b, tube) for a, b in lines])
    saddle = capsule((-0.32, 0, 0.92), (-0.08, 0, 0.92), 0.05, end_radius=0.03)
    dark = Material("cloth", 2, (0.05, 0.05, 0.05))
    return [Part(frame, stuff(rng, "metal", PAINTS)), Part(join([*rims, saddle]), dark)]


def _wheel(radius: float) -> Mesh:
    return cylinder(radius, 0.2).moved((0, 0, -0.1)).tilted(90.0)


def table(rng: Rng, *, width: float = 1.5, depth: float = 0.9, height: float = 0.75) -> list[Part]:
    """A table with four legs."""
    legs = [
        box(0.06, 0.06, height - 0.03).moved((sx * (width / 2 - 0.06), sy * (depth / 2 - 0.06), 0))
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    top = box(width, depth, 0.04).moved((0, 0, height - 0.04))
    wood = stuff(rng, str(rng.choice(["planks", "planks", "plaid"])), WOODS)
    return [Part(top, wood), Part(join(legs), stuff(rng, "planks", WOODS))]


def chair(rng: Rng) -> list[Part]:
    """A plain chair."""
    legs = [box(0.04, 0.04, 0.45).moved((x, y, 0)) for x in (-0.19, 0.19) for y in (-0.19, 0.19)]
    posts = [box(0.04, 0.03, 0.45).moved((x, 0.2, 0.45)) for x in (-0.19, 0.19)]
    slats = [box(0.4, 0.02, 0.08).moved((0, 0.2, z)) for z in (0.58, 0.70, 0.82)]
    seat = box(0.44, 0.44, 0.04).moved((0, 0, 0.43))
    return [
        Part(join([*legs, *posts, *slats]), stuff(rng, "planks", WOODS)),
        Part(seat, stuff(rng, "cloth", PAINTS)),
    ]


def sofa(rng: Rng) -> list[Part]:
    """A sofa, 1.8 m wide."""
    cover = stuff(rng, str(rng.choice(CLOTHES)), PAINTS)
    seat = [box(1.7, 0.8, 0.42), box(1.8, 0.22, 0.85).moved((0, 0.4, 0))]
    arms = [box(0.2, 0.85, 0.62).moved((side * 0.9, 0, 0)) for side in (-1, 1)]
    cushion = box(0.45, 0.14, 0.42).tilted(-20.0).moved((float(rng.uniform(-0.5, 0.5)), 0.15, 0.44))
    return [Part(join(seat + arms), cover), Part(cushion, stuff(rng, str(rng.choice(CLOTHES)), PAINTS))]


def bookcase(rng: Rng) -> list[Part]:
    """Shelves of books, 1 m wide and 1.96 m high."""
    wood = stuff(rng, "planks", WOODS)
    books = quad((-0.5, -0.13, 0.04), (1.0, 0, 0), (0, 0, 1.9))
    sides = [box(0.04, 0.3, 2.0).moved((side * 0.52, 0, 0)) for side in (-1, 1)]
    frame = join([*sides, box(1.08, 0.3, 0.04).moved((0, 0, 1.96)), box(1.0, 0.2, 1.94).moved((0, 0.05, 0))])
    return [Part(books, stuff(rng, "books", WOODS)), Part(frame, wood)]


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
