"""The settings in which clips take place."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Stage, add_hills
from rackfocus.scenes.objects.furniture import bookcase, sofa
from rackfocus.scenes.objects.materials import PAINTS, STONES, WOODS, stuff
from rackfocus.scenes.objects.plants import bush, conifer, potted_plant, tree
from rackfocus.scenes.objects.street_things import bench, signboard
from rackfocus.scenes.objects.vehicles import bicycle


def park(stage: Stage) -> None:
    """Grass, a path of gravel across it, trees and benches."""
    rng = stage.rng
    stage.ground(stuff(rng, "grass", ((0.16, 0.26, 0.07), (0.22, 0.28, 0.08))))
    path = stuff(rng, "gravel", STONES)
    stage.surface(quad((-12.0, 1.2, 0.006), (24.0, 0, 0), (0, 6.2, 0)), path)
    makers = [tree, bush, conifer, bench, tree]
    stage.scatter(makers, count=12, near=8.6, far=24.0, half_width=11.0, spread=0.6)
    add_hills(stage)


def square(stage: Stage) -> None:
    """Paving before a row of house fronts."""
    rng = stage.rng
    kind = str(rng.choice(["paving", "tiles", "cobbles"]))
    stage.ground(stuff(rng, kind, STONES))
    x = -14.0
    while x < 14.0:
        length, y = float(rng.uniform(4.0, 7.0)), 13.0 + float(rng.uniform(-0.3, 0.3))
        front = stuff(rng, str(rng.choice(["facade", "facade", "bricks"])), STONES)
        stage.wall((x, y), (x + length, y), float(rng.uniform(5.0, 9.0)), front)
        x += length
    makers = [potted_plant, bench, bicycle, tree, signboard]
    stage.scatter(makers, count=9, near=8.4, far=12.0, half_width=7.0, spread=0.6)


def room(stage: Stage) -> None:
    """A floor and three walls with posters, a sofa and a bookcase."""
    rng = stage.rng
    stage.ground(stuff(rng, str(rng.choice(["planks", "tiles"])), (*WOODS, *STONES)))
    walls = ((0.62, 0.57, 0.48), (0.45, 0.52, 0.50), (0.60, 0.44, 0.34), (0.36, 0.42, 0.52))
    paper, plain = (stuff(rng, kind, walls) for kind in ("stripes", "plaster"))
    stage.wall((-3.2, 7.6), (3.2, 7.6), 4.5, paper)
    stage.wall((-3.2, -1.5), (-3.2, 7.6), 4.5, plain)
    stage.wall((3.2, 7.6), (3.2, -1.5), 4.5, plain)
    for k in range(3):
        poster = stuff(rng, "poster", PAINTS)
        stage.surface(quad((-2.6 + 1.9 * k, 7.58, 1.4), (0.8, 0, 0), (0, 0, 0.8)), poster)
    stage.add(sofa(rng), x=float(rng.uniform(-1.6, 0.0)), y=6.6, subject=False)
    stage.add(bookcase(rng), x=float(rng.uniform(1.6, 2.4)), y=7.3, subject=False)
