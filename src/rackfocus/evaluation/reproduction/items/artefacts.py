"""Sec. 6.3: artefacts by class, measured on ray-traced scenes and clips.

Errors are those of the network that ships, its disparity aligned with the truth by one scale and shift. A
pixel belongs to an edge within one blur radius of a silhouette (`metrics.silhouette`); others are flat.
Splotches are errors of flat regions less their mean over a square of `SQUARE_PX`. A light is a connected
region of pixels more than `metrics.lights.LIGHT` times as bright as white; it is missed where less than
half of its light beyond white is found. A found light that touches no true one is false.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.images.examination import SheetRow
from rackfocus.evaluation.reports.pictures import disparity_picture, picture
from rackfocus.evaluation.reports.side_by_side import draw_side_by_side
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.items.pan import pan
from rackfocus.evaluation.reproduction.numbers import Number, mean_of
from rackfocus.evaluation.stabilizer.clips import Clip
from rackfocus.evaluation.stabilizer.rendered import estimate_clip, stabilize_clip
from rackfocus.metrics.disparity import align_affine, largest_quarter
from rackfocus.metrics.lights import LIGHT
from rackfocus.metrics.silhouette import silhouette_mask
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.video.flow.warp import warp
from rackfocus.video.stabilizer.stabilizer import Stabilizer

SHARP_PX = 1.0
"""A pixel is in focus below this blur radius."""
SQUARE_PX = 21
FOUND_SHARE = 0.5

Map = Float[Tensor, "1 height width"]
Mask = Bool[Tensor, "1 height width"]


@dataclass(frozen=True)
class Artefacts:
    """The four classes of Sec. 6.3.

    Attributes:
        title: of the item.
        stabilizer: the filter whose remaining fluctuation is measured.
    """

    title: str
    stabilizer: Stabilizer

    @property
    def claims(self) -> list[Claim]:
        """One for each class."""
        return [
            Claim(
                "Errors across boundaries blur regions that are in focus",
                "Sec. 6.3, first class",
                "edges: blurred less the same elsewhere",
                above=0,
            ),
            Claim(
                "Splotches of flat regions appear at large disparity",
                "Sec. 6.3, second class",
                "flat: large less smaller",
                above=0,
            ),
            Claim(
                "Temporal fluctuation that is left is typically in the background",
                "Sec. 6.3, third class",
                "temporal: behind less elsewhere",
                above=0,
            ),
            Claim(
                "Missing bokeh balls are common",
                "Sec. 6.3",
                "bokeh balls: share of true lights missed",
                above=0.1,
            ),
            Claim(
                "Hallucinated bokeh balls are generally rare",
                "Sec. 6.3",
                "bokeh balls: share of found lights that are false",
                below=0.1,
            ),
        ]

    @torch.inference_mode()
    def make(self, material: Material, folder: Path) -> Made:
        """Errors by class, scene by scene; of bokeh balls, light by light."""
        network = next(iter(material.methods.values()))
        scenes = material.held_out_scenes()
        numbers = [
            *_edges_and_flats(scenes, network),
            *self._temporal(scenes, material.frames),
            *_lights([scene for scene in scenes if scene.has_lights], network),
        ]
        draw_side_by_side([_row(scene, network) for scene in scenes[:2]], folder / "picture.jpg")
        remark = "Ray-traced scenes not trained on, and pans over them; of bokeh balls, n counts lights."
        return Made(numbers, remark)

    def _temporal(self, scenes: Sequence[RaytracedScene], frames: int) -> list[Number]:
        """How much the error changes from frame to frame, behind the focal plane and elsewhere."""
        network = load_model(SHIPPED)
        found: list[tuple[float, float]] = []
        for scene in scenes:
            clip = pan(scene, frames).clip
            estimates = stabilize_clip(
                clip, estimate_clip(clip, network, network_size_px=None), self.stabilizer
            )
            found.append(fluctuation(clip, [estimate.disparity[0] for estimate in estimates]))
        return [
            mean_of("temporal: change of the error, behind", [behind for behind, _ in found], unit="px"),
            mean_of("temporal: change of the error, elsewhere", [other for _, other in found], unit="px"),
            mean_of(
                "temporal: behind less elsewhere", [behind - other for behind, other in found], unit="px"
            ),
        ]


def fluctuation(clip: Clip, disparities: list[Map]) -> tuple[float, float]:
    """The mean change from frame to frame of the error of disparity, along the motion: where the true
    disparity is positive, and elsewhere; in pixels.
    """
    assert clip.disparity is not None
    errors = [own - true for own, true in zip(disparities, clip.disparity, strict=True)]
    changes, are_behind = [], []
    for at, step in enumerate(clip.motions):
        change = (errors[at] - warp(errors[at + 1], step.flow)).abs()
        changes.append(change[0][step.visible])
        are_behind.append((clip.disparity[at] > SHARP_PX)[0][step.visible])
    change, is_behind = torch.cat(changes), torch.cat(are_behind)
    return float(change[is_behind].mean()), float(change[~is_behind].mean())


def splotches(error: Map, where: Mask) -> float:
    """The deviation of an error from its mean over a square, root mean square over the pixels of `where`."""
    weight = where.float()
    near = F.avg_pool2d(weight, SQUARE_PX, 1, SQUARE_PX // 2).clamp_min(1e-6)
    level = F.avg_pool2d(error * weight, SQUARE_PX, 1, SQUARE_PX // 2) / near
    return float((error - level)[where].square().mean().sqrt())


def missed_and_false(
    found: Float[Tensor, "3 height width"], truth: Float[Tensor, "3 height width"]
) -> tuple[list[float], list[float]]:
    """For each true light, whether it was missed (1 or 0); for each found light, whether it is false."""
    own, true = ((each > LIGHT).any(0).numpy().astype(np.uint8) for each in (found, truth))
    missed = [
        float(_beyond_white(found, region) < FOUND_SHARE * _beyond_white(truth, region))
        for region in _regions(true)
    ]
    false = [float(not true[region].any()) for region in _regions(own)]
    return missed, false


def _edges_and_flats(scenes: list[RaytracedScene], network: Predictor) -> list[Number]:
    samples: dict[str, list[float]] = {}

    def put(name: str, value: float) -> None:
        samples.setdefault(name, []).append(value)

    for scene in scenes:
        disparity = network(scene.deep_srgb[None]).disparity
        assert disparity is not None
        truth = scene.disparity
        error = align_affine(disparity, truth[None])[0] - truth
        edge = silhouette_mask(truth[None])[0]
        sharp, blurred = truth.abs() < SHARP_PX, (truth + error).abs() >= SHARP_PX
        large = largest_quarter(truth) & ~edge
        small = ~largest_quarter(truth) & ~edge
        put("edges: RMS error of disparity", _rms(error[edge]))
        put("edges: RMS error of disparity elsewhere", _rms(error[~edge]))
        put("edges: share of what is in focus that is blurred", _share(blurred[sharp & edge]))
        put("edges: the same elsewhere", _share(blurred[sharp & ~edge]))
        put("flat: splotches at large disparity", splotches(error, large))
        put("flat: splotches at smaller disparity", splotches(error, small))
    numbers = [
        mean_of(name, values, unit="" if "share" in name or "same" in name else "px")
        for name, values in samples.items()
    ]
    for name, one, other in (
        ("edges: blurred less the same elsewhere", *list(samples)[2:4]),
        ("flat: large less smaller", *list(samples)[4:6]),
    ):
        numbers.append(mean_of(name, np.subtract(samples[one], samples[other]).tolist()))
    return numbers


def _lights(scenes: list[RaytracedScene], network: Predictor) -> list[Number]:
    missed: list[float] = []
    false: list[float] = []
    for scene in scenes:
        radiance = network(scene.deep_srgb[None]).radiance
        assert radiance is not None
        lost, extra = missed_and_false(radiance[0], scene.radiance)
        missed += lost
        false += extra
    return [
        mean_of("bokeh balls: share of true lights missed", missed),
        mean_of("bokeh balls: share of found lights that are false", false),
    ]


def _row(scene: RaytracedScene, network: Predictor) -> SheetRow:
    disparity = network(scene.deep_srgb[None]).disparity
    assert disparity is not None
    reach = float(scene.disparity.abs().max())
    aligned = align_affine(disparity, scene.disparity[None])
    return SheetRow(
        scene.name,
        {
            "photograph, f/2": picture(scene.f2[None]),
            "true disparity": disparity_picture(scene.disparity[None], reach_px=reach),
            "ours": disparity_picture(aligned, reach_px=reach),
            "error": disparity_picture(aligned - scene.disparity[None], reach_px=reach),
        },
    )


def _regions(mask: np.ndarray) -> list[np.ndarray]:
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    return [labels == label for label in range(1, count)]


def _beyond_white(radiance: Tensor, region: np.ndarray) -> float:
    return float((radiance - 1).clamp_min(0)[:, torch.from_numpy(region)].sum())


def _rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt()) if len(values) else math.nan


def _share(values: Tensor) -> float:
    return float(values.float().mean()) if len(values) else math.nan
