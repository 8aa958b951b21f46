"""The layout `ravine` of the richer scenes."""

from rackfocus.scenes.layouts.stage import Maker, Stage
from rackfocus.scenes.objects.fine_models import leafy_tree, rock
from rackfocus.scenes.objects.materials import STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import conifer


def ravine(stage: Stage) -> None:
    """Rocks that get larger with the distance, thin trees between them, walkers, and dense haze."""
    rng = stage.rng
    stage.ground(stuff(rng, str(rng.choice(["soil", "gravel", "grass"])), STONES))
    for k in range(9):
        y = 6.0 * 1.28**k
        for side in (-1.0, 1.0):
            size = float(rng.uniform(0.9, 1.5)) * (1.0 + 0.14 * y)
            x = side * (0.5 * y + size * 0.7 + float(rng.uniform(0.0, 1.0)))
            stage.add(rock(rng, size=size), x=x, y=y, subject=False)
    makers: list[Maker] = [rock, person, leafy_tree, person, rock, conifer]
    stage.scatter(makers, count=13, near=2.0, far=30.0, half_width=9.0, spread=0.42)
