"""The images of a training scene, an aperture triplet and one more focal plane, and their files."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.files import write_depth, write_disparity, write_hdr, write_srgb
from rackfocus.scenes.lens import F2_TO_F8, F2_TO_F22, REFERENCE_WIDTH, SceneLens, choose_lens
from rackfocus.scenes.recipe import SceneRecipe
from rackfocus.scenes.renderer import Image, SceneRenderer, low_pass

GENERATOR_VERSION = 1
"""Increased when the same seed gives another scene or another format."""


@dataclass(frozen=True)
class RenderedScene:
    """All images of one scene, in linear light, not clipped, display white 1.

    Attributes:
        deep, f8, f2: the aperture triplet at the ratios of f/22, f/8 and f/2, same focus.
        f2_refocused: f/2 with the other focal plane.
        depth_m: along the axis of the lens at the pixel centres, infinite in the sky.
        lens: the lens of the images.
    """

    deep: Image
    f8: Image
    f2: Image
    f2_refocused: Image
    depth_m: Float[np.ndarray, "height width"]
    lens: SceneLens


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
        samples: samples a pixel at f/2; the smaller apertures use half as many.
        blur_px: largest blur radius for the choice of the aperture, in pixels of these images. `None`: the
            recipe's.
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
