"""Tables, chairs, sofas and bookcases."""

from rackfocus.scenes.geometry import box, join, quad
from rackfocus.scenes.objects.materials import CLOTHES, PAINTS, WOODS, Rng, stuff
from rackfocus.scenes.recipe import Part


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
