"""The light of scenes: daylight, window light, the blue hour, sun, night, and haze."""

from collections.abc import Sequence

import numpy as np

from rackfocus.scenes.environment import NightStreet, SunlitSky
from rackfocus.scenes.geometry import Point
from rackfocus.scenes.layouts.stage import Rng
from rackfocus.scenes.recipe import Haze, Sky
from rackfocus.scenes.textures import RGB


def _towards(azimuth: float, elevation: float) -> Point:
    a, e = np.radians(azimuth), np.radians(elevation)
    return float(np.cos(e) * np.sin(a)), float(np.cos(e) * np.cos(a)), float(np.sin(e))


def _rgb(values: Sequence[float], factor: float = 1.0) -> RGB:
    red, green, blue = (float(value * factor) for value in values)
    return red, green, blue


def daylight(rng: Rng) -> Sky:
    """Noon, overcast or a low sun, from the side or from behind the camera."""
    kind = int(rng.integers(4))
    azimuth = float(rng.uniform(50, 310))
    below: RGB = (0.25, 0.23, 0.20)
    seed = int(rng.integers(2**31))
    if kind == 0:  # overcast
        bright = _towards(azimuth, 60)
        return Sky((0.75, 0.80, 0.88), (1.0, 1.0, 1.0), below, 0.3, bright, (0.9, 0.9, 0.85), 2.0, seed=seed)
    if kind == 1:  # late sun
        low = _towards(azimuth, float(rng.uniform(12, 22)))
        colours = (0.28, 0.36, 0.60), (1.0, 0.72, 0.50)
        return Sky(*colours, below, 0.35, low, (0.8, 0.5, 0.25), 5.0, low, (2.6, 1.65, 0.8), seed)
    high = _towards(azimuth, float(rng.uniform(32, 62)))
    sun = _rgb((1.0, 0.93, 0.82), float(rng.uniform(1.6, 3.0)))
    clouds = float(rng.uniform(0.1, 0.5))
    colours = (0.22, 0.42, 0.85), (0.75, 0.88, 1.05)
    return Sky(*colours, below, clouds, high, (0.4, 0.4, 0.35), 6.0, high, sun, seed)


def window_light(rng: Rng) -> Sky:
    """A large soft window behind and to one side of the camera, over dim light from all around."""
    side = float(rng.choice([-1.0, 1.0]))
    warm = _rgb((1.0, 0.90, 0.76)) if rng.random() < 0.5 else _rgb((0.86, 0.94, 1.0))
    around = _rgb(warm, 0.5)
    window = _towards(180.0 + side * float(rng.uniform(20, 60)), float(rng.uniform(30, 50)))
    return Sky(around, around, _rgb(warm, 0.3), 0.0, window, _rgb(warm, 4.0), 7.0)


def blue_hour(rng: Rng) -> Sky:
    """The blue hour: the light of the sky when the lamps are on."""
    colours = (0.16, 0.24, 0.48), (0.42, 0.42, 0.58), (0.10, 0.10, 0.12)
    bright = _towards(float(rng.uniform(60, 300)), 25.0)
    return Sky(*colours, 0.2, bright, (0.5, 0.36, 0.3), 4.0, seed=int(rng.integers(2**31)))


def sunlit(rng: Rng) -> SunlitSky:
    azimuth, high = float(rng.uniform(-150, 150)), float(rng.uniform(14, 55))
    towards = _towards(azimuth, high)
    low = float(np.clip((0.7 - np.radians(high)) / 0.5, 0.0, 1.0))
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
        seed=int(rng.integers(2**31)),
        disk_radiance=float(rng.uniform(600, 1600)),
    )


def night_light(rng: Rng) -> NightStreet:
    return NightStreet(
        zenith=(0.02, 0.03, 0.06),
        horizon=(0.10, 0.08, 0.10),
        below=(0.05, 0.05, 0.05),
        clouds=0.1,
        patch_direction=(0.0, 0.0, 1.0),
        patch_colour=(0.0, 0.0, 0.0),
        patch_sharpness=1.0,
        seed=int(rng.integers(2**31)),
        lamp_radiance=float(rng.uniform(150, 400)),
    )


def horizon_haze(rng: Rng, sky: Sky, *, dense: bool) -> Haze:
    """Haze with a visibility of 40 to 100 m (dense) or 150 to 500 m; its light is that of the horizon."""
    far = float(rng.uniform(40, 100)) if dense else float(rng.uniform(150, 500))
    red, green, blue = (float(value) * 0.9 for value in sky.horizon)
    return Haze(density=3.9 / far, airlight=(red, green, blue), height_m=float(rng.uniform(30, 90)))
