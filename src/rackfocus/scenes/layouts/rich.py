"""Richer scenes, for seeds from 2000: haze, modelled plants, rocks and vessels, HDR panoramas.

Four layouts alternate with the seed. Smaller seeds give the scenes of `plain`, which do not change.
"""

from collections.abc import Callable

import numpy as np

from rackfocus.scenes.layouts.avenue import avenue
from rackfocus.scenes.layouts.night_street import night_street
from rackfocus.scenes.layouts.plain import make_recipe
from rackfocus.scenes.layouts.ravine import ravine
from rackfocus.scenes.layouts.skies import horizon_haze, night_light, sunlit
from rackfocus.scenes.layouts.stage import Stage
from rackfocus.scenes.layouts.vessels import vessels
from rackfocus.scenes.recipe import Camera, SceneRecipe

FIRST_RICH_SEED = 2000

RICH_LAYOUTS: dict[str, Callable[[Stage], None]] = {
    "avenue": avenue,
    "vessels": vessels,
    "ravine": ravine,
    "night": night_street,
}
"""The kinds of place, in the order in which they alternate."""


def scene_of_seed(seed: int) -> SceneRecipe:
    """The scene of any seed: a plain one below `FIRST_RICH_SEED`, a rich one from there on."""
    return make_recipe(seed) if seed < FIRST_RICH_SEED else make_rich_recipe(seed)


def make_rich_recipe(seed: int) -> SceneRecipe:
    """The rich scene of a seed, the same on every machine."""
    rng = np.random.default_rng(seed)
    layout = list(RICH_LAYOUTS)[seed % len(RICH_LAYOUTS)]
    night = layout == "night"
    stage = Stage(rng=rng, lit=night)
    RICH_LAYOUTS[layout](stage)
    sky = night_light(rng) if night else sunlit(rng)
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
        haze=None if night or small else horizon_haze(rng, sky, dense=layout == "ravine"),
    )
