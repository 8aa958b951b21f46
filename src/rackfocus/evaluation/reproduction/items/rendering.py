"""The renderer on ray-traced photographs: HDR (Fig. 3B), occlusion (Fig. 3D), an anamorphic lens (Fig. 9)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene, load_scene, scene_folders
from rackfocus.evaluation.images.examination import SheetRow
from rackfocus.evaluation.reports.pictures import picture
from rackfocus.evaluation.reports.side_by_side import draw_side_by_side
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.numbers import Number, mean_of
from rackfocus.metrics.image import psnr
from rackfocus.metrics.lights import light_psnr
from rackfocus.metrics.silhouette import silhouette_psnr
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.optics.renderer import render
from rackfocus.types import Lens

SHOWN = 2
"""Scenes in the picture."""


@dataclass(frozen=True)
class HighLight:
    """Fig. 3B: bokeh with and without light beyond white, the true disparity given.

    Where the true light is given too, scenes of all splits count, for nothing is learned then; for estimated
    light, only scenes that no network was trained on.

    Attributes:
        title: of the item.
        networks: names of those whose light is used.
        paper: the name of the one that is trained as the paper's.
    """

    title: str
    networks: Sequence[str]
    paper: str

    @property
    def claims(self) -> list[Claim]:
        """Of true light, and of the paper's."""
        return [
            Claim(
                "Without HDR, bokeh at saturated regions is suppressed",
                "Fig. 3B",
                "gain by true light",
                above=0,
            ),
            Claim(
                "Predicted HDR renders bokeh more like a photograph",
                "Fig. 3B",
                f"gain by HDR of {self.paper}",
                above=0,
            ),
        ]

    @torch.inference_mode()
    def make(self, material: Material, folder: Path) -> Made:
        """PSNR around lights at f/2, with the input's, the true, and estimated light."""
        scores: dict[str, dict[str, float]] = {"without HDR": {}, "true light": {}}
        networks = [name for name in self.networks if name in material.methods]
        scores |= {f"HDR of {name}": {} for name in networks}
        rows: list[SheetRow] = []
        trained = [load_scene(path) for path in scene_folders(material.scenes, "train")]
        for scene in (*material.held_out_scenes(), *trained):
            if not scene.has_lights:
                continue
            light = srgb_to_linear(scene.deep_srgb[None])
            radiance = {"without HDR": light, "true light": scene.radiance[None]}
            if not scene.name.startswith("train"):
                radiance |= {f"HDR of {name}": self._light(material, name, scene) for name in networks}
            images = {name: _at_f2(each, scene) for name, each in radiance.items()}
            for name, image in images.items():
                scores[name][scene.name] = _around_lights(image, scene)
            if len(rows) < SHOWN:
                shown = {"input": light, "photograph, f/2": scene.f2[None], **images}
                rows.append(SheetRow(scene.name, {name: picture(each) for name, each in shown.items()}))
        draw_side_by_side(rows, folder / "picture.jpg")
        numbers = [
            mean_of(f"PSNR around lights, {name}", found.values(), unit="dB")
            for name, found in scores.items()
        ]
        without = scores.pop("without HDR")
        for name, found in scores.items():
            gained = [value - without[scene_name] for scene_name, value in found.items()]
            numbers.append(mean_of(f"gain by {name}", gained, unit="dB"))
        return Made(numbers, "Ray-traced scenes with lights, true disparity, at f/2.")

    def _light(self, material: Material, name: str, scene: RaytracedScene) -> Tensor:
        radiance = material.methods[name](scene.deep_srgb[None]).radiance
        assert radiance is not None
        return radiance


@dataclass(frozen=True)
class Occlusion:
    """Fig. 3D: the renderer with occlusion beside the sum of layers of Srinivasan et al. 2018.

    Attributes:
        title: of the item.
        renderers: names for the table by the formulation of `rackfocus.render`; ours, the paper's and that of
            Srinivasan et al. are `coverage`, `paper` and `weighted_sum`.
    """

    title: str
    renderers: Mapping[str, str]

    @property
    def claims(self) -> list[Claim]:
        """Of our renderer, and of Eq. 3 as printed."""
        return [
            Claim(
                "A back-to-front model with occlusion beats the weighted sum of layers at silhouettes",
                "Fig. 3D, Sec. 4.1",
                "at silhouettes, ours less weighted sum",
                above=0,
            ),
            Claim(
                "Eq. 3, as it is printed, beats the weighted sum of layers at silhouettes",
                "Sec. 4.1, Eq. 3",
                "at silhouettes, Eq. 3 as printed less weighted sum",
                above=0,
            ),
        ]

    @torch.inference_mode()
    def make(self, material: Material, folder: Path) -> Made:
        """PSNR at silhouettes of each formulation, given the true disparity and light."""
        scores: dict[str, list[float]] = {formulation: [] for formulation in self.renderers}
        overall: dict[str, list[float]] = {formulation: [] for formulation in self.renderers}
        rows: list[SheetRow] = []
        for scene in material.test_scenes():
            shown = {"photograph, f/2": picture(scene.f2[None])}
            for formulation, name in self.renderers.items():
                image = _at_f2(scene.radiance[None], scene, formulation)
                scores[formulation].append(
                    silhouette_psnr(image, scene.f2[None], scene.disparity[None]).item()
                )
                overall[formulation].append(psnr(image, scene.f2[None]).item())
                shown[f"{name} {scores[formulation][-1]:.1f} dB"] = picture(image)
            if len(rows) < SHOWN:
                rows.append(SheetRow(scene.name, shown))
        draw_side_by_side(rows, folder / "picture.jpg")
        numbers: list[Number] = []
        for formulation, name in self.renderers.items():
            numbers.append(mean_of(f"PSNR at silhouettes, {name}", scores[formulation], unit="dB"))
            numbers.append(mean_of(f"PSNR, {name}", overall[formulation], unit="dB"))
        for formulation, name in (("coverage", "ours"), ("paper", "Eq. 3 as printed")):
            ahead = np.subtract(scores[formulation], scores["weighted_sum"]).tolist()
            numbers.append(mean_of(f"at silhouettes, {name} less weighted sum", ahead, unit="dB"))
        remark = (
            "Ray-traced test scenes, true disparity and light, at f/2. Eq. 3 as printed loses energy: its "
            "masks do not sum to one."
        )
        return Made(numbers, remark)


@dataclass(frozen=True)
class Anamorphic:
    """Fig. 9: the elliptic bokeh of an anamorphic lens.

    Attributes:
        title: of the item.
        lens: the anamorphic lens.
        radii_px: of the defocused point whose shape is measured.
    """

    title: str
    lens: Lens
    radii_px: Sequence[int] = (6, 8, 10, 12, 14, 16)

    @property
    def claims(self) -> list[Claim]:
        """Of the shape of bokeh."""
        claim = Claim(
            "The lens shape renders elliptic, not circular, bokeh",
            "Fig. 9, Sec. 6.4",
            "height over width of a defocused point, anamorphic",
            above=1.5,
        )
        return [claim]

    @torch.inference_mode()
    def make(self, material: Material, folder: Path) -> Made:
        """How many times as high as wide a defocused point is, by its second moments; a scene with lights."""
        ratios = {
            name: [_height_over_width(lens, radius) for radius in self.radii_px]
            for name, lens in (("anamorphic", self.lens), ("disk", Lens()))
        }
        lit = next(scene for scene in material.test_scenes() if scene.has_lights)
        shown = {
            "input": srgb_to_linear(lit.deep_srgb[None]),
            "disk": render(lit.radiance[None], lit.disparity[None], lens=Lens(), aperture_ratio=2.0),
            "anamorphic": render(lit.radiance[None], lit.disparity[None], lens=self.lens, aperture_ratio=2.0),
        }
        draw_side_by_side(
            [SheetRow(lit.name, {name: picture(image) for name, image in shown.items()})],
            folder / "picture.jpg",
        )
        numbers = [
            mean_of(f"height over width of a defocused point, {name}", values)
            for name, values in ratios.items()
        ]
        return Made(numbers, "Radii of 6 to 16 px; the picture is rendered at f/1 with true light.")


def _at_f2(radiance: Tensor, scene: RaytracedScene, formulation: str = "coverage") -> Tensor:
    return render(radiance, scene.disparity[None], formulation=formulation)


def _around_lights(image: Tensor, scene: RaytracedScene) -> float:
    return light_psnr(image, scene.f2[None], scene.radiance[None], scene.disparity[None]).item()


def _height_over_width(lens: Lens, radius_px: int) -> float:
    """Of a point of light, `radius_px` behind the focal plane."""
    side = 4 * radius_px + 1
    light = torch.zeros(1, 3, side, side)
    light[..., side // 2, side // 2] = 1.0
    image = render(light, torch.full((1, 1, side, side), float(radius_px)), lens=lens)[0].mean(0)
    at = torch.arange(side).float() - side // 2
    down, across = ((image.sum(axis) * at.square()).sum() / image.sum() for axis in (1, 0))
    return math.sqrt(down / across)
