"""Evaluation on ray-traced scenes with full ground truth: one record for each scene, method and target.

A published depth model has no scale and focus, an HDR model has no depth. For rendering, such a method uses
the truth: its disparity is aligned with the true one, or replaced by it. Its name in the table says so,
because its rendering quality is an upper bound.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene, load_scene
from rackfocus.evaluation.images.baselines import Network, Nothing, Prediction, Predictor
from rackfocus.evaluation.images.examination import Conditions, Examined, SheetRow
from rackfocus.evaluation.reports.pictures import HDR_STOPS, disparity_picture, picture
from rackfocus.evaluation.reports.records import Record
from rackfocus.metrics.boundary import boundary_f1
from rackfocus.metrics.depth_order import whdr
from rackfocus.metrics.disparity import abs_rel, align_affine, disparity_rms, largest_quarter, spread
from rackfocus.metrics.hdr import log_mse, pu21_psnr
from rackfocus.metrics.image import psnr, ssim
from rackfocus.metrics.lights import light_psnr
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.optics.renderer import FORMULATIONS, Renderer, render
from rackfocus.optics.thin_lens import refocus_disparity
from rackfocus.scenes.lens import F2_TO_F8

DATA_SET = "raytraced"

RenderFunction = Callable[[Tensor, Tensor], Tensor]
"""From radiance `(1, 3, height, width)` and disparity in pixels `(1, 1, height, width)` to the photograph in
linear light, as `rackfocus.optics.renderer.render`."""


@dataclass(frozen=True)
class Estimate:
    """The input of a renderer: radiance in linear light, and the disparity at f/2 in pixels.

    `own_light` and `own_depth` tell whether these are the method's own; otherwise they are not evaluated.
    `own_units`: that disparity was in pixels, not aligned with the truth. `borrowed`: what is taken from the
    truth, in brackets, for the name.
    """

    radiance: Float[Tensor, "1 3 height width"]
    disparity: Float[Tensor, "1 1 height width"]
    own_light: bool = True
    own_depth: bool = True
    own_units: bool = True
    borrowed: str = ""


@dataclass(frozen=True)
class Method:
    """An estimate from the deep image, followed by a renderer."""

    name: str
    estimate: Callable[[RaytracedScene], Estimate]
    renderer: RenderFunction = render


def renderer_methods() -> list[Method]:
    """True radiance and disparity with every formulation, which measures the renderer's own error."""
    return [Method(f"truth, {name}", _truth, Renderer(name)) for name in FORMULATIONS]


def unblurred() -> Method:
    """The input without blur, the trivial baseline."""
    return predictor_method(Nothing("input, not blurred"))


def network_method(name: str, model: RGBDHDREstimator) -> Method:
    """A network's prediction from the 8-bit input."""
    return predictor_method(Network(name, model))


def predictor_method(predictor: Predictor) -> Method:
    """A method's prediction from the 8-bit input; see the module for what it takes from the truth."""

    def estimate(scene: RaytracedScene) -> Estimate:
        srgb = scene.deep_srgb[None]
        return completed(predictor(srgb), scene, light=srgb_to_linear(srgb))

    return Method(predictor.name, estimate)


def completed(
    prediction: Prediction, scene: RaytracedScene, *, light: Float[Tensor, "1 3 height width"]
) -> Estimate:
    """A prediction with the true disparity where it has none, or aligned with it where its unit is unknown;
    and with this light where it has none.
    """
    truth = scene.disparity[None]
    if prediction.disparity is None:
        disparity, borrowed = truth, " (true D)"
    elif prediction.in_pixels:
        disparity, borrowed = prediction.disparity, ""
    else:
        disparity, borrowed = align_affine(prediction.disparity, truth), " (D aligned)"
    return Estimate(
        light if prediction.radiance is None else prediction.radiance,
        disparity,
        own_light=prediction.radiance is not None,
        own_depth=prediction.disparity is not None,
        own_units=prediction.in_pixels,
        borrowed=borrowed,
    )


def targets(scene: RaytracedScene) -> dict[str, tuple[Tensor, float, float]]:
    """Each photograph of a scene (batches of one) with the refocus from f/2 to it."""
    return {
        "f/2": (scene.f2[None], 1.0, 0.0),
        "f/8": (scene.f8[None], F2_TO_F8, 0.0),
        "f/2 refocused": (scene.f2_refocused[None], 1.0, scene.focal_disparity),
    }


def render_target(
    estimate: Estimate, ratio: float, focal_disparity: float, renderer: RenderFunction = render
) -> Tensor:
    """Render the estimate with another aperture and focus."""
    disparity = refocus_disparity(estimate.disparity, aperture_ratio=ratio, focal_disparity=focal_disparity)
    return renderer(estimate.radiance, disparity)


@torch.inference_mode()
def evaluate_scenes(
    folders: Sequence[Path], methods: Iterable[Method], conditions: Conditions | None = None
) -> Iterator[Record]:
    """Measure every method on every target of every scene."""
    methods = list(methods)
    for folder in folders:
        yield from examine_scene(load_scene(folder), methods, conditions or Conditions()).records


@torch.inference_mode()
def examine_scene(
    scene: RaytracedScene, methods: Sequence[Method], conditions: Conditions, *, data_set: str = DATA_SET
) -> Examined:
    """Measure every method on every target of a scene, with pictures of its f/2, disparity and light."""
    name = scene.name.rpartition("/")[2]
    found = Examined()
    reach = float(scene.disparity.abs().max())
    rendered = {
        "input": picture(srgb_to_linear(scene.deep_srgb[None])),
        "photograph": picture(scene.f2[None]),
    }
    depths = {"true disparity": disparity_picture(scene.disparity[None], reach_px=reach)}
    lights = {
        f"input, {HDR_STOPS:g} stops": picture(srgb_to_linear(scene.deep_srgb[None]), stops=HDR_STOPS),
        "true light": picture(scene.radiance[None], stops=HDR_STOPS),
    }
    for method in methods:
        estimate = method.estimate(scene)
        blurs = bool(estimate.disparity.any())  # otherwise the render is the input, which is shown already
        about_estimate = _judge_disparity(estimate, scene, conditions) | _judge_light(estimate, scene)
        for target, (photograph, ratio, focal_disparity) in targets(scene).items():
            image = render_target(estimate, ratio, focal_disparity, method.renderer)
            true_disparity = refocus_disparity(
                scene.disparity[None], aperture_ratio=ratio, focal_disparity=focal_disparity
            )
            score = psnr(image, photograph).item()
            record = Record(
                data_set=data_set,
                image=name,
                method=method.name + estimate.borrowed,
                target=target,
                psnr=score,
                psnr_plain=math.nan if scene.has_lights else score,
                psnr_lights=light_psnr(image, photograph, scene.radiance[None], true_disparity).item(),
                ssim=ssim(image, photograph).item(),
                lpips=math.nan if conditions.lpips is None else conditions.lpips(image, photograph).item(),
                **about_estimate,
            )
            found.records.append(record)
            if target == "f/2" and blurs:
                rendered[f"{record.method} {score:.1f} dB"] = picture(image)
        if estimate.own_depth and blurs:
            depths[method.name] = disparity_picture(estimate.disparity, reach_px=reach)
        if estimate.own_light and blurs:
            lights[method.name] = picture(estimate.radiance, stops=HDR_STOPS)
    found.rows.extend([SheetRow(f"{name}, f/2", rendered), SheetRow(name, depths)])
    if scene.has_lights:
        found.rows.append(SheetRow(name, lights))
    return found


def _judge_disparity(estimate: Estimate, scene: RaytracedScene, conditions: Conditions) -> dict[str, float]:
    if not estimate.own_depth:
        return {}
    disparity, truth = estimate.disparity[0], scene.disparity
    large = largest_quarter(truth)
    aligned = align_affine(disparity, truth)
    error = disparity_rms(aligned, truth)
    found = {
        "disparity_rms_aligned": error,
        "disparity_rms_large_aligned": disparity_rms(aligned, truth, valid=large),
        "disparity_share": error / spread(truth),
        "abs_rel": abs_rel(-disparity, 1 / scene.depth),
        "whdr": whdr(-disparity, -truth, generator=conditions.generator()),
        "boundary_f1": boundary_f1(disparity[0], truth[0]),
    }
    if estimate.own_units:
        found["disparity_rms"] = disparity_rms(disparity, truth)
        found["disparity_rms_large"] = disparity_rms(disparity, truth, valid=large)
    return {name: value.item() for name, value in found.items()}


def _judge_light(estimate: Estimate, scene: RaytracedScene) -> dict[str, float]:
    if not estimate.own_light:
        return {}
    return {
        "hdr_log_mse": log_mse(estimate.radiance, scene.radiance[None]).item(),
        "pu21_psnr": pu21_psnr(estimate.radiance, scene.radiance[None]).item(),
    }


def _truth(scene: RaytracedScene) -> Estimate:
    return Estimate(scene.radiance[None], scene.disparity[None], own_light=False, own_depth=False)
