"""The settings in which clips take place."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Stage, add_hills
from rackfocus.scenes.objects import furniture, materials, plants, street_things, vehicles


def park(stage: Stage) -> None:
    """Grass, a path of gravel across it, trees and benches."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, "grass", ((0.16, 0.26, 0.07), (0.22, 0.28, 0.08))))
    path = materials.stuff(rng, "gravel", materials.STONES)
    stage.surface(quad((-12.0, 1.2, 0.006), (24.0, 0, 0), (0, 6.2, 0)), path)
    makers = [plants.tree, plants.bush, plants.conifer, street_things.bench, plants.tree]
    stage.scatter(makers, count=12, near=8.6, far=24.0, half_width=11.0, spread=0.6)
    add_hills(stage)


def square(stage: Stage) -> None:
    """Paving before a row of house fronts."""
    rng = stage.rng
    kind = str(rng.choice(["paving", "tiles", "cobbles"]))
    stage.ground(materials.stuff(rng, kind, materials.STONES))
    x = -14.0
    while x < 14.0:
        length, y = float(rng.uniform(4.0, 7.0)), 13.0 + float(rng.uniform(-0.3, 0.3))
        front = materials.stuff(rng, str(rng.choice(["facade", "facade", "bricks"])), materials.STONES)
        stage.wall((x, y), (x + length, y), float(rng.uniform(5.0, 9.0)), front)
        x += length
    makers = [
        plants.potted_plant,
        street_things.bench,
        vehicles.bicycle,
        plants.tree,
        street_things.signboard,
    ]
    stage.scatter(makers, count=9, near=8.4, far=12.0, half_width=7.0, spread=0.6)


def room(stage: Stage) -> None:
    """A floor and three walls with posters, a sofa and a bookcase."""
    rng = stage.rng
    stage.ground(
        materials.stuff(rng, str(rng.choice(["planks", "tiles"])), (*materials.WOODS, *materials.STONES))
    )
    walls = ((0.62, 0.57, 0.48), (0.45, 0.52, 0.50), (0.60, 0.44, 0.34), (0.36, 0.42, 0.52))
    paper, plain = (materials.stuff(rng, kind, walls) for kind in ("stripes", "plaster"))
    stage.wall((-3.2, 7.6), (3.2, 7.6), 4.5, paper)
    stage.wall((-3.2, -1.5), (-3.2, 7.6), 4.5, plain)
    stage.wall((3.2, 7.6), (3.2, -1.5), 4.5, plain)
    for k in range(3):
        poster = materials.stuff(rng, "poster", materials.PAINTS)
        stage.surface(quad((-2.6 + 1.9 * k, 7.58, 1.4), (0.8, 0, 0), (0, 0, 0.8)), poster)
    stage.add(furniture.sofa(rng), x=float(rng.uniform(-1.6, 0.0)), y=6.6, subject=False)
    stage.add(furniture.bookcase(rng), x=float(rng.uniform(1.6, 2.4)), y=7.3, subject=False)
