"""HDR panoramas as distant light: a sky with its sun, and a street at night.

Both are procedural. Directions are those of `Sky.panorama`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.recipe import Sky, directions


@dataclass(frozen=True)
class SunlitSky(Sky):
    """A clear or cloudy sky with its sun as a disk far brighter than white, and the glow around it.

    The disk is thousands of times as bright as white, and larger than the real one so that it covers texels.
    """

    disk_radiance: float = 2000.0
    disk_degrees: float = 1.5

    def panorama(self, height: int = 256) -> Float[np.ndarray, "height width 3"]:
        """The gradient and the clouds of `Sky`, brighter around the sun, and the sun's disk."""
        base = super().panorama(height).astype(np.float64)
        towards = np.asarray(self.sun_direction) / np.linalg.norm(self.sun_direction)
        cosine = np.clip(directions(height) @ towards, -1.0, 1.0)
        angle = np.degrees(np.arccos(cosine))
        warmth = np.asarray(self.patch_colour) / max(self.patch_colour)
        # Forward scattering of haze: bright within a few degrees of the sun, weak all around.
        glow = 6.0 * np.exp(-angle / 3.0) + 0.6 * np.exp(-angle / 18.0)
        disk = np.clip((self.disk_degrees - angle) / (180.0 / height) + 0.5, 0.0, 1.0)
        light = (glow + self.disk_radiance * disk)[..., None] * warmth
        return np.asarray(base + light, dtype=np.float32)


@dataclass(frozen=True)
class NightStreet(Sky):
    """A dark sky above two rows of houses with lit windows and lamps; it lights the scene."""

    lamp_radiance: float = 250.0

    def panorama(self, height: int = 256) -> Float[np.ndarray, "height width 3"]:
        """Houses on both sides as a skyline with windows; lamps in front of them, near ones larger."""
        rng = np.random.default_rng(self.seed)
        image = super().panorama(height).astype(np.float64)
        width = 2 * height
        elevation = 90.0 - (np.arange(height) + 0.5) / height * 180.0
        azimuth = (np.arange(width) + 0.5) / width * 360.0
        along = np.abs(np.sin(np.radians(azimuth)))
        houses = rng.uniform(0.7, 1.3, 24)[(azimuth / 15).astype(int)]
        skyline = 9.0 + 38.0 * along**1.5 * houses
        wall = (elevation[:, None] > 0) & (elevation[:, None] < skyline)
        image[wall] = np.array([0.05, 0.045, 0.05])
        across, up = azimuth / 3.0, elevation[:, None] / 4.0
        lit = rng.random((46, 120)) < 0.35
        hue = rng.uniform((0.8, 0.5, 0.2), (1.0, 0.9, 0.8), (46, 120, 3)) * rng.uniform(1, 8, (46, 120, 1))
        column, row = across.astype(int) % 120, np.floor(up).astype(int).clip(0, 45)
        pane = (np.abs(across % 1 - 0.5) < 0.3) & (np.abs(up % 1 - 0.5) < 0.32)
        shows = wall & pane & lit[row, column]
        image[shows] = hue[row, np.broadcast_to(column, wall.shape)][shows]
        looking = directions(height)
        for _ in range(14):
            side, distance = float(rng.choice([-1.0, 1.0])), float(rng.uniform(-25, 25))
            place = np.array([side * 5.0, distance, 3.5])
            far = float(np.linalg.norm(place))
            angle = np.arccos(np.clip(looking @ (place / far), -1, 1))
            size = np.arctan(0.25 / far)
            disk = np.clip((size - angle) / (np.pi / height) + 0.5, 0.0, 1.0)
            image += disk[..., None] * self.lamp_radiance * np.array([1.0, 0.72, 0.42])
        return np.asarray(image, dtype=np.float32)
