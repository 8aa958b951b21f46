"""The public benchmark BLB: Blender's pictures by blur level, rendered with the exact disparity."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.blb import BLBScene, Shot, blb_scenes
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.public.target import Target
from rackfocus.optics.renderer import render

GAMMA = 2.2
"""Pictures are encoded by this power, as in scripts of others who evaluated on BLB."""


class BLBTargets:
    """Every shallow picture of BLB, such as `277_bokeh_04_00`, by its blur level: `level 1` to `level 5`.

    All methods get the exact depth and the blur parameter, so that ours is the renderer alone.

    Raises:
        InputError: as from `rackfocus.data.apertures.blb.blb_scenes`.
    """

    has_truth = True

    def __init__(self, root: str | Path) -> None:
        self._shots: dict[Target, tuple[BLBScene, Shot]] = {}
        for scene in blb_scenes(root):
            for shot in scene.shots:
                name = f"{scene.folder.name}_{shot.file(scene.folder).stem}"
                self._shots[Target(name, f"level {shot.level + 1}", shot.level)] = scene, shot
        self.targets = list(self._shots)

    def sharp(self, target: Target) -> Float[Tensor, "3 height width"]:
        """The sharp picture, clipped and encoded."""
        return encoded(self._shots[target][0].radiance())

    def truth(self, target: Target) -> Float[Tensor, "3 height width"]:
        """Blender's picture, clipped and encoded."""
        scene, shot = self._shots[target]
        return encoded(scene.picture(shot))

    def compared(self, picture: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
        """All of it."""
        return picture

    @torch.inference_mode()
    def rendered(
        self,
        target: Target,
        network: Predictor,  # noqa: ARG002 - disparity is known
    ) -> Float[Tensor, "3 height width"]:
        """Rendered from the unclipped sharp picture by the exact disparity."""
        scene, shot = self._shots[target]
        return encoded(render(scene.radiance()[None], scene.disparity(shot)[None])[0])


def encoded(radiance: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
    """Linear light clipped to 0..1 and encoded by `x ** (1 / 2.2)`."""
    return radiance.clamp(0, 1) ** (1 / GAMMA)
