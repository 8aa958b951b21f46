"""The description of a ray-traced scene in plain numbers: camera, objects, light. It needs no renderer.

World axes: `x` right, `y` forward, `z` up, metres; the ground is `z = 0`, the camera is above the origin.
Pixels: `x` right, `y` down, centres at integers, so the axis of the lens is at pixel
`((width - 1) / 2, (height - 1) / 2)`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.geometry import Mesh, Point, rotation
from rackfocus.scenes.textures import RGB


@dataclass(frozen=True)
class Material:
    """A matt surface: a kind of texture (`textures.TEXTURES`), its seed, its main linear albedo.

    A translucent one is thin, like a leaf, and transmits light from behind.
    """

    kind: str
    seed: int
    tint: RGB
    translucent: bool = False


@dataclass(frozen=True)
class Part:
    """A mesh and its material."""

    mesh: Mesh
    material: Material


def placed(parts: Iterable[Part], *, x: float, y: float, z: float = 0.0, turn: float = 0.0) -> list[Part]:
    """Rotate parts about the vertical axis (degrees) and place them at `(x, y, z)`."""
    return [replace(part, mesh=part.mesh.turned(turn).moved((x, y, z))) for part in parts]


@dataclass(frozen=True)
class Bulb:
    """A small glowing sphere, its centre in metres; `radiance` as seen by a camera, 1 is display white."""

    centre: Point
    radius_m: float
    radiance: RGB


def directions(height: int) -> Float[np.ndarray, "height width 3"]:
    """The world direction of each texel: row 0 overhead, column 0 forward, a quarter of the width right."""
    elevation = np.pi / 2 - (np.arange(height) + 0.5) / height * np.pi
    azimuth = (np.arange(2 * height) + 0.5) / (2 * height) * 2 * np.pi
    flat = np.cos(elevation)[:, None]
    up = np.broadcast_to(np.sin(elevation)[:, None], (height, 2 * height))
    return np.stack([flat * np.sin(azimuth), flat * np.cos(azimuth), up], axis=-1)


@dataclass(frozen=True)
class Sky:
    """Distant light: a gradient with clouds, a soft bright patch, and a sun.

    Attributes:
        zenith, horizon, below: linear colours overhead, at eye level and from below the ground.
        clouds: contrast of the clouds, 0 (a clear sky) to 1.
        patch_direction: towards the soft bright patch (a window, the bright part of the sky).
        patch_colour: radiance added at its middle.
        patch_sharpness: larger values make the patch smaller.
        sun_direction: towards the sun; not used where `sun` is zero.
        sun: irradiance of a surface that faces it.
        seed: of the clouds.
    """

    zenith: RGB
    horizon: RGB
    below: RGB
    clouds: float
    patch_direction: Point
    patch_colour: RGB
    patch_sharpness: float
    sun_direction: Point = (0.0, 0.0, 1.0)
    sun: RGB = (0.0, 0.0, 0.0)
    seed: int = 0

    def panorama(self, height: int = 128) -> Float[np.ndarray, "height width 3"]:
        """Radiance by direction: row 0 is overhead, column 0 forward (`+y`), a quarter of the width right."""
        looking = directions(height)
        up = looking[..., 2]
        zenith, horizon, below = (np.asarray(v) for v in (self.zenith, self.horizon, self.below))
        climb = np.clip(up, 0, 1)[..., None] ** 0.5
        image = np.where(up[..., None] < 0, below, horizon + (zenith - horizon) * climb)
        image = image + self._cloud_cover(looking)[..., None] * np.clip(up, 0, 1)[..., None] * horizon
        towards = np.asarray(self.patch_direction) / np.linalg.norm(self.patch_direction)
        patch = np.exp(self.patch_sharpness * (looking @ towards - 1.0))
        return np.maximum(image + patch[..., None] * np.asarray(self.patch_colour), 0.0).astype(np.float32)

    def _cloud_cover(self, directions: np.ndarray) -> np.ndarray:
        """Clouds as a sum of waves over a flat layer, -1 to 1, times `clouds`."""
        rng = np.random.default_rng(self.seed)
        layer = directions[..., :2] / (np.abs(directions[..., 2:]) + 0.25)
        cover = np.zeros(layer.shape[:2])
        for _ in range(24):
            octave = rng.uniform(1.0, 9.0)
            angle, phase = rng.uniform(0, 2 * np.pi, 2)
            cover += np.sin(layer @ (octave * np.array([np.cos(angle), np.sin(angle)])) + phase) / octave
        return self.clouds * np.tanh(cover)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera, or the centre of a thin lens, at a position in metres.

    `yaw` is degrees to the right of `+y`, `pitch` degrees above the horizon, `fov` the horizontal angle of
    view.
    """

    position: Point
    yaw: float
    pitch: float
    fov: float

    def focal_length_px(self, width: int) -> float:
        """Focal length in pixels of an image of this width."""
        return width / 2 / float(np.tan(np.radians(self.fov) / 2))

    def axes(self) -> Float[np.ndarray, "3 3"]:
        """Rows: unit vectors right, down and forward of the camera in the world."""
        turn = rotation(-self.yaw, axis=2) @ rotation(self.pitch, axis=0)
        return np.stack([turn[:, 0], -turn[:, 2], turn[:, 1]])

    def ray_directions(self, *, width: int, height: int) -> Float[np.ndarray, "height width 3"]:
        """World directions through the pixel centres; their length corresponds to one metre of depth."""
        focal = self.focal_length_px(width)
        x, y = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
        return np.stack([x / focal, y / focal, np.ones_like(x)], axis=-1) @ self.axes()

    def project(
        self, points: Float[np.ndarray, "point 3"], *, width: int, height: int
    ) -> Float[np.ndarray, "point 3"]:
        """`(x, y, depth)` of world points: pixels, pixels, metres along the axis of the lens."""
        local = (points - np.asarray(self.position)) @ self.axes().T
        focal = self.focal_length_px(width)
        x = focal * local[:, 0] / local[:, 2] + (width - 1) / 2
        y = focal * local[:, 1] / local[:, 2] + (height - 1) / 2
        return np.stack([x, y, local[:, 2]], axis=1)


@dataclass(frozen=True)
class Haze:
    """A layer of homogeneous haze above the ground: it attenuates light and adds its own.

    Over a path of `d` metres within it, light `L` becomes
    `L exp(-density d) + airlight (1 - exp(-density d))`.

    Attributes:
        density: extinction per metre; the visibility is 3.9 / density.
        airlight: radiance of an infinite path through it, before exposure.
        height_m: height of the layer; the sky is seen through `height_m / sin(elevation)` of it.
    """

    density: float
    airlight: RGB
    height_m: float = 60.0


@dataclass(frozen=True, kw_only=True)
class SceneRecipe:
    """All that is needed to render a scene.

    Attributes:
        seed: from which it was made.
        layout: the kind of place.
        parts: its surfaces.
        bulbs: its small bright lights; often empty.
        sky: its other light, before exposure.
        camera: from which it is seen.
        subjects: points that a photographer would focus on.
        key: mean luminance for the automatic exposure, display white 1.
        blur_px: largest blur radius for the choice of the aperture, in pixels of an image 384 wide.
        haze: `None`: no haze. Bulbs are rendered without haze.
    """

    seed: int
    layout: str
    parts: tuple[Part, ...]
    bulbs: tuple[Bulb, ...] = ()
    sky: Sky
    camera: Camera
    subjects: tuple[Point, ...] = ()
    key: float
    blur_px: float
    haze: Haze | None = None
