"""From recipes to files: Mitsuba 3 renders each scene through a true thin lens.

The picture is the sum of two renderings. A ray tracer of direct light sees all but the bulbs, which light
their surroundings as points; a particle tracer sees nothing but the bulbs, each hidden by what stands before
it. So bokeh balls come without the noise that path tracing would give them.
"""

import importlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.files import write_depth, write_disparity, write_hdr, write_srgb
from rackfocus.scenes.geometry import Mesh, join
from rackfocus.scenes.haze import BLOCK_SIZE, hazy
from rackfocus.scenes.jobs import Report, run_jobs
from rackfocus.scenes.layouts.rich import scene_of_seed
from rackfocus.scenes.lens import F2_TO_F8, F2_TO_F22, REFERENCE_WIDTH, SceneLens, choose_lens
from rackfocus.scenes.recipe import Bulb, Camera, Material, Part, SceneRecipe
from rackfocus.scenes.textures import make_texture
from rackfocus.types import InputError

GENERATOR_VERSION = 1
"""Raised when the same seed would make another scene or another format."""

_VARIANTS = ("llvm_ad_rgb", "scalar_rgb")
_STRATA = 17
"""A pass takes `_STRATA ** 2` samples a pixel, from an orthogonal array: the side must be prime."""

_POINTS = 3
_POINT_WEIGHT = 0.15
_GLOW_SHARE = 1 / 8

Image = Float[np.ndarray, "height width 3"]


def load_mitsuba(variant: str | None = None) -> ModuleType:
    """Import Mitsuba and choose how it computes.

    Args:
        variant: such as `scalar_rgb` (runs anywhere) or `llvm_ad_rgb` (needs the LLVM library);
            where not given, LLVM if it loads, else scalar.

    Raises:
        InputError: Mitsuba is not installed, or it does not have or cannot start the variant.
    """
    try:
        mitsuba = importlib.import_module("mitsuba")
    except ImportError as error:
        raise InputError(
            "Rendering scenes needs Mitsuba 3, which is not installed: pip install 'rackfocus[scenes]'."
        ) from error
    wanted = _VARIANTS if variant is None else (variant,)
    for name in wanted:
        if name in mitsuba.variants() and _starts(mitsuba, name):
            mitsuba.set_log_level(mitsuba.LogLevel.Error)
            return mitsuba
    raise InputError(
        f"Mitsuba cannot start the variant {' or '.join(wanted)}; pick scalar_rgb, "
        "or for an llvm variant install LLVM and name its library in DRJIT_LIBLLVM_PATH."
    )


def _starts(mitsuba: ModuleType, variant: str) -> bool:
    """Whether a first array can be made: without the LLVM library it cannot."""
    try:
        mitsuba.set_variant(variant)
        mitsuba.Float(1.0) + mitsuba.Float(1.0)
    except (ImportError, RuntimeError):
        return False
    return True


def _shares(bulbs: Sequence[Bulb], count: int) -> list[Sequence[Bulb]]:
    """Runs of bulbs that follow one another, at most `count`, none empty."""
    size = -(-len(bulbs) // count)
    return [bulbs[start : start + size] for start in range(0, len(bulbs), size)] if bulbs else []


@dataclass(frozen=True)
class RenderedScene:
    """All that is rendered of one scene; images are linear light, not clipped, display white 1.

    Attributes:
        deep, f8, f2: the aperture triplet at the ratios of f/22, f/8 and f/2, same focus.
        f2_refocused: f/2 with the other focal plane.
        depth_m: along the axis of the lens at the pixel centres, infinite in the sky.
        lens: what was looked through.
    """

    deep: Image
    f8: Image
    f2: Image
    f2_refocused: Image
    depth_m: Float[np.ndarray, "height width"]
    lens: SceneLens


def load_shapes(mitsuba: ModuleType, parts: Sequence[Part], *, prefix: str = "shape") -> dict[str, Any]:
    """One mesh for each material, to be put into a scene."""
    by_material: dict[Material, list[Mesh]] = {}
    for part in parts:
        by_material.setdefault(part.material, []).append(part.mesh)
    return {
        f"{prefix}{number}": _load_mesh(mitsuba, f"{prefix}{number}", join(meshes), material)
        for number, (material, meshes) in enumerate(by_material.items())
    }


def _load_mesh(mitsuba: ModuleType, name: str, mesh: Mesh, material: Material) -> Any:
    texture = make_texture(material.kind, seed=material.seed, tint=material.tint)
    properties = mitsuba.Properties()
    colour = {"type": "bitmap", "bitmap": mitsuba.Bitmap(texture.albedo), "raw": True}
    if material.translucent:
        # Half of the light that a leaf does not swallow comes out on its other side.
        surface = {"type": "principledthin", "base_color": colour, "diff_trans": 1.0, "roughness": 0.9}
    else:
        surface = {"type": "twosided", "matt": {"type": "diffuse", "reflectance": colour}}
    properties["bsdf"] = mitsuba.load_dict(surface)
    shape = mitsuba.Mesh(
        name,
        len(mesh.vertices),
        len(mesh.faces),
        has_vertex_normals=True,
        has_vertex_texcoords=True,
        props=properties,
    )
    parameters = mitsuba.traverse(shape)
    parameters["vertex_positions"] = mesh.vertices.astype(np.float32).ravel()
    parameters["vertex_normals"] = mesh.normals.astype(np.float32).ravel()
    parameters["vertex_texcoords"] = (mesh.texture_m / texture.size_m).astype(np.float32).ravel()
    parameters["faces"] = mesh.faces.astype(np.uint32).ravel()
    parameters.update()
    return shape


def trace_depth(
    mitsuba: ModuleType, scene: Any, camera: Camera, *, width: int, height: int
) -> Float[np.ndarray, "height width"]:
    """Depth of a loaded scene in metres along the axis of the lens, exact at each pixel centre."""
    steps = camera.ray_directions(width=width, height=height).reshape(-1, 3)
    lengths = np.linalg.norm(steps, axis=1)
    directions = steps / lengths[:, None]
    if "scalar" in mitsuba.variant():
        hits = [
            scene.ray_intersect_preliminary(mitsuba.Ray3f(camera.position, d)).t for d in directions.tolist()
        ]
        distances = np.array(hits)
    else:
        rays = mitsuba.Ray3f(
            mitsuba.Point3f(*camera.position), mitsuba.Vector3f(directions.T.astype(np.float32))
        )
        distances = np.asarray(scene.ray_intersect_preliminary(rays).t, dtype=np.float64)
    return (distances / lengths).reshape(height, width)


class SceneRenderer:
    """One recipe, loaded into Mitsuba and exposed.

    Args:
        mitsuba: from `load_mitsuba`.
        recipe: the scene.
        width: of the images in pixels.
        height: of the images in pixels.
        exposure: how much brighter the sky shines than in the recipe; metered where not given.
        fixed: shapes that are loaded already and belong to the scene as well.

    Attributes:
        exposure: the same, once found.
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
        """The things and the bulbs, without other light; loaded when it is first needed."""
        return self._mitsuba.load_dict({"type": "scene", **self._shapes, **self._bulb_spheres()})

    def _metered(self, shapes: dict[str, Any]) -> float:
        """The exposure that gives all but the brightest part of the picture the mean `recipe.key`."""
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
        """Direct light only, the mean of passes of at most `_STRATA ** 2` samples."""
        mitsuba = self._mitsuba
        # Blocks of one size: by default a scalar variant's, and so its noise, follow the number of threads.
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
        """The thin lens. Scalar particle tracing takes more samples in a row than a stratified set has."""
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
        """The scene under its sky; `exposure` makes its light brighter."""
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
        """The bulbs as a few unseen points; a far-away sphere's intensity is `pi r^2` times its radiance."""
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


def low_pass(image: Image) -> Image:
    """The optical low-pass of a camera: the binomial (1, 6, 1) / 8 along both axes, edges replicated.

    With the renderer's box it makes a pixel about as soft as a photograph's; a box alone leaves edges that no
    camera gives, which alias.
    """
    for axis in (0, 1):
        padded = np.pad(image, [(1, 1) if each == axis else (0, 0) for each in range(3)], mode="edge")
        size = image.shape[axis]
        before, after = (padded.take(range(start, start + size), axis) for start in (0, 2))
        image = (before + 6 * image + after) / 8
    return image


def render_scene(
    mitsuba: ModuleType,
    recipe: SceneRecipe,
    *,
    width: int,
    height: int,
    samples: int,
    blur_px: float | None = None,
) -> RenderedScene:
    """Choose the lens of a scene from its depth, and render its four images.

    Args:
        mitsuba: from `load_mitsuba`.
        recipe: the scene.
        width: of the images in pixels.
        height: of the images in pixels.
        samples: a pixel at f/2; half as many suffice where the blur is small.
        blur_px: largest blur radius that the aperture aims at, in pixels of these images; the recipe's where
            not given.
    """
    renderer = SceneRenderer(mitsuba, recipe, width=width, height=height)
    depth = renderer.depth()
    lens = choose_lens(
        depth,
        camera=recipe.camera,
        subjects=recipe.subjects,
        blur_px=recipe.blur_px if blur_px is None else blur_px * REFERENCE_WIDTH / width,
        seed=recipe.seed,
    )
    half = -(-samples // 2)
    views = (
        (F2_TO_F22, lens.focus_m, half),
        (F2_TO_F8, lens.focus_m, half),
        (1.0, lens.focus_m, samples),
        (1.0, lens.refocused_focus_m, samples),
    )
    deep, f8, f2, f2_refocused = (
        low_pass(renderer.image(lens, aperture_ratio=ratio, focus_m=focus, samples=number, seed=index))
        for index, (ratio, focus, number) in enumerate(views)
    )
    return RenderedScene(deep=deep, f8=f8, f2=f2, f2_refocused=f2_refocused, depth_m=depth, lens=lens)


def write_scene(
    folder: Path, rendered: RenderedScene, recipe: SceneRecipe, *, samples: int, mitsuba_version: str
) -> None:
    """Write the files of one scene (see the card of the data set) into an existing folder."""
    write_srgb(folder / "deep.png", rendered.deep)
    write_hdr(folder / "deep.exr", rendered.deep)
    write_hdr(folder / "f8.exr", rendered.f8)
    write_hdr(folder / "f2.exr", rendered.f2)
    write_hdr(folder / "f2_refocused.exr", rendered.f2_refocused)
    write_depth(folder / "depth.exr", rendered.depth_m)
    write_disparity(folder / "disparity.png", rendered.lens.disparity(rendered.depth_m))
    height, width = rendered.depth_m.shape
    lens = rendered.lens
    description = {
        "format": "rackfocus.raytraced",
        "version": GENERATOR_VERSION,
        "seed": recipe.seed,
        "layout": recipe.layout,
        "lights": bool(recipe.bulbs),
        "width": width,
        "height": height,
        "focal_length_px": lens.focal_length_px,
        "aperture_radius_m": lens.aperture_radius_m,
        "focus_m": lens.focus_m,
        "refocused_focus_m": lens.refocused_focus_m,
        "focal_disparity": lens.focal_disparity,
        "samples_per_pixel": samples,
        "mitsuba": mitsuba_version,
    }
    (folder / "scene.json").write_text(json.dumps(description, indent=1) + "\n")


def render_scenes(
    folder: Path,
    *,
    splits: Mapping[str, Sequence[int]],
    width: int = 384,
    height: int = 256,
    samples_per_pixel: int = 578,
    blur_px: float | None = None,
    variant: str | None = None,
    workers: int | None = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Render scenes into `folder/<split>/<seed>/`, one folder a seed; whole ones are left as they are.

    A scene is rendered into a hidden folder beside its place and moved there when it is whole, so a run that
    was stopped is taken up by running it again.

    Args:
        folder: where the splits lie; made where missing.
        splits: the seeds of each split.
        width: of the images in pixels.
        height: of the images in pixels.
        samples_per_pixel: at f/2; the more, the less noise. Smaller apertures take half as many.
        blur_px: see `render_scene`.
        variant: see `load_mitsuba`.
        workers: how many scenes at once; None is one a core.
        progress: called with `("train/0007", done, total)` after each scene.

    Returns:
        The folders of the scenes, in order.

    Raises:
        InputError: Mitsuba is missing or cannot start the variant; a size, a seed, the number of samples,
            workers or the blur is not positive; or scenes failed, which it names.
    """
    for name, value in (("width", width), ("height", height), ("samples_per_pixel", samples_per_pixel)):
        if value < 1:
            raise InputError(f"{name} must be at least 1, and is {value}.")
    if blur_px is not None and not blur_px > 0:
        raise InputError(f"blur_px must be more than 0, and is {blur_px}; null leaves it to each scene.")
    jobs = [
        TripletJob(folder, split, seed, width, height, samples_per_pixel, blur_px, variant)
        for split, seeds in splits.items()
        for seed in seeds
    ]
    if any(job.seed < 0 for job in jobs):
        raise InputError("Seeds of scenes must be 0 or more.")
    run_jobs(jobs, workers=workers, progress=progress)
    return [job.place for job in jobs]


@dataclass(frozen=True)
class TripletJob:
    """One scene to render: see `render_scenes`."""

    folder: Path
    split: str
    seed: int
    width: int
    height: int
    samples_per_pixel: int
    blur_px: float | None
    variant: str | None
    steps: int = 1

    @property
    def name(self) -> str:
        """Such as `train/0007`."""
        return f"{self.split}/{self.seed:04d}"

    @property
    def place(self) -> Path:
        """Where it will lie."""
        return self.folder / self.split / f"{self.seed:04d}"

    def is_done(self) -> bool:
        """Whether it is there, whole."""
        return (self.place / "scene.json").is_file()

    def run(self, report: Report) -> None:
        """Render it in a hidden folder, and move that to its place."""
        mitsuba = load_mitsuba(self.variant)
        recipe = scene_of_seed(self.seed)
        rendered = render_scene(
            mitsuba,
            recipe,
            width=self.width,
            height=self.height,
            samples=self.samples_per_pixel,
            blur_px=self.blur_px,
        )
        for left in self.place.parent.glob(f".{self.place.name}.*"):  # of a run that was stopped
            shutil.rmtree(left, ignore_errors=True)
        draft = self.place.with_name(f".{self.place.name}.{os.getpid()}")
        draft.mkdir(parents=True, exist_ok=True)
        write_scene(
            draft, rendered, recipe, samples=self.samples_per_pixel, mitsuba_version=mitsuba.__version__
        )
        shutil.rmtree(self.place, ignore_errors=True)
        draft.rename(self.place)
        report(1)
