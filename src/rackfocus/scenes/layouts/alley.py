"""The layout `alley`."""

from rackfocus.scenes.geometry import Point, quad
from rackfocus.scenes.layouts.stage import Maker, Stage
from rackfocus.scenes.objects.lights import light_string
from rackfocus.scenes.objects.materials import PAINTS, STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import potted_plant
from rackfocus.scenes.objects.street_things import barrel, crates
from rackfocus.scenes.objects.structures import arch, leaning_board, ramp
from rackfocus.scenes.objects.vehicles import bicycle


def alley(stage: Stage) -> None:
    """A narrow lane between two walls, an arch at its end."""
    rng = stage.rng
    half = float(rng.uniform(1.4, 2.0))
    stage.ground(stuff(rng, str(rng.choice(["cobbles", "paving", "bricks"])), STONES))
    kinds = ["bricks", "plaster", "concrete", "planks"]
    colours = (*STONES, (0.45, 0.17, 0.10), (0.55, 0.42, 0.22), (0.60, 0.55, 0.48))
    for side in (-1.0, 1.0):
        y = -3.0
        while y < 18.0:
            length = float(rng.uniform(2.5, 5.5))
            front = half + float(rng.uniform(0, 0.35))
            material = stuff(rng, str(rng.choice(kinds)), colours)
            a, b = (side * front, y), (side * front, y + length)
            stage.wall(*((b, a) if side > 0 else (a, b)), float(rng.uniform(3.0, 6.5)), material)
            shut = (side * front, y + length), (side * (front + 0.6), y + length)
            stage.wall(*(shut if side > 0 else shut[::-1]), 3.0, material)
            if rng.random() < 0.7:
                size = float(rng.uniform(0.5, 0.9))
                sign = quad((0, 0, 0), (size, 0, 0), (0, 0, size * 1.3)).turned(-90.0 * side)
                at = y + (0.3 if side < 0 else 0.3 + size)
                stage.surface(
                    sign.moved((side * (front - 0.02), at, 1.2)),
                    stuff(rng, "poster", PAINTS),
                )
            y += length
    gate = float(rng.uniform(8.0, 12.0))
    stage.add(arch(rng), x=float(rng.uniform(-0.3, 0.3)), y=gate)
    stage.wall((-8.0, 26.0), (8.0, 26.0), 7.0, stuff(rng, "facade", colours))
    if stage.lit:
        for k in range(3):
            y = 2.6 + 2.2 * k
            ends: tuple[Point, Point] = ((-half, y, 2.5), (half, y + float(rng.uniform(-1, 1)), 2.5))
            cord, glow = light_string(rng, *ends, spacing=0.45, sag=0.25)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [person, crates, barrel, potted_plant, bicycle, person, leaning_board, ramp]
    stage.scatter(makers, count=9, near=1.5, far=15.0, half_width=half - 0.45, spread=0.42)
