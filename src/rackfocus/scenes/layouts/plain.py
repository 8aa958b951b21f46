"""Plain scenes from a seed: a kind of place, objects scattered over its ground, light, and a camera.

Six layouts alternate with the seed, and of every six successive seeds from a multiple of six two have small
bright lights. A scene depends only on its seed.
"""

from collections.abc import Callable

import numpy as np

from rackfocus.scenes.layouts.alley import alley
from rackfocus.scenes.layouts.park import park
from rackfocus.scenes.layouts.room import room
from rackfocus.scenes.layouts.skies import blue_hour, daylight, window_light
from rackfocus.scenes.layouts.stage import Stage
from rackfocus.scenes.layouts.street import street
from rackfocus.scenes.layouts.table_top import table_top
from rackfocus.scenes.layouts.terrace import terrace
from rackfocus.scenes.recipe import Camera, SceneRecipe

LAYOUTS: dict[str, Callable[[Stage], None]] = {
    "street": street,
    "room": room,
    "park": park,
    "table": table_top,
    "alley": alley,
    "terrace": terrace,
}
"""The kinds of place, in the order in which they alternate."""


def has_lights(seed: int) -> bool:
    """Whether the scene of this seed has small bright lights: two of every six do."""
    return (seed + seed // 6) % 3 == 2


def make_recipe(seed: int) -> SceneRecipe:
    """The plain scene of a seed, the same on every machine."""
    rng = np.random.default_rng(seed)
    layout = list(LAYOUTS)[seed % len(LAYOUTS)]
    lit = has_lights(seed)
    stage = Stage(rng=rng, lit=lit)
    LAYOUTS[layout](stage)
    indoors = layout in ("room", "table")
    sky = blue_hour(rng) if lit else (window_light(rng) if indoors else daylight(rng))
    tall, pitch = (
        (1.25, -13.0) if layout == "table" else (float(rng.uniform(0.9, 1.7)), float(rng.uniform(-7, 0)))
    )
    camera = Camera(
        position=(0.0, 0.0, tall), yaw=float(rng.uniform(-5, 5)), pitch=pitch, fov=float(rng.uniform(47, 63))
    )
    return SceneRecipe(
        seed=seed,
        layout=layout,
        parts=tuple(stage.parts),
        bulbs=tuple(stage.bulbs),
        sky=sky,
        camera=camera,
        subjects=tuple(stage.subjects),
        key=float(rng.uniform(0.05, 0.10)) if lit else float(rng.uniform(0.17, 0.25)),
        blur_px=float(rng.uniform(4.5, 5.5)),
    )
