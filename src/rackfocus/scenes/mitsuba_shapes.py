"""Mitsuba 3: loading it, meshes with their materials, and exact depth."""

import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.geometry import Mesh, join
from rackfocus.scenes.recipe import Camera, Material, Part
from rackfocus.scenes.textures import make_texture
from rackfocus.types import InputError

_VARIANTS = ("llvm_ad_rgb", "scalar_rgb")


def load_mitsuba(variant: str | None = None) -> ModuleType:
    """Import Mitsuba and set its variant (the computation backend).

    Args:
        variant: such as `scalar_rgb` (runs anywhere) or `llvm_ad_rgb` (needs LLVM 17 or newer). `None`: LLVM
            if it loads, else scalar.

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
        "or for an llvm variant install LLVM 17 or newer and name its library in DRJIT_LIBLLVM_PATH."
    )


LEAST_LLVM = (17,)
"""Older ones end the process on x86 ("Cannot select: fmaximum"): Dr.Jit 1.5 uses an instruction they lack."""


def _starts(mitsuba: ModuleType, variant: str) -> bool:
    """Whether a first array can be created, which fails without the LLVM library, and LLVM is new enough."""
    try:
        mitsuba.set_variant(variant)
        mitsuba.Float(1.0) + mitsuba.Float(1.0)
        return "llvm" not in variant or _llvm_version() >= LEAST_LLVM
    except (ImportError, RuntimeError):
        return False


def _llvm_version() -> tuple[int, ...]:
    """Of the library that Dr.Jit has loaded."""
    return tuple(importlib.import_module("drjit.detail").llvm_version())


def load_shapes(mitsuba: ModuleType, parts: Sequence[Part], *, prefix: str = "shape") -> dict[str, Any]:
    """One mesh for each material, for a scene description."""
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
        # A leaf transmits half of the light that it does not absorb.
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
