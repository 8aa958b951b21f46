"""Video with exact disparity, light and motion, of a ray-traced picture: the view moves a pixel a frame."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.raytraced import RaytracedScene
from rackfocus.evaluation.stabilizer.clips import Clip, Motion


@dataclass(frozen=True)
class Pan:
    """The frames of a pan to the right, which all networks see as new pictures.

    Attributes:
        clip: frames, motion and true disparity.
        radiance: of each frame, in linear light, not clipped.
    """

    clip: Clip
    radiance: list[Float[Tensor, "1 3 height width"]]

    @property
    def pictures(self) -> list[Float[Tensor, "1 3 height width"]]:
        """The frames as networks take them, encoded sRGB in 0..1."""
        return [torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255 for frame in self.clip.frames]


def pan(scene: RaytracedScene, frames: int) -> Pan:
    """The pan over a scene; its frames are narrower than the picture by `frames - 1` pixels."""
    width = scene.deep_srgb.shape[-1] - frames + 1
    codes = (scene.deep_srgb * 255).round().byte()

    def views(image: Tensor) -> list[Tensor]:
        return [image[..., left : left + width] for left in range(frames)]

    flow = torch.zeros(2, codes.shape[-2], width)
    flow[0] = -1.0
    visible = torch.ones(codes.shape[-2], width, dtype=torch.bool)
    visible[:, 0] = False  # it leaves the picture
    clip = Clip(
        scene.name,
        [np.ascontiguousarray(view.permute(1, 2, 0).numpy()) for view in views(codes)],
        [Motion(flow, visible)] * (frames - 1),
        disparity=[view.contiguous() for view in views(scene.disparity)],
    )
    return Pan(clip, [view[None].contiguous() for view in views(scene.radiance)])
