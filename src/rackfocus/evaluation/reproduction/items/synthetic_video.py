"""Supplementary video B: what true disparity and light are worth, on ray-traced video in place of Sintel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rackfocus.evaluation.images.baselines import Prediction
from rackfocus.evaluation.images.examination import SheetRow
from rackfocus.evaluation.reports.pictures import picture
from rackfocus.evaluation.reports.side_by_side import draw_side_by_side
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.items.pan import Pan, pan
from rackfocus.evaluation.reproduction.numbers import mean_of, missing
from rackfocus.metrics.disparity import align_affine
from rackfocus.metrics.image import psnr
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.optics.renderer import render

TRUE_D, TRUE_LIGHT, NO_HDR = "true disparity", "true light", "without HDR"


@dataclass(frozen=True)
class SyntheticVideo:
    """Pans over ray-traced scenes at f/2 with true or estimated disparity, and true or estimated light.

    The reference has both true. Estimated disparity is aligned with the truth, by one scale and shift for the
    pan.

    Attributes:
        title: of the item.
        depth: names of the methods whose disparity is used.
        light: names of the methods whose light is used.
    """

    title: str
    depth: Sequence[str]
    light: Sequence[str]

    @property
    def claims(self) -> list[Claim]:
        """Of disparity beside light."""
        return [
            Claim(
                "The most visible artefacts are due to errors of disparity, not of HDR",
                "Sec. 6.3",
                "lost by our disparity more than by our light",
                above=0,
            )
        ]

    @torch.inference_mode()
    def make(self, material: Material, folder: Path) -> Made:
        """PSNR beside the reference, scene by scene."""
        scores: dict[tuple[str, str], list[float]] = {}
        rows: dict[str, dict[str, Tensor]] = {}
        for scene in material.test_scenes():
            for way, images, truth in self._ways(pan(scene, material.frames), material):
                values = [psnr(*pair).item() for pair in zip(images, truth, strict=True)]
                scores.setdefault(way, []).append(float(np.mean(values)))
                if len(scores[way]) == 1:
                    kind = TRUE_D if way[0] == TRUE_D else "estimated disparity"
                    rows.setdefault(kind, {"true disparity and light": truth[-1]})[_label(way)] = images[-1]
        pictures = [
            SheetRow(kind, {name: picture(image) for name, image in shown.items()})
            for kind, shown in rows.items()
        ]
        draw_side_by_side(pictures, folder / "picture.jpg")
        numbers = [mean_of(f"PSNR, {_label(way)}", found, unit="dB") for way, found in scores.items()]
        for name in chain(self.depth, self.light):
            if name in material.not_found:
                numbers.append(missing(f"PSNR, {name}", material.not_found[name], unit="dB"))
        ours = next(iter(material.methods))
        lost = np.subtract(scores[TRUE_D, ours], scores[ours, TRUE_LIGHT]).tolist()
        numbers.append(mean_of("lost by our disparity more than by our light", lost, unit="dB"))
        remark = (
            f"Pans of {material.frames} frames over ray-traced scenes, beside the rendering with true "
            "disparity and light. The paper has pictures of one clip of Sintel and no numbers."
        )
        return Made(numbers, remark)

    def _ways(
        self, video: Pan, material: Material
    ) -> list[tuple[tuple[str, str], list[Tensor], list[Tensor]]]:
        """Each combination of disparity and light, with its frames and those of the reference."""
        frames, lights = video.pictures, video.radiance
        assert video.clip.disparity is not None
        truth = [each[None] for each in video.clip.disparity]
        clipped = [srgb_to_linear(frame) for frame in frames]
        guesses = {
            name: [method(frame) for frame in frames]
            for name, method in material.methods.items()
            if name in {*self.depth, *self.light}
        }
        depth = {TRUE_D: truth} | {
            name: _disparities(guesses[name], truth) for name in self.depth if name in guesses
        }
        light = {TRUE_LIGHT: lights, NO_HDR: clipped} | _radiances(
            {name: guesses[name] for name in self.light if name in guesses}
        )
        reference = _rendered(lights, truth)
        own = next(iter(material.methods))
        pairs = [(TRUE_D, name) for name in light if name != TRUE_LIGHT]
        pairs += [(name, TRUE_LIGHT) for name in depth if name != TRUE_D]
        pairs.append((own, own))
        return [((one, other), _rendered(light[other], depth[one]), reference) for one, other in pairs]


def _label(way: tuple[str, str]) -> str:
    """What disparity and light are by, in words."""
    depth, light = way
    return ", ".join(
        (
            depth if depth == TRUE_D else f"disparity by {depth}",
            light if light in (TRUE_LIGHT, NO_HDR) else f"light by {light}",
        )
    )


def _disparities(guesses: list[Prediction], truth: list[Tensor]) -> list[Tensor]:
    """Aligned with the truth by one scale and shift, so that no method gains by its units."""
    own = torch.cat([each.disparity for each in guesses if each.disparity is not None])
    return list(align_affine(own, torch.cat(truth)).split(1))


def _radiances(guesses: Mapping[str, list[Prediction]]) -> dict[str, list[Tensor]]:
    return {
        name: [each.radiance for each in found if each.radiance is not None]
        for name, found in guesses.items()
    }


def _rendered(lights: list[Tensor], disparities: list[Tensor]) -> list[Tensor]:
    return [render(light, disparity) for light, disparity in zip(lights, disparities, strict=True)]
