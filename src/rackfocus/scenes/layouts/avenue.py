"""The layout `avenue` of the richer scenes."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Maker, Stage, add_hills
from rackfocus.scenes.objects.fine_models import city_bicycle, leafy_tree, rock
from rackfocus.scenes.objects.materials import LEAVES, STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.street_things import bench


def avenue(stage: Stage) -> None:
    """A path between two rows of trees with separate leaves, people and bicycles, in light haze."""
    rng = stage.rng
    stage.ground(stuff(rng, "grass", LEAVES[:2]))
    path = stuff(rng, str(rng.choice(["gravel", "paving", "bricks"])), STONES)
    stage.surface(quad((-1.7, -4.0, 0.01), (3.4, 0, 0), (0, 60.0, 0)), path)
    spacing = float(rng.uniform(4.0, 5.5))
    for k in range(6):
        for side in (-1.0, 1.0):
            x, y = side * float(rng.uniform(2.1, 2.6)), 3.6 + spacing * k + float(rng.uniform(-0.5, 0.5))
            stage.add(leafy_tree(rng, tall=float(rng.uniform(3.6, 5.4))), x=x, y=y, subject=k < 2)
            stage.footprints.append((x, y, 0.3))
    add_hills(stage)
    makers: list[Maker] = [person, city_bicycle, bench, person, rock, person]
    stage.scatter(makers, count=9, near=1.8, far=26.0, half_width=1.9, spread=0.42)
