"""Objects of streets and parks: crates, bollards, signs, benches, stones."""

from rackfocus.scenes.geometry import ball, blob, box, cylinder, join, lathe
from rackfocus.scenes.objects.materials import PAINTS, STONES, WOODS, Rng, stuff
from rackfocus.scenes.recipe import Material, Part, placed


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


def signboard(rng: Rng) -> list[Part]:
    """A picture between two posts, its top at 1.6 to 2 m."""
    width, top = float(rng.uniform(0.9, 1.6)), float(rng.uniform(1.5, 2.0))
    posts = [cylinder(0.035, top, segments=14).moved((side * width / 2, 0.03, 0)) for side in (-1, 1)]
    board = box(width, 0.03, width * 0.62).moved((0, 0, top - width * 0.62))
    return [Part(join(posts), stuff(rng, "metal", PAINTS)), Part(board, stuff(rng, "poster", PAINTS))]


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
