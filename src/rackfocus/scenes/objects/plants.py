"""Trees, bushes and potted plants, in real sizes."""

from rackfocus.scenes.geometry import blob, cylinder, join, lathe
from rackfocus.scenes.objects.materials import LEAVES, PAINTS, WOODS, Rng, stuff
from rackfocus.scenes.recipe import Part


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
