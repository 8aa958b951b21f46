"""The layout `night` of the richer scenes."""

from rackfocus.scenes.layouts.stage import Maker, Stage
from rackfocus.scenes.objects import fine_models as models
from rackfocus.scenes.objects import lights, materials, pedestrians, plants, street_things


def night_street(stage: Stage) -> None:
    """A paved street at night, lit by its panorama and by lamps that are in the picture."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, str(rng.choice(["cobbles", "asphalt", "paving"])), materials.STONES))
    for side in (-1.0, 1.0):
        front = float(rng.uniform(3.0, 4.2))
        a, b = (side * front, -2.0), (side * front, 34.0)
        facade = materials.stuff(rng, "facade", materials.STONES)
        stage.wall(*((b, a) if side > 0 else (a, b)), float(rng.uniform(5.0, 8.0)), facade)
        for k in range(4):
            y = 3.6 + 4.5 * k + float(rng.uniform(-0.5, 0.5))
            post, glow = lights.lamp_post(rng, lit=True)
            stage.add(post, x=side * 1.9, y=y, bulbs=glow)
            stage.footprints.append((side * 1.9, y, 0.2))
    makers: list[Maker] = [
        pedestrians.person,
        models.city_bicycle,
        pedestrians.person,
        street_things.signboard,
        street_things.bollard,
        plants.potted_plant,
    ]
    stage.scatter(makers, count=10, near=1.8, far=18.0, half_width=2.4, spread=0.42)
