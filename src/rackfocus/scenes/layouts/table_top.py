"""The layout `table`."""

import numpy as np

from rackfocus.scenes.layouts.stage import Maker, Stage, add_hills
from rackfocus.scenes.objects.furniture import bookcase, chair, table
from rackfocus.scenes.objects.lights import candle, light_string
from rackfocus.scenes.objects.materials import LEAVES, STONES, WOODS, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import bush, conifer, potted_plant, tree
from rackfocus.scenes.objects.street_things import bench
from rackfocus.scenes.objects.tableware import book_pile, bottle, fruit, mug, picture_stand, vase


def table_top(stage: Stage) -> None:
    """A table with small objects, and a room or a garden behind it."""
    rng = stage.rng
    outside = bool(rng.random() < 0.4) and not stage.lit
    floor = (
        stuff(rng, "grass", LEAVES[:2])
        if outside
        else stuff(rng, str(rng.choice(["tiles", "planks"])), (*WOODS, *STONES))
    )
    stage.ground(floor)
    depth = float(rng.uniform(1.4, 1.8))
    stage.add(
        table(rng, width=float(rng.uniform(1.6, 2.2)), depth=depth),
        x=0.0,
        y=0.75 + depth / 2,
        subject=False,
    )
    makers: list[Maker] = [vase, bottle, mug, book_pile, fruit, picture_stand, bottle, mug]
    order = rng.permutation(len(makers))
    spots: list[tuple[float, float]] = []
    for index in range(10):
        for _ in range(20):
            y = float(0.92 + (depth - 0.3) * (index + rng.uniform(0, 1)) / 10)
            x = float(rng.uniform(-0.42, 0.42) * y)
            if all(np.hypot(x - u, y - v) > 0.2 for u, v in spots):
                stage.add(
                    makers[order[index % len(makers)]](rng),
                    x=x,
                    y=y,
                    z=0.75,
                    turn=float(rng.uniform(-40, 40)),
                )
                spots.append((x, y))
                break
    if outside:
        makers = [tree, bush, conifer, person, bench]
        stage.scatter(makers, count=9, near=3.4, far=14.0, half_width=8.0, spread=0.5)
        add_hills(stage)
        return
    back = float(rng.uniform(3.8, 5.5))
    stage.wall(
        (-5.0, back),
        (5.0, back),
        4.0,
        stuff(rng, str(rng.choice(["plaster", "bricks", "stripes"])), STONES),
    )
    stage.add(bookcase(rng), x=float(rng.uniform(-1.4, 1.4)), y=back - 0.2)
    makers = [chair, person, potted_plant, chair]
    stage.scatter(makers, count=4, near=depth + 1.3, far=back - 0.7, half_width=1.8, spread=0.45)
    if stage.lit:
        for _ in range(4):
            parts, glow = candle(rng)
            y = float(rng.uniform(1.1, 0.65 + depth))
            stage.add(parts, x=float(rng.uniform(-0.4, 0.4) * y), y=y, z=0.75, bulbs=glow)
        cord, glow = light_string(rng, (-2.5, back - 0.3, 2.1), (2.5, back - 0.3, 2.1), spacing=0.3, sag=0.4)
        stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
