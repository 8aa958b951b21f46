"""RAFT (Teed & Deng 2020): optical flow by torchvision's network and weights."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor

from rackfocus.reading.weights import read_state
from rackfocus.types import InputError

STRIDE = 8
"""The network works at an eighth of the size; frames are padded to a multiple of this."""
SMALLEST_PX = 128
"""The smallest side: at an eighth of the size the network halves four more times."""


class RAFTFlow:
    """Optical flow by the small RAFT network, on the device of the frames.

    Args:
        weights: a file of weights of torchvision's `raft_small`. `None`: torchvision downloads its own.
        updates: how many times the flow is refined.

    Raises:
        InputError: torchvision is not installed, or the weights are missing or those of another network.
    """

    def __init__(self, *, weights: str | Path | None = None, updates: int = 12) -> None:
        self.updates = updates
        try:
            models = import_module("torchvision.models.optical_flow")
        except (ImportError, RuntimeError) as error:  # RuntimeError: made for another version of torch
            raise InputError(
                "flow=raft needs a torchvision that belongs to this torch, which cannot be imported: "
                "pip install torchvision, or use flow=dis."
            ) from error
        try:
            network = models.raft_small(weights="DEFAULT" if weights is None else None)
            if weights is not None:
                network.load_state_dict(read_state(Path(weights)))
        # Downloads, files and pickles raise many types of errors.
        except Exception as error:
            raise InputError(
                f"The weights of RAFT ({weights or 'from the network'}) cannot be loaded; set flow.weights "
                "to a file of torchvision's raft_small, or use flow=dis."
            ) from error
        self._network: Any = network.eval().requires_grad_(False)

    def __call__(
        self, first: UInt8[np.ndarray, "height width 3"], second: UInt8[np.ndarray, "height width 3"]
    ) -> Float32[np.ndarray, "height width 2"]:
        """See `rackfocus.video.flow.optical_flow.OpticalFlow`."""
        return self.of_tensors(*torch.from_numpy(np.stack([first, second]))).numpy()

    @torch.inference_mode()
    def of_tensors(
        self, first: UInt8[Tensor, "height width 3"], second: UInt8[Tensor, "height width 3"]
    ) -> Float32[Tensor, "height width 2"]:
        """See `rackfocus.video.flow.optical_flow.TensorFlow`."""
        height, width = first.shape[:2]
        self._network.to(first.device)
        pair = torch.stack([first, second]).permute(0, 3, 1, 2)
        down, right = (max(SMALLEST_PX, -(-size // STRIDE) * STRIDE) - size for size in (height, width))
        pair = F.pad(pair.float() / 127.5 - 1, (0, right, 0, down), mode="replicate")
        flow = self._network(pair[:1], pair[1:], num_flow_updates=self.updates)[-1]
        return flow[0, :, :height, :width].permute(1, 2, 0).contiguous()
