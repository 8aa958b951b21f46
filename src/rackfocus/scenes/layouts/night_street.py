"""The layout `night` of the richer scenes."""

from rackfocus.scenes.layouts.stage import Maker, Stage
from rackfocus.scenes.objects.fine_models import city_bicycle
from rackfocus.scenes.objects.lights import lamp_post
from rackfocus.scenes.objects.materials import STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import potted_plant
from rackfocus.scenes.objects.street_things import bollard, signboard


def night_street(stage: Stage) -> None:
    """A paved street at night, lit by its panorama and by lamps that are in the picture."""
    rng = stage.rng
    stage.ground(stuff(rng, str(rng.choice(["cobbles", "asphalt", "paving"])), STONES))
    for side in (-1.0, 1.0):
        front = float(rng.uniform(3.0, 4.2))
        a, b = (side * front, -2.0), (side * front, 34.0)
        facade = stuff(rng, "facade", STONES)
        stage.wall(*((b, a) if side > 0 else (a, b)), float(rng.uniform(5.0, 8.0)), facade)
        for k in range(4):
            y = 3.6 + 4.5 * k + float(rng.uniform(-0.5, 0.5))
            post, glow = lamp_post(rng, lit=True)
            stage.add(post, x=side * 1.9, y=y, bulbs=glow)
            stage.footprints.append((side * 1.9, y, 0.2))
    makers: list[Maker] = [person, city_bicycle, person, signboard, bollard, potted_plant]
    stage.scatter(makers, count=10, near=1.8, far=18.0, half_width=2.4, spread=0.42)
