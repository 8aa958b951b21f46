"""Richer scenes, of the seeds from 2000: haze, modelled plants, rocks and vessels, HDR panoramas.

Four layouts take turns by the seed. The scenes of smaller seeds are those of `plain` and stay as they
are.
"""

from collections.abc import Callable

import numpy as np

from rackfocus.scenes.environment import NightStreet, SunlitSky
from rackfocus.scenes.geometry import Point, quad
from rackfocus.scenes.layouts.plain import Maker, Stage, add_hills, make_recipe
from rackfocus.scenes.objects import fine_models as models
from rackfocus.scenes.objects import (
    furniture,
    lights,
    materials,
    pedestrians,
    plants,
    street_things,
    tableware,
)
from rackfocus.scenes.recipe import Camera, Haze, SceneRecipe, Sky
from rackfocus.scenes.textures import RGB

FIRST_RICH_SEED = 2000

Rng = np.random.Generator


def scene_of_seed(seed: int) -> SceneRecipe:
    """The scene of any seed: a plain one below `FIRST_RICH_SEED`, a rich one from there on."""
    return make_recipe(seed) if seed < FIRST_RICH_SEED else make_rich_recipe(seed)


def make_rich_recipe(seed: int) -> SceneRecipe:
    """The scene of a seed. The same seed makes the same scene, on every machine."""
    rng = np.random.default_rng(seed)
    layout = list(RICH_LAYOUTS)[seed % len(RICH_LAYOUTS)]
    night = layout == "night"
    stage = Stage(rng=rng, lit=night)
    RICH_LAYOUTS[layout](stage)
    sky = _night(rng) if night else sunlit(rng)
    small = layout == "vessels"
    camera = Camera(
        position=(0.0, 0.0, 1.15 if small else float(rng.uniform(1.0, 1.7))),
        yaw=float(rng.uniform(-5, 5)),
        pitch=-11.0 if small else float(rng.uniform(-6, 1)),
        fov=float(rng.uniform(47, 63)),
    )
    return SceneRecipe(
        seed=seed,
        layout=layout,
        parts=tuple(stage.parts),
        bulbs=tuple(stage.bulbs),
        sky=sky,
        camera=camera,
        subjects=tuple(stage.subjects),
        key=float(rng.uniform(0.06, 0.10)) if night else float(rng.uniform(0.17, 0.25)),
        blur_px=float(rng.uniform(4.5, 5.5)),
        haze=None if night or small else _haze(rng, sky, dense=layout == "ravine"),
    )


def _avenue(stage: Stage) -> None:
    """A path between two rows of trees with single leaves, people and bicycles, in light haze."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, "grass", materials.LEAVES[:2]))
    path = materials.stuff(rng, str(rng.choice(["gravel", "paving", "bricks"])), materials.STONES)
    stage.surface(quad((-1.7, -4.0, 0.01), (3.4, 0, 0), (0, 60.0, 0)), path)
    spacing = float(rng.uniform(4.0, 5.5))
    for k in range(6):
        for side in (-1.0, 1.0):
            x, y = side * float(rng.uniform(2.1, 2.6)), 3.6 + spacing * k + float(rng.uniform(-0.5, 0.5))
            stage.add(models.leafy_tree(rng, tall=float(rng.uniform(3.6, 5.4))), x=x, y=y, subject=k < 2)
            stage.footprints.append((x, y, 0.3))
    add_hills(stage)
    makers: list[Maker] = [
        pedestrians.person,
        models.city_bicycle,
        street_things.bench,
        pedestrians.person,
        models.rock,
        pedestrians.person,
    ]
    stage.scatter(makers, count=9, near=1.8, far=26.0, half_width=1.9, spread=0.42)


def _vessels(stage: Stage) -> None:
    """Turned vessels and fruit on a table under a tree, some of it nearer, some farther than its middle."""
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


def _ravine(stage: Stage) -> None:
    """Rocks that get larger with the distance, thin trees between them, walkers, and dense haze."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, str(rng.choice(["soil", "gravel", "grass"])), materials.STONES))
    for k in range(9):
        y = 6.0 * 1.28**k
        for side in (-1.0, 1.0):
            size = float(rng.uniform(0.9, 1.5)) * (1.0 + 0.14 * y)
            x = side * (0.5 * y + size * 0.7 + float(rng.uniform(0.0, 1.0)))
            stage.add(models.rock(rng, size=size), x=x, y=y, subject=False)
    makers: list[Maker] = [
        models.rock,
        pedestrians.person,
        models.leafy_tree,
        pedestrians.person,
        models.rock,
        plants.conifer,
    ]
    stage.scatter(makers, count=13, near=2.0, far=30.0, half_width=9.0, spread=0.42)


def _night_street(stage: Stage) -> None:
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


RICH_LAYOUTS: dict[str, Callable[[Stage], None]] = {
    "avenue": _avenue,
    "vessels": _vessels,
    "ravine": _ravine,
    "night": _night_street,
}
"""The kinds of place, in the order in which seeds take turns."""


def sunlit(rng: Rng) -> SunlitSky:
    azimuth = np.radians(rng.uniform(-150, 150))
    high = np.radians(rng.uniform(14, 55))
    towards: Point = (
        float(np.cos(high) * np.sin(azimuth)),
        float(np.cos(high) * np.cos(azimuth)),
        float(np.sin(high)),
    )
    low = float(np.clip((0.7 - high) / 0.5, 0.0, 1.0))
    warm: RGB = (1.0, 0.93 - 0.22 * low, 0.82 - 0.42 * low)
    return SunlitSky(
        zenith=(0.20, 0.40, 0.85),
        horizon=(0.85, 0.90 - 0.1 * low, 1.0 - 0.3 * low),
        below=(0.25, 0.23, 0.20),
        clouds=float(rng.uniform(0.1, 0.6)),
        patch_direction=towards,
        patch_colour=warm,
        patch_sharpness=6.0,
        sun_direction=towards,
        sun=(0.0, 0.0, 0.0),
        seed=int(rng.integers(2**31)),
        disk_radiance=float(rng.uniform(600, 1600)),
    )


def _night(rng: Rng) -> NightStreet:
    return NightStreet(
        zenith=(0.02, 0.03, 0.06),
        horizon=(0.10, 0.08, 0.10),
        below=(0.05, 0.05, 0.05),
        clouds=0.1,
        patch_direction=(0.0, 0.0, 1.0),
        patch_colour=(0.0, 0.0, 0.0),
        patch_sharpness=1.0,
        sun_direction=(0.0, 0.0, 1.0),
        sun=(0.0, 0.0, 0.0),
        seed=int(rng.integers(2**31)),
        lamp_radiance=float(rng.uniform(150, 400)),
    )


def _haze(rng: Rng, sky: Sky, *, dense: bool) -> Haze:
    """Air through which one sees 40 to 100 m, or 150 to 500 m; its light is that of the horizon."""
    far = float(rng.uniform(40, 100)) if dense else float(rng.uniform(150, 500))
    red, green, blue = (float(value) * 0.9 for value in sky.horizon)
    return Haze(density=3.9 / far, airlight=(red, green, blue), height_m=float(rng.uniform(30, 90)))
