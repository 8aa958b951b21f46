"""The layout `terrace`."""

from rackfocus.scenes.geometry import quad
from rackfocus.scenes.layouts.stage import FAR_M, Maker, Stage, add_hills
from rackfocus.scenes.objects.furniture import chair
from rackfocus.scenes.objects.lights import light_string
from rackfocus.scenes.objects.materials import LEAVES, STONES, WOODS, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import potted_plant, tree
from rackfocus.scenes.objects.street_things import barrel, beach_ball, crates, signboard
from rackfocus.scenes.objects.structures import arch, lattice, railing, ramp


def terrace(stage: Stage) -> None:
    """A paved square with a railing, steps, arches and a view."""
    rng = stage.rng
    stage.ground(stuff(rng, str(rng.choice(["tiles", "paving", "planks"])), (*STONES, *WOODS)))
    edge = float(rng.uniform(7.0, 10.0))
    for k in range(-2, 3):
        stage.add(railing(rng, 2.6), x=2.8 * k, y=edge, subject=False)
    stage.surface(
        quad((-FAR_M, edge + 0.3, 0.01), (2 * FAR_M, 0, 0), (0, FAR_M, 0)),
        stuff(rng, "soil", (*LEAVES, *STONES)),
    )
    stage.add(
        arch(rng),
        x=float(rng.uniform(-2.5, 2.5)),
        y=float(rng.uniform(5.0, edge - 0.8)),
        turn=float(rng.uniform(-25, 25)),
    )
    stage.footprints.append((stage.subjects[-1][0], stage.subjects[-1][1], 1.1))
    for _ in range(5):
        x, y = float(rng.uniform(-14, 14)), float(rng.uniform(edge + 3, 28))
        stage.add(tree(rng), x=x, y=y)
    add_hills(stage)
    if stage.lit:
        for k in range(3):
            y = 3.2 + 1.6 * k
            cord, glow = light_string(rng, (-3.0, y, 2.5), (3.0, y, 2.4), spacing=0.5, sag=0.35)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        person,
        ramp,
        potted_plant,
        chair,
        signboard,
        lattice,
        crates,
        beach_ball,
        person,
        barrel,
    ]
    stage.scatter(makers, count=11, near=1.6, far=edge - 0.6, half_width=4.5, spread=0.48)
