"""rackfocus: synthetic defocus and look-ahead autofocus for casual videography.

The names below are what people script against; they never need Hydra. Each is imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rackfocus.version import __version__ as __version__

if TYPE_CHECKING:
    from rackfocus.data.apertures.photographs import ManifestPhotographs
    from rackfocus.focus.annotation.json_file import load_annotation, save_annotation
    from rackfocus.focus.annotation.keyframes import load_keyframes
    from rackfocus.models.checkpoints import load_model
    from rackfocus.optics.lens_shapes import (
        Anamorphic,
        CatEye,
        Disk,
        PhotographedKernel,
        Polygon,
        SphericalAberration,
    )
    from rackfocus.optics.renderer import render
    from rackfocus.optics.thin_lens import refocus_disparity
    from rackfocus.pipelines.autofocus import autofocus
    from rackfocus.pipelines.clip.make_clip import make_clip
    from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
    from rackfocus.pipelines.refocus import refocus
    from rackfocus.types import (
        RGBDHDR,
        AnnotatedVideo,
        FocusAnnotation,
        FocusKeyframe,
        FocusKeyframes,
        FocusPulls,
        FocusTarget,
        FocusTrack,
        InputError,
        Lens,
    )

__all__ = [
    "RGBDHDR",
    "Anamorphic",
    "AnnotatedVideo",
    "CatEye",
    "Disk",
    "FocusAnnotation",
    "FocusKeyframe",
    "FocusKeyframes",
    "FocusPulls",
    "FocusTarget",
    "FocusTrack",
    "InputError",
    "Lens",
    "ManifestPhotographs",
    "PhotographedKernel",
    "Polygon",
    "RefocusableClip",
    "SphericalAberration",
    "autofocus",
    "load_annotation",
    "load_keyframes",
    "load_model",
    "make_clip",
    "refocus",
    "refocus_disparity",
    "render",
    "save_annotation",
]

_HOMES = {
    "Anamorphic": "rackfocus.optics.lens_shapes",
    "AnnotatedVideo": "rackfocus.types",
    "CatEye": "rackfocus.optics.lens_shapes",
    "Disk": "rackfocus.optics.lens_shapes",
    "FocusAnnotation": "rackfocus.types",
    "FocusKeyframe": "rackfocus.types",
    "FocusKeyframes": "rackfocus.types",
    "FocusPulls": "rackfocus.types",
    "FocusTarget": "rackfocus.types",
    "FocusTrack": "rackfocus.types",
    "InputError": "rackfocus.types",
    "Lens": "rackfocus.types",
    "ManifestPhotographs": "rackfocus.data.apertures.photographs",
    "PhotographedKernel": "rackfocus.optics.lens_shapes",
    "Polygon": "rackfocus.optics.lens_shapes",
    "RGBDHDR": "rackfocus.types",
    "RefocusableClip": "rackfocus.pipelines.clip.refocusable_clip",
    "SphericalAberration": "rackfocus.optics.lens_shapes",
    "autofocus": "rackfocus.pipelines.autofocus",
    "load_annotation": "rackfocus.focus.annotation.json_file",
    "load_keyframes": "rackfocus.focus.annotation.keyframes",
    "load_model": "rackfocus.models.checkpoints",
    "make_clip": "rackfocus.pipelines.clip.make_clip",
    "refocus": "rackfocus.pipelines.refocus",
    "refocus_disparity": "rackfocus.optics.thin_lens",
    "render": "rackfocus.optics.renderer",
    "save_annotation": "rackfocus.focus.annotation.json_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rackfocus' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
