"""The layout `vessels` of the richer scenes."""

import numpy as np

from rackfocus.scenes.layouts.stage import Maker, Stage, add_hills
from rackfocus.scenes.objects.fine_models import city_bicycle, leafy_tree, vessel
from rackfocus.scenes.objects.furniture import table
from rackfocus.scenes.objects.materials import STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import bush
from rackfocus.scenes.objects.tableware import bottle, fruit, mug


def vessels(stage: Stage) -> None:
    """Turned vessels and fruit on a table under a tree, some nearer and some farther than the focus."""
    rng = stage.rng
    stage.ground(stuff(rng, str(rng.choice(["grass", "gravel", "paving"])), STONES))
    depth = float(rng.uniform(1.5, 1.9))
    top = table(rng, width=float(rng.uniform(1.8, 2.4)), depth=depth)
    stage.add(top, x=0.0, y=0.75 + depth / 2, subject=False)
    makers: list[Maker] = [vessel, fruit, vessel, bottle, vessel, mug]
    spots: list[tuple[float, float]] = []
    for index in range(11):
        for _ in range(20):
            y = float(0.95 + (depth - 0.3) * (index + rng.uniform(0, 1)) / 11)
            x = float(rng.uniform(-0.42, 0.42) * y)
            if all(np.hypot(x - u, y - v) > 0.22 for u, v in spots):
                stage.add(makers[index % len(makers)](rng), x=x, y=y, z=0.75)
                spots.append((x, y))
                break
    far: list[Maker] = [leafy_tree, person, city_bicycle, bush]
    stage.scatter(far, count=8, near=3.4, far=14.0, half_width=8.0, spread=0.5)
    add_hills(stage)
