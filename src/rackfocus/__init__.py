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
    from rackfocus.pipelines.clip.make_clip import make_clip
    from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
    from rackfocus.pipelines.focusing.autofocus import autofocus
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

_NAMES = {
    "data.apertures.photographs": "ManifestPhotographs",
    "focus.annotation.json_file": "load_annotation save_annotation",
    "focus.annotation.keyframes": "load_keyframes",
    "models.checkpoints": "load_model",
    "optics.lens_shapes": "Anamorphic CatEye Disk PhotographedKernel Polygon SphericalAberration",
    "optics.renderer": "render",
    "optics.thin_lens": "refocus_disparity",
    "pipelines.focusing.autofocus": "autofocus",
    "pipelines.clip.make_clip": "make_clip",
    "pipelines.clip.refocusable_clip": "RefocusableClip",
    "pipelines.refocus": "refocus",
    "types": "AnnotatedVideo FocusAnnotation FocusKeyframe FocusKeyframes FocusPulls FocusTarget FocusTrack "
    "InputError Lens RGBDHDR",
}
_HOMES = {name: f"rackfocus.{home}" for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rackfocus' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
