"""The layout `street`."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Maker, Stage
from rackfocus.scenes.objects.lights import lamp_post
from rackfocus.scenes.objects.materials import STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import potted_plant
from rackfocus.scenes.objects.street_things import bollard, crates, traffic_cone
from rackfocus.scenes.objects.structures import leaning_board
from rackfocus.scenes.objects.vehicles import bicycle, van


def street(stage: Stage) -> None:
    """A pavement along a row of houses, a kerb and a road."""
    rng = stage.rng
    side = -1.0 if rng.random() < 0.5 else 1.0
    width = float(rng.uniform(2.0, 2.8))
    stage.ground(stuff(rng, "asphalt", ((0.16, 0.16, 0.17), (0.24, 0.23, 0.22))))
    paving = stuff(rng, str(rng.choice(["paving", "tiles", "cobbles", "bricks"])), STONES)
    x0, x1 = sorted((side * (width + 0.6), -side * 1.6))
    stage.surface(quad((x0, -6.0, 0.01), (x1 - x0, 0, 0), (0, 46.0, 0)), paving)
    kerb = stuff(rng, "concrete", STONES)
    stage.surface(quad((-side * 1.6 - 0.08, -6.0, 0.014), (0.16, 0, 0), (0, 46.0, 0)), kerb)
    y = -2.0
    while y < 34.0:
        length = float(rng.uniform(4.0, 8.0))
        front = width + 0.6 + float(rng.uniform(-0.12, 0.12))
        material = stuff(
            rng,
            str(rng.choice(["facade", "facade", "bricks", "plaster"])),
            (*STONES, (0.45, 0.17, 0.10), (0.6, 0.5, 0.3)),
        )
        a, b = (side * front, y), (side * front, y + length)
        tall = float(rng.uniform(4.0, 9.0))
        stage.wall(*((b, a) if side > 0 else (a, b)), tall, material)
        gable = (side * front, y), (side * (front + 4), y)
        stage.wall(*(gable if side > 0 else gable[::-1]), tall, material)
        y += length
    stage.wall(
        (-40.0, 42.0),
        (40.0, 42.0),
        float(rng.uniform(6, 10)),
        stuff(rng, "facade", STONES),
    )
    for k in range(3):
        y = 4.0 + 5.5 * k + float(rng.uniform(-0.6, 0.6))
        post, glow = lamp_post(rng, lit=stage.lit)
        stage.add(post, x=-side * 1.35, y=y, bulbs=glow)
        stage.footprints.append((-side * 1.35, y, 0.2))
    stage.add(van(rng), x=-side * 3.3, y=float(rng.uniform(9, 14)), turn=90.0 + float(rng.uniform(-4, 4)))
    makers: list[Maker] = [
        person,
        bollard,
        person,
        potted_plant,
        leaning_board,
        bicycle,
        crates,
        person,
        traffic_cone,
    ]
    stage.scatter(makers, count=10, near=1.6, far=16.0, half_width=1.7, spread=0.42)
