"""Homogeneous haze for Mitsuba: an integrator that wraps the integrator of the surfaces."""

from types import ModuleType
from typing import Any

from rackfocus.scenes.recipe import Haze

BLOCK_SIZE = 16
"""Width and height in pixels of the block that one thread renders at a time in a scalar variant."""


def hazy(mitsuba: ModuleType, surfaces: Any, haze: Haze, *, brightness: float) -> Any:
    """An integrator for the haze layer in front of `surfaces`, the integrator of what is behind it;
    `brightness` is the exposure, which also applies to the light of the haze.
    """
    # Drjit is installed with Mitsuba, which is optional.
    from drjit import exp, maximum, minimum, select

    airlight = mitsuba.Color3f([value * brightness for value in haze.airlight])

    class HazyIntegrator(mitsuba.SamplingIntegrator):  # type: ignore[name-defined]
        """`L exp(-s d) + A (1 - exp(-s d))` for every sample of the lens."""

        def sample(
            self, scene: Any, sampler: Any, ray: Any, medium: Any = None, active: Any = True
        ) -> tuple[Any, Any, list[Any]]:
            light, _, _ = surfaces.sample(scene, sampler, ray, medium, active)
            hit = scene.ray_intersect_preliminary(ray, active=active)
            upwards = maximum(ray.d.z, 1e-4)
            through_layer = (haze.height_m - ray.o.z) / upwards
            # Surfaces above the layer are seen through the same length of haze as the sky beside them.
            way = minimum(select(hit.is_valid(), hit.t, through_layer), through_layer)
            share = exp(-haze.density * way)
            return light * share + airlight * (1.0 - share), mitsuba.Bool(True), []

        def aov_names(self) -> list[str]:
            return []

    properties = mitsuba.Properties()
    properties["block_size"] = BLOCK_SIZE
    return HazyIntegrator(properties)
