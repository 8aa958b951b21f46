"""Fig. 3A: disparity and bokeh before and after the temporal filter of Sec. 4.2."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.items.pan import pan
from rackfocus.evaluation.reproduction.numbers import Number, mean_of
from rackfocus.evaluation.stabilizer.clips import Clip
from rackfocus.evaluation.stabilizer.rendered import (
    Video,
    estimate_clip,
    rendered,
    rendered_truth,
    stabilize_clip,
)
from rackfocus.metrics.video.temporal import flow_warped_error, temporal_change_error
from rackfocus.metrics.video.temporal_flicker import flicker_curve, high_frequency_energy, near_saturated
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import SHIPPED, load_model
from rackfocus.optics.renderer import Renderer
from rackfocus.types import RGBDHDR
from rackfocus.video.stabilizer.stabilizer import Stabilizer

PER_FRAME = "per frame"
SHOWN = 2
"""Scenes in the picture."""


@dataclass(frozen=True)
class Flicker:
    """Pans over ray-traced scenes, estimated and rendered with each filter and without.

    Attributes:
        title: of the item.
        stabilizers: by name; `causal` is that of the paper.
        reach_px: half the side of the square around saturated pixels.
    """

    title: str
    stabilizers: Mapping[str, Stabilizer]
    reach_px: int = 4

    @property
    def claims(self) -> list[Claim]:
        """Of the paper's filter, `causal`."""
        return [
            Claim(
                "Temporal filtering takes away fluctuations of disparity",
                "Sec. 4.2",
                "change of disparity that motion does not explain, share taken away by causal",
                above=0,
            ),
            Claim(
                "Filtering greatly reduces high-frequency flicker around saturated pixels",
                "Fig. 3A",
                "flicker around saturated pixels, share taken away by causal",
                above=0,
            ),
            Claim(
                "Frames that are rendered independently flicker: filtered video is nearer to the true video",
                "Sec. 4.2, 6.1",
                "change beyond that of the true video, share taken away by causal",
                above=0,
            ),
        ]

    @torch.inference_mode()
    def make(self, material: Material, folder: Path) -> Made:
        """The warped error of disparity, and the high frequencies around saturated pixels, of each clip."""
        network, renderer = load_model(SHIPPED), Renderer()
        changes: dict[str, list[float]] = {name: [] for name in (PER_FRAME, *self.stabilizers)}
        flickers: dict[str, list[float]] = {name: [] for name in changes}
        beyond: dict[str, list[float]] = {name: [] for name in changes}
        curves: dict[str, dict[str, np.ndarray]] = {}
        for scene in material.held_out_scenes():
            clip = pan(scene, 2 * material.frames).clip
            videos = self._videos(clip, network, renderer, changes)
            truth = rendered_truth(clip, renderer)
            assert truth is not None
            found = self._curves(clip, videos)
            for name, video in videos.items():
                beyond[name].append(_change_error(video, truth))
                energy = (
                    high_frequency_energy(torch.from_numpy(found[name])) if found else torch.tensor(math.nan)
                )
                flickers[name].append(float(energy.sqrt()))
            if len(curves) < SHOWN and found:
                curves[scene.name] = found
        draw_curves(curves, folder / "picture.png")
        return Made(
            self._numbers(changes, flickers, beyond),
            "Pans over ray-traced scenes, a pixel a frame, estimated by the network that ships.",
        )

    def _videos(
        self, clip: Clip, network: RGBDHDREstimator, renderer: Renderer, changes: dict[str, list[float]]
    ) -> dict[str, Video]:
        estimates = estimate_clip(clip, network, network_size_px=None)
        ways = {PER_FRAME: estimates} | {
            name: stabilize_clip(clip, estimates, stabilizer) for name, stabilizer in self.stabilizers.items()
        }
        for name, way in ways.items():
            changes[name].append(_warped_error(clip, way))
        return {name: rendered(clip, way, renderer) for name, way in ways.items()}

    def _curves(self, clip: Clip, videos: Mapping[str, Video]) -> dict[str, np.ndarray]:
        """The mean around saturated pixels in codes of 255; empty without such pixels."""
        sharp = [torch.from_numpy(frame).permute(2, 0, 1).float() / 255 for frame in clip.frames]
        near = [near_saturated(frame, reach_px=self.reach_px) for frame in sharp]
        if not any(bool(each.any()) for each in near):
            return {}
        return {name: 255 * flicker_curve(video, near).numpy() for name, video in videos.items()}

    def _numbers(
        self,
        changes: Mapping[str, Sequence[float]],
        flickers: Mapping[str, Sequence[float]],
        beyond: Mapping[str, Sequence[float]],
    ) -> list[Number]:
        numbers: list[Number] = []
        for what, unit, values in (
            ("change of disparity that motion does not explain", "px", changes),
            ("flicker around saturated pixels", "of 255", flickers),
            ("change beyond that of the true video", "of 255", beyond),
        ):
            numbers += [mean_of(f"{what}, {name}", each, unit=unit) for name, each in values.items()]
            for name in self.stabilizers:
                down = 1 - np.array(values[name]) / np.array(values[PER_FRAME])
                numbers.append(mean_of(f"{what}, share taken away by {name}", down.tolist()))
        return numbers


def draw_curves(curves: Mapping[str, Mapping[str, np.ndarray]], path: Path) -> None:
    """The mean around saturated pixels over time, a panel for each clip, as PNG."""
    figure = Figure(figsize=(8, 1 + 2 * len(curves)), layout="constrained")
    for row, (name, found) in enumerate(curves.items(), start=1):
        axes = figure.add_subplot(len(curves), 1, row)
        for (method, curve), width in zip(found.items(), (2.2, 1.4, 1.0), strict=False):
            axes.plot(curve, label=method, linewidth=width)
        axes.set(title=name, xlabel="frame", ylabel="mean around\nsaturated pixels, of 255")
        axes.legend(fontsize=8, frameon=False)
    FigureCanvasAgg(figure)
    figure.savefig(path, format="png", dpi=120)


def _warped_error(clip: Clip, estimates: Sequence[RGBDHDR]) -> float:
    maps = [each.disparity[0] for each in estimates]
    steps = zip(maps, maps[1:], clip.motions, strict=False)
    errors = [flow_warped_error(one, other, step.flow, step.visible) for one, other, step in steps]
    return float(torch.stack(errors).nanmean())


def _change_error(video: Video, truth: Video) -> float:
    """How much more a video changes from frame to frame than the true one, in codes of 255."""
    steps = zip(video, video[1:], truth, truth[1:], strict=False)
    return 255 * float(torch.stack([temporal_change_error(*step) for step in steps]).mean())
