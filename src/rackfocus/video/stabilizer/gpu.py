"""The temporal stabiliser's window of frames, on a GPU or any torch device; whole pictures at a time."""

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from rackfocus.video.flow.consistency import mask_inconsistent
from rackfocus.video.flow.optical_flow import Flow
from rackfocus.video.flow.warp import follow, sample
from rackfocus.video.stabilizer.scales import Scales


class TorchWindow:
    """As `cpu.CPUWindow`, on any torch device.

    Args:
        slots: number of frames it holds.
        device: of the frames.
    """

    def __init__(self, slots: int, device: torch.device) -> None:
        self.slots = slots
        self.device = device
        self._lumas: dict[int, Tensor] = {}
        self._disparities: dict[int, Tensor] = {}
        self._exposures: dict[int, Tensor] = {}
        self._backward: dict[int, Tensor] = {}
        self._forward: dict[int, Tensor] = {}

    def put(
        self,
        frame: int,
        luma: UInt8[np.ndarray, "height width"] | UInt8[Tensor, "height width"],
        disparity: Float[Tensor, "1 height width"],
        log_exposure: Float[Tensor, "3 height width"],
    ) -> None:
        """Store a frame and drop those outside the window."""
        for kept in (self._lumas, self._disparities, self._exposures, self._backward, self._forward):
            kept.pop(frame - self.slots, None)
        self._lumas[frame] = torch.as_tensor(luma, device=self.device).float()[None]
        self._disparities[frame] = disparity.float()
        self._exposures[frame] = log_exposure.float()

    def link(
        self,
        frame: int,
        forward: Flow,
        backward: Flow,
        delta_px: float,
    ) -> None:
        """Store the flows between a frame and the previous one, NaN where they are not consistent."""
        there, back = (
            torch.as_tensor(flow, device=self.device).permute(2, 0, 1).contiguous()
            for flow in (forward, backward)
        )
        self._forward[frame - 1] = mask_inconsistent(there, back, delta_px)
        self._backward[frame] = mask_inconsistent(back, there, delta_px)

    def stabilized(
        self, frame: int, first: int, last: int, scales: Scales
    ) -> tuple[Float[Tensor, "1 height width"], Float[Tensor, "3 height width"]]:
        """`D` and `E` of a frame by Eq. 8, from the frames `first` to `last` inclusive."""
        maps, seen = [self._maps(frame)], [torch.ones_like(self._disparities[frame][0], dtype=torch.bool)]
        for flows, step, end in ((self._backward, -1, first), (self._forward, 1, last)):
            path = torch.zeros_like(self._exposures[frame][:2])
            for other in range(frame + step, end + step, step):
                x, y, _ = follow(path)
                path = path + sample(flows[other - step], x, y)
                x, y, inside = follow(path)
                # A path that has left the picture stays invalid.
                path = torch.where(inside, _held(path), torch.nan)
                seen.append(inside)
                maps.append(torch.where(inside, sample(self._maps(other), x, y), 0.0))
        visible = torch.stack(seen)
        luma, disparity, light = torch.stack(maps).split([1, 1, 3], dim=1)
        penalty = ((luma - luma[:1]) / scales.luma).square()[:, 0]
        weights = outlier_weights(disparity[:, 0], visible, penalty, scales.disparity_px)
        by_light = outlier_weights(light.mean(1), visible, penalty, scales.log_exposure)
        return (weights[:, None] * disparity).sum(0), (by_light[:, None] * light).sum(0)

    def _maps(self, frame: int) -> Float[Tensor, "5 height width"]:
        return torch.cat([self._lumas[frame], self._disparities[frame], self._exposures[frame]])


def outlier_weights(
    values: Float[Tensor, "frame height width"],
    visible: Bool[Tensor, "frame height width"],
    penalty: Float[Tensor, "frame height width"],
    scale: float,
) -> Float[Tensor, "frame height width"]:
    """`exp(-median_j |v_k - v_j| / scale - penalty_k)` over the visible frames, of sum 1; 0 elsewhere."""
    count = visible.sum(0)
    medians = []
    for own in values:
        # Invisible values have an infinite distance.
        distances = torch.where(visible, (values - own).abs(), torch.inf).sort(0).values
        middle = [distances.gather(0, at[None])[0] for at in ((count - 1) // 2, count // 2)]
        medians.append((middle[0] + middle[1]) / 2)
    logits = torch.where(visible, -torch.stack(medians) / scale - penalty, -torch.inf)
    return logits.softmax(0)


def _held(path: Float[Tensor, "2 height width"]) -> Float[Tensor, "2 height width"]:
    """The path, clamped to the outer pixel centres."""
    height, width = path.shape[-2:]
    x = torch.arange(width, device=path.device, dtype=path.dtype)
    y = torch.arange(height, device=path.device, dtype=path.dtype)[:, None]
    return torch.stack([(path[0] + x).clamp(0, width - 1) - x, (path[1] + y).clamp(0, height - 1) - y])
