"""The layout `park`."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Maker, Stage, add_hills
from rackfocus.scenes.objects import lights, materials, pedestrians, plants, street_things, structures


def park(stage: Stage) -> None:
    """A lawn with a path, trees, people, a fence and hills."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, "grass", ((0.16, 0.26, 0.07), (0.22, 0.28, 0.08))))
    path = materials.stuff(rng, str(rng.choice(["gravel", "paving", "soil"])), materials.STONES)
    lean = float(rng.uniform(-0.25, 0.25))
    stage.surface(quad((-0.9, -2.0, 0.006), (1.8, 0, 0), (lean * 32, 32.0, 0)), path)
    far = float(rng.uniform(11, 16))
    for k in range(5):
        stage.add(
            structures.fence(rng, 4.0) if k != 2 else structures.fence(rng, 3.0),
            x=-9.0 + 4.4 * k,
            y=far,
            subject=False,
        )
    add_hills(stage)
    if stage.lit:
        for k in range(4):
            post, glow = lights.lamp_post(rng, lit=True)
            y = 3.4 + 3.2 * k
            stage.add(post, x=lean * y + (1.2 if k % 2 else -1.2), y=y, bulbs=glow)
            stage.footprints.append((lean * y + (1.2 if k % 2 else -1.2), y, 0.2))
        cord, glow = lights.light_string(rng, (-3.4, 5.2, 2.7), (3.4, 6.0, 2.6), spacing=0.5, sag=0.4)
        stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        pedestrians.person,
        plants.tree,
        street_things.bench,
        plants.bush,
        pedestrians.person,
        plants.conifer,
        street_things.stone,
        street_things.signboard,
        plants.tree,
        street_things.beach_ball,
        structures.lattice,
    ]
    stage.scatter(makers, count=15, near=1.7, far=24.0, half_width=9.0, spread=0.5)
