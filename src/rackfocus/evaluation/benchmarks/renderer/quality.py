"""Quality of each method compared with ray-traced ground truth."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.raytraced import load_scene
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method, Picture
from rackfocus.metrics.image import psnr, ssim
from rackfocus.metrics.silhouette import silhouette_psnr

Distance = Callable[[Tensor, Tensor], Tensor]
"""LPIPS of two pictures in linear light."""


@dataclass(frozen=True)
class Quality:
    """One method for the f/2 photograph of one scene, from its true radiance and disparity.

    `width` and `height` of the picture and `radius`, its largest blur radius, are in pixels. `lights`:
    whether there are lights far brighter than white. PSNR is in dB, `silhouette_psnr` within one blur radius
    of a disparity edge. `lpips` is `None` if its weights are missing.
    """

    method: str
    scene: str
    lights: bool
    width: int
    height: int
    radius: float
    psnr: float
    ssim: float
    lpips: float | None
    silhouette_psnr: float

    @property
    def cell(self) -> tuple[str, str, int, int]:
        """The key of this record."""
        return self.method, self.scene, self.width, self.height


def measure_quality(
    folders: Sequence[Path],
    methods: Sequence[Method],
    *,
    known: Collection[tuple[str, str, int, int]],
    lpips: Distance | None,
) -> Iterator[Quality]:
    """Measure every method on every scene, except those with a known `Quality.cell`."""
    for folder in folders:
        scene = load_scene(folder)
        height, width = scene.disparity.shape[-2:]
        linear = scene.radiance.permute(1, 2, 0).contiguous().numpy()
        disparity = scene.disparity[0].numpy()
        truth = scene.f2[None]
        for method in methods:
            if (method.name, scene.name, width, height) in known:
                continue
            with method.forward(linear, disparity) as session:
                picture = tensor(session.render().picture)
            with torch.inference_mode():
                yield Quality(
                    method=method.name,
                    scene=scene.name,
                    lights=scene.has_lights,
                    width=width,
                    height=height,
                    radius=float(scene.disparity.abs().max()),
                    psnr=psnr(picture, truth).item(),
                    ssim=ssim(picture, truth).item(),
                    lpips=None if lpips is None else lpips(picture, truth).item(),
                    silhouette_psnr=silhouette_psnr(picture, truth, scene.disparity[None]).item(),
                )


def tensor(picture: Picture) -> Float[Tensor, "1 3 height width"]:
    """A picture as a batch of one."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float()
