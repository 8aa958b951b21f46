"""Renders a scene by Mitsuba 3 through a thin lens.

The picture is the sum of two renderings. A ray tracer of direct light renders everything except the bulbs,
which light the scene as points; a particle tracer renders only the bulbs, occluded by the objects in front of
them. So bokeh balls have none of the noise of path tracing.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.haze import BLOCK_SIZE, hazy
from rackfocus.scenes.lens import SceneLens
from rackfocus.scenes.mitsuba_shapes import load_shapes, trace_depth
from rackfocus.scenes.recipe import Bulb, SceneRecipe

_STRATA = 17
"""A pass has `_STRATA ** 2` samples a pixel, from an orthogonal array, whose side must be prime."""

_POINTS = 3
_POINT_WEIGHT = 0.15
_GLOW_SHARE = 1 / 8

Image = Float[np.ndarray, "height width 3"]


class SceneRenderer:
    """One recipe, loaded into Mitsuba (from `load_mitsuba`) and exposed, for images of this size in pixels.

    `exposure` is the factor of the light relative to the recipe; `None`: automatic. `fixed` are additional
    shapes that are already loaded.
    """

    def __init__(
        self,
        mitsuba: ModuleType,
        recipe: SceneRecipe,
        *,
        width: int,
        height: int,
        exposure: float | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self._mitsuba = mitsuba
        self._recipe = recipe
        self._width = width
        self._height = height
        shapes = load_shapes(mitsuba, recipe.parts) | dict(fixed or {})
        self.exposure = self._metered(shapes) if exposure is None else exposure
        self._shapes = shapes
        self._lit_scene = mitsuba.load_dict(self._lit(shapes, exposure=self.exposure) | self._bulb_lights())

    @cached_property
    def _glow_scene(self) -> Any:
        """The objects and the bulbs, without other light; loaded on first use."""
        return self._mitsuba.load_dict({"type": "scene", **self._shapes, **self._bulb_spheres()})

    def _metered(self, shapes: dict[str, Any]) -> float:
        """The exposure for which the mean without the brightest pixels is `recipe.key`."""
        preview = self._traced(self._mitsuba.load_dict(self._lit(shapes, exposure=1.0)), samples=25)
        return self._recipe.key / float(np.minimum(preview, np.quantile(preview, 0.95)).mean())

    def depth(self) -> Float[np.ndarray, "height width"]:
        """Exact depth in metres along the axis of the lens at each pixel centre; infinite in the sky."""
        return trace_depth(
            self._mitsuba, self._glow_scene, self._recipe.camera, width=self._width, height=self._height
        )

    def image(
        self, lens: SceneLens, *, aperture_ratio: float, focus_m: float, samples: int, seed: int
    ) -> Image:
        """Render through the lens, at `aperture_ratio` of its f/2 aperture and focused at `focus_m`."""
        radius = lens.aperture_radius_m * aperture_ratio
        image = self._traced(
            self._lit_scene,
            samples=samples,
            seed=seed,
            radius=radius,
            focus_m=focus_m,
            brightness=self.exposure,
        )
        if self._recipe.bulbs:
            mitsuba = self._mitsuba
            tracer = mitsuba.load_dict({"type": "ptracer", "max_depth": 1})
            each = max(16, round(samples * _GLOW_SHARE))
            sensor = self._sensor(
                radius=radius, focus_m=focus_m, samples=each, stratified="scalar" not in mitsuba.variant()
            )
            glow = mitsuba.render(self._glow_scene, sensor=sensor, integrator=tracer, spp=each, seed=seed)
            image = image + np.asarray(glow, dtype=np.float32)
        return image

    def _traced(
        self,
        scene: Any,
        *,
        samples: int,
        seed: int = 0,
        radius: float = 1e-4,
        focus_m: float = 1.0,
        brightness: float = 1.0,
    ) -> Image:
        """Direct light only: the mean of passes of at most `_STRATA ** 2` samples."""
        mitsuba = self._mitsuba
        # Fixed block size: a scalar variant's default, and so its noise, depends on the number of threads.
        integrator = mitsuba.load_dict(
            {"type": "direct", "emitter_samples": 1, "bsdf_samples": 1, "block_size": BLOCK_SIZE}
        )
        if self._recipe.haze is not None:
            integrator = hazy(mitsuba, integrator, self._recipe.haze, brightness=brightness)
        each = min(samples, _STRATA**2)
        passes = -(-samples // each)
        sensor = self._sensor(radius=radius, focus_m=focus_m, samples=each)
        total = np.zeros((self._height, self._width, 3))
        for number in range(passes):
            total += np.asarray(
                mitsuba.render(
                    scene, sensor=sensor, integrator=integrator, spp=each, seed=seed * 1000 + number
                )
            )
        return (total / passes).astype(np.float32)

    def _sensor(self, *, radius: float, focus_m: float, samples: int, stratified: bool = True) -> Any:
        """The thin lens. Scalar particle tracing needs more samples in a row than a stratified set has."""
        camera = self._recipe.camera
        position = np.asarray(camera.position)
        _, down, forward = camera.axes()
        transform = self._mitsuba.ScalarTransform4f().look_at(
            origin=position.tolist(), target=(position + forward).tolist(), up=(-down).tolist()
        )
        return self._mitsuba.load_dict(
            {
                "type": "thinlens",
                "fov": camera.fov,
                "fov_axis": "x",
                "aperture_radius": radius,
                "focus_distance": focus_m,
                "near_clip": 0.05,
                "far_clip": 1000.0,
                "to_world": transform,
                "sampler": {"type": "orthogonal" if stratified else "independent", "sample_count": samples},
                "film": {
                    "type": "hdrfilm",
                    "width": self._width,
                    "height": self._height,
                    "rfilter": {"type": "box"},
                    "pixel_format": "rgb",
                    "component_format": "float32",
                },
            }
        )

    def _lit(self, shapes: dict[str, Any], *, exposure: float) -> dict[str, Any]:
        """The scene with its sky; `exposure` multiplies its light."""
        mitsuba = self._mitsuba
        sky = self._recipe.sky
        scene: dict[str, Any] = {"type": "scene", **shapes}
        scene["sky"] = {
            "type": "envmap",
            "bitmap": mitsuba.Bitmap(sky.panorama() * np.float32(exposure)),
            "to_world": mitsuba.ScalarTransform4f().rotate([1, 0, 0], 90),
        }
        if any(sky.sun):
            scene["sun"] = {
                "type": "directional",
                "direction": [-value for value in sky.sun_direction],
                "irradiance": {"type": "rgb", "value": [value * exposure for value in sky.sun]},
                "sampling_weight": 0.5,
            }
        return scene

    def _bulb_lights(self) -> dict[str, Any]:
        """The bulbs as invisible point lights; a distant sphere has intensity `pi r^2` times its radiance."""
        lights = {}
        for number, bulbs in enumerate(_shares(self._recipe.bulbs, _POINTS)):
            intensities = np.array([np.pi * bulb.radius_m**2 * np.asarray(bulb.radiance) for bulb in bulbs])
            centre = np.average([bulb.centre for bulb in bulbs], axis=0, weights=intensities.sum(axis=1))
            lights[f"light{number}"] = {
                "type": "point",
                "position": centre.tolist(),
                "intensity": {"type": "rgb", "value": intensities.sum(axis=0).tolist()},
                "sampling_weight": _POINT_WEIGHT,
            }
        return lights

    def _bulb_spheres(self) -> dict[str, Any]:
        return {
            f"bulb{number}": {
                "type": "sphere",
                "center": list(bulb.centre),
                "radius": bulb.radius_m,
                "emitter": {"type": "area", "radiance": {"type": "rgb", "value": list(bulb.radiance)}},
            }
            for number, bulb in enumerate(self._recipe.bulbs)
        }


def _shares(bulbs: Sequence[Bulb], count: int) -> list[Sequence[Bulb]]:
    """Successive groups of bulbs, at most `count`, none empty."""
    size = -(-len(bulbs) // count)
    return [bulbs[start : start + size] for start in range(0, len(bulbs), size)] if bulbs else []


def low_pass(image: Image) -> Image:
    """The optical low-pass filter of a camera: the binomial (1, 6, 1) / 8 along both axes, edges replicated.

    Together with the renderer's box filter it makes pixels about as soft as a photograph's; the box filter
    alone gives aliased edges.
    """
    for axis in (0, 1):
        padded = np.pad(image, [(1, 1) if each == axis else (0, 0) for each in range(3)], mode="edge")
        size = image.shape[axis]
        before, after = (padded.take(range(start, start + size), axis) for start in (0, 2))
        image = (before + 6 * image + after) / 8
    return image
