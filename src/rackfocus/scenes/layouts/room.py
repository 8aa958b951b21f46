"""The layout `room`."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Maker, Rng, Stage
from rackfocus.scenes.objects.furniture import bookcase, chair, sofa, table
from rackfocus.scenes.objects.lights import light_string
from rackfocus.scenes.objects.materials import PAINTS, STONES, WOODS, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import potted_plant
from rackfocus.scenes.objects.street_things import beach_ball, crates
from rackfocus.scenes.objects.tableware import book_pile, vase
from rackfocus.scenes.recipe import Part, placed


def room(stage: Stage) -> None:
    """A living room, lit by a window behind or beside the camera."""
    rng = stage.rng
    half, deep = float(rng.uniform(2.2, 3.0)), float(rng.uniform(5.0, 7.0))
    stage.ground(stuff(rng, str(rng.choice(["planks", "tiles"])), (*WOODS, *STONES)))
    rug_width, rug_depth = float(rng.uniform(1.5, 2.4)), float(rng.uniform(1.5, 2.2))
    stage.surface(
        quad((-rug_width / 2, 1.8, 0.008), (rug_width, 0, 0), (0, rug_depth, 0)),
        stuff(rng, "rug", PAINTS),
    )
    walls = (
        (0.62, 0.57, 0.48),
        (0.45, 0.52, 0.50),
        (0.60, 0.44, 0.34),
        (0.36, 0.42, 0.52),
        (0.66, 0.64, 0.60),
    )
    paper = stuff(rng, str(rng.choice(["plaster", "plaster", "stripes", "bricks"])), walls)
    plain = stuff(rng, "plaster", walls)
    stage.wall((-half, deep), (half, deep), 5.0, paper)
    stage.wall((-half, -1.5), (-half, deep), 5.0, plain)
    stage.wall((half, deep), (half, -1.5), 5.0, plain)
    for k in range(3):
        size = float(rng.uniform(0.5, 0.9))
        x = -half + (k + 0.5) * 2 * half / 3 - size / 2
        stage.surface(
            quad((x, deep - 0.02, 1.35), (size, 0, 0), (0, 0, size)),
            stuff(rng, "poster", PAINTS),
        )
    if stage.lit:
        for k in range(3):
            y = 2.2 + (deep - 2.6) / 3 * (k + 0.5)
            cord, glow = light_string(rng, (-half, y, 2.2), (half, y + 0.3, 2.2), spacing=0.4, sag=0.3)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    shelf = float(rng.uniform(-half + 0.7, half - 0.7))
    stage.add(bookcase(rng), x=shelf, y=deep - 0.25)
    stage.footprints.append((shelf, deep - 0.2, 0.5))
    couch = float(rng.uniform(-half + 1.1, half - 1.1))
    stage.add(sofa(rng), x=couch, y=deep - 1.1)
    stage.footprints.append((couch, deep - 1.1, 0.9))
    makers: list[Maker] = [chair, potted_plant, person, beach_ball, chair, crates, _side_table, person]
    stage.scatter(makers, count=8, near=1.5, far=deep - 1.2, half_width=half - 0.45, spread=0.45)


def _side_table(rng: Rng) -> list[Part]:
    top = float(rng.uniform(0.5, 0.7))
    parts = table(rng, width=0.6, depth=0.5, height=top)
    parts += placed(vase(rng), x=-0.12, y=0.0, z=top)
    return parts + placed(book_pile(rng), x=0.14, y=0.0, z=top, turn=20.0)
