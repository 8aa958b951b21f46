"""The layout `alley`."""

from rackfocus.scenes.geometry import Point, quad
from rackfocus.scenes.layouts.stage import Maker, Stage
from rackfocus.scenes.objects import (
    lights,
    materials,
    pedestrians,
    plants,
    street_things,
    structures,
    vehicles,
)


def alley(stage: Stage) -> None:
    """A narrow lane between two walls, an arch at its end."""
    rng = stage.rng
    half = float(rng.uniform(1.4, 2.0))
    stage.ground(materials.stuff(rng, str(rng.choice(["cobbles", "paving", "bricks"])), materials.STONES))
    kinds = ["bricks", "plaster", "concrete", "planks"]
    colours = (*materials.STONES, (0.45, 0.17, 0.10), (0.55, 0.42, 0.22), (0.60, 0.55, 0.48))
    for side in (-1.0, 1.0):
        y = -3.0
        while y < 18.0:
            length = float(rng.uniform(2.5, 5.5))
            front = half + float(rng.uniform(0, 0.35))
            material = materials.stuff(rng, str(rng.choice(kinds)), colours)
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
                    materials.stuff(rng, "poster", materials.PAINTS),
                )
            y += length
    gate = float(rng.uniform(8.0, 12.0))
    stage.add(structures.arch(rng), x=float(rng.uniform(-0.3, 0.3)), y=gate)
    stage.wall((-8.0, 26.0), (8.0, 26.0), 7.0, materials.stuff(rng, "facade", colours))
    if stage.lit:
        for k in range(3):
            y = 2.6 + 2.2 * k
            ends: tuple[Point, Point] = ((-half, y, 2.5), (half, y + float(rng.uniform(-1, 1)), 2.5))
            cord, glow = lights.light_string(rng, *ends, spacing=0.45, sag=0.25)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        pedestrians.person,
        street_things.crates,
        street_things.barrel,
        plants.potted_plant,
        vehicles.bicycle,
        pedestrians.person,
        structures.leaning_board,
        structures.ramp,
    ]
    stage.scatter(makers, count=9, near=1.5, far=15.0, half_width=half - 0.45, spread=0.42)
