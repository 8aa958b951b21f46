"""Methods against the ray-traced test scenes: one record a scene, method and target."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.raytraced import RaytracedScene, load_scene
from rackfocus.data.scene_lens import F2_TO_F8
from rackfocus.metrics.disparity import disparity_rms
from rackfocus.metrics.hdr import log_mse
from rackfocus.metrics.image import psnr, ssim
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear
from rackfocus.optics.renderer import FORMULATIONS, render
from rackfocus.optics.thin_lens import refocus_disparity


@dataclass(frozen=True)
class Estimate:
    """What a method says of a scene: radiance and the disparity at f/2."""

    radiance: Float[Tensor, "1 3 height width"]
    disparity: Float[Tensor, "1 1 height width"]


@dataclass(frozen=True)
class Method:
    """A way from the deep image to a shallow one: an estimate, then a renderer."""

    name: str
    estimate: Callable[[RaytracedScene], Estimate]
    formulation: str = "coverage"


@dataclass(frozen=True)
class Record:
    """One method on one target of one scene.

    Attributes:
        scene: the scene's name.
        lights: whether the scene has lights far brighter than white.
        method: the method's name.
        target: which photograph was rendered: `f/2`, `f/8` or `f/2 refocused`.
        psnr: of the rendered image in dB.
        ssim: of the rendered image.
        disparity_rms: root mean square error of the disparity in pixels.
        disparity_rms_aligned: the same after the best scale and shift.
        hdr_log_mse: mean squared error of log radiance.
    """

    scene: str
    lights: bool
    method: str
    target: str
    psnr: float
    ssim: float
    disparity_rms: float
    disparity_rms_aligned: float
    hdr_log_mse: float


def renderer_methods() -> list[Method]:
    """True radiance and disparity through every formulation: what is left is the renderer's own error."""
    return [Method(f"truth, {name}", _truth, name) for name in FORMULATIONS]


def unblurred() -> Method:
    """The input itself, as if all were in focus: what any method has to beat."""
    return Method("input, not blurred", _unblurred)


def network_method(name: str, model: RGBDHDRNet) -> Method:
    """What a network predicts from the 8-bit input."""

    def estimate(scene: RaytracedScene) -> Estimate:
        srgb = scene.deep_srgb[None]
        prediction = model(srgb)
        radiance = apply_log_exposure(srgb_to_linear(srgb), prediction.log_exposure)
        return Estimate(radiance, prediction.disparity)

    return Method(name, estimate)


def targets(scene: RaytracedScene) -> dict[str, tuple[Tensor, float, float]]:
    """Each photograph of a scene (batches of one) with the refocus that leads to it from f/2."""
    return {
        "f/2": (scene.f2[None], 1.0, 0.0),
        "f/8": (scene.f8[None], F2_TO_F8, 0.0),
        "f/2 refocused": (scene.f2_refocused[None], 1.0, scene.focal_disparity),
    }


def render_target(estimate: Estimate, ratio: float, focal_disparity: float, formulation: str) -> Tensor:
    """The estimate seen through another aperture and focus."""
    disparity = refocus_disparity(estimate.disparity, aperture_ratio=ratio, focal_disparity=focal_disparity)
    return render(estimate.radiance, disparity, formulation=formulation)


@torch.inference_mode()
def evaluate_scenes(folders: Sequence[Path], methods: Iterable[Method]) -> Iterator[Record]:
    """Measure every method on every target of every scene."""
    methods = list(methods)
    for folder in folders:
        scene = load_scene(folder)
        for method in methods:
            estimate = method.estimate(scene)
            about_estimate = {
                "disparity_rms": disparity_rms(estimate.disparity[0], scene.disparity).item(),
                "disparity_rms_aligned": disparity_rms(
                    estimate.disparity, scene.disparity, align=True
                ).item(),
                "hdr_log_mse": log_mse(estimate.radiance, scene.radiance[None]).item(),
            }
            for target, (photograph, ratio, focal_disparity) in targets(scene).items():
                image = render_target(estimate, ratio, focal_disparity, method.formulation)
                yield Record(
                    scene=folder.name,
                    lights=scene.has_lights,
                    method=method.name,
                    target=target,
                    psnr=psnr(image, photograph).item(),
                    ssim=ssim(image, photograph).item(),
                    **about_estimate,
                )


def _truth(scene: RaytracedScene) -> Estimate:
    return Estimate(scene.radiance[None], scene.disparity[None])


def _unblurred(scene: RaytracedScene) -> Estimate:
    return Estimate(srgb_to_linear(scene.deep_srgb)[None], torch.zeros_like(scene.disparity)[None])
