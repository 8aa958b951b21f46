"""Rows of pictures: the sharp photograph, rendered at other apertures and focal planes."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene, load_scene
from rackfocus.evaluation.benchmarks.leaderboard.result import Measured
from rackfocus.evaluation.benchmarks.renderer.quality import tensor
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method as Renderer
from rackfocus.evaluation.images.baselines import Prediction, Predictor
from rackfocus.evaluation.images.examination import Conditions
from rackfocus.evaluation.images.raytraced import Estimate, Method, completed, examine_scene
from rackfocus.evaluation.reports.columns import COLUMNS
from rackfocus.evaluation.reports.records import Record
from rackfocus.evaluation.reports.summary import summarise

ALIGNED = "aligned"
"""Of disparity without a unit, which takes scale and focus from the truth before it is rendered."""


class Combined:
    """The disparity of one predictor and the light of another; it keeps the seconds of each photograph.

    Args:
        depth: gives the disparity. `None`: the truth does.
        hdr: gives the light, likewise; where it is the same object as `depth`, it is asked once.
    """

    def __init__(self, depth: Predictor | None, hdr: Predictor | None) -> None:
        self._depth, self._hdr = depth, hdr
        self.seconds: list[float] = []

    def __call__(self, srgb: Float[Tensor, "1 3 height width"]) -> Prediction:
        """What the two predict; `None` for what the truth gives."""
        start = perf_counter()
        depth = _asked(self._depth, srgb)
        hdr = depth if self._hdr is self._depth else _asked(self._hdr, srgb)
        self.seconds.append(perf_counter() - start)
        return Prediction(
            None if depth is None else depth.disparity,
            None if hdr is None else hdr.radiance,
            in_pixels=depth is not None and depth.in_pixels,
        )


class Clocked:
    """A renderer of the benchmark as a function of tensors; it keeps the seconds of each picture."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self.seconds: list[float] = []

    def __call__(self, radiance: Tensor, disparity: Tensor) -> Tensor:
        """The photograph in linear light, `(1, 3, height, width)`, from radiance and disparity in pixels."""
        light = np.ascontiguousarray(radiance[0].permute(1, 2, 0).numpy(), np.float32)
        blur_px = np.ascontiguousarray(disparity[0, 0].numpy(), np.float32)
        with self._renderer.forward(light, blur_px) as session:
            run = session.render()
        self.seconds.append(run.seconds)
        return tensor(run.picture)


@torch.inference_mode()
def measure_pictures(
    folders: Sequence[Path],
    depth: Predictor | None,
    hdr: Predictor | None,
    renderer: Renderer,
    conditions: Conditions,
) -> Measured:
    """One row, over all photographs of all scenes, as `rackfocus evaluate` measures them.

    Args:
        folders: of ray-traced scenes, at least one.
        depth: gives the disparity. `None`: the truth does.
        hdr: gives the light, likewise.
        renderer: makes the photographs.
        conditions: as in `rackfocus evaluate`; its seed is that of the bootstrap, too.
    """
    combined, clocked = Combined(depth, hdr), Clocked(renderer)

    def estimate(scene: RaytracedScene) -> Estimate:
        prediction = combined(scene.deep_srgb[None])
        return completed(prediction, scene, light=scene.radiance[None])

    method = Method("entry", estimate, clocked)
    records: list[Record] = []
    for folder in folders:
        records += examine_scene(load_scene(folder), [method], conditions).records
    (summary,) = summarise(records, seed=conditions.seed)
    values = {name: summary.values[name].mean for name in COLUMNS}
    spread = summary.values["psnr"]
    values |= {"psnr_low": spread.low, "psnr_high": spread.high, "render_s": _typical(clocked.seconds)}
    if depth is not None or hdr is not None:
        values["estimate_s"] = _typical(combined.seconds)
    is_aligned = summary.method.endswith("(D aligned)")
    return Measured(values, samples=summary.images, disparity=ALIGNED if is_aligned else "")


def _asked(predictor: Predictor | None, srgb: Tensor) -> Prediction | None:
    return None if predictor is None else predictor(srgb)


def _typical(seconds: Sequence[float]) -> float:
    """The median without the first, in which libraries are loaded and kernels compiled."""
    return median(seconds[1:] or seconds)
