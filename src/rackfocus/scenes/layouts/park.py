"""The layout `park`."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import Maker, Stage, add_hills
from rackfocus.scenes.objects.lights import lamp_post, light_string
from rackfocus.scenes.objects.materials import STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import bush, conifer, tree
from rackfocus.scenes.objects.street_things import beach_ball, bench, signboard, stone
from rackfocus.scenes.objects.structures import fence, lattice


def park(stage: Stage) -> None:
    """A lawn with a path, trees, people, a fence and hills."""
    rng = stage.rng
    stage.ground(stuff(rng, "grass", ((0.16, 0.26, 0.07), (0.22, 0.28, 0.08))))
    path = stuff(rng, str(rng.choice(["gravel", "paving", "soil"])), STONES)
    lean = float(rng.uniform(-0.25, 0.25))
    stage.surface(quad((-0.9, -2.0, 0.006), (1.8, 0, 0), (lean * 32, 32.0, 0)), path)
    far = float(rng.uniform(11, 16))
    for k in range(5):
        stage.add(
            fence(rng, 4.0) if k != 2 else fence(rng, 3.0),
            x=-9.0 + 4.4 * k,
            y=far,
            subject=False,
        )
    add_hills(stage)
    if stage.lit:
        for k in range(4):
            post, glow = lamp_post(rng, lit=True)
            y = 3.4 + 3.2 * k
            stage.add(post, x=lean * y + (1.2 if k % 2 else -1.2), y=y, bulbs=glow)
            stage.footprints.append((lean * y + (1.2 if k % 2 else -1.2), y, 0.2))
        cord, glow = light_string(rng, (-3.4, 5.2, 2.7), (3.4, 6.0, 2.6), spacing=0.5, sag=0.4)
        stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        person,
        tree,
        bench,
        bush,
        person,
        conifer,
        stone,
        signboard,
        tree,
        beach_ball,
        lattice,
    ]
    stage.scatter(makers, count=15, near=1.7, far=24.0, half_width=9.0, spread=0.5)
