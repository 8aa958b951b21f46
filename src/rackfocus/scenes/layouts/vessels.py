"""The layout `vessels` of the richer scenes."""

import numpy as np

from rackfocus.scenes.layouts.stage import Maker, Stage, add_hills
from rackfocus.scenes.objects import fine_models as models
from rackfocus.scenes.objects import furniture, materials, pedestrians, plants, tableware


def vessels(stage: Stage) -> None:
    """Turned vessels and fruit on a table under a tree, some nearer and some farther than the focus."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, str(rng.choice(["grass", "gravel", "paving"])), materials.STONES))
    depth = float(rng.uniform(1.5, 1.9))
    top = furniture.table(rng, width=float(rng.uniform(1.8, 2.4)), depth=depth)
    stage.add(top, x=0.0, y=0.75 + depth / 2, subject=False)
    makers: list[Maker] = [
        models.vessel,
        tableware.fruit,
        models.vessel,
        tableware.bottle,
        models.vessel,
        tableware.mug,
    ]
    spots: list[tuple[float, float]] = []
    for index in range(11):
        for _ in range(20):
            y = float(0.95 + (depth - 0.3) * (index + rng.uniform(0, 1)) / 11)
            x = float(rng.uniform(-0.42, 0.42) * y)
            if all(np.hypot(x - u, y - v) > 0.22 for u, v in spots):
                stage.add(makers[index % len(makers)](rng), x=x, y=y, z=0.75)
                spots.append((x, y))
                break
    far: list[Maker] = [models.leafy_tree, pedestrians.person, models.city_bicycle, plants.bush]
    stage.scatter(far, count=8, near=3.4, far=14.0, half_width=8.0, spread=0.5)
    add_hills(stage)
