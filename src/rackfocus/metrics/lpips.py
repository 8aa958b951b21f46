"""LPIPS (Zhang et al. 2018): perceptual distance of two pictures by features of AlexNet."""

from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.metrics.image import displayed
from rackfocus.models.published.weights import find_weights
from rackfocus.reading.weights import read_state
from rackfocus.types import InputError

WEIGHTS = "lpips_alex.safetensors"

LAYERS = (
    (0, 3, 64, 11, 4, 2, False),
    (3, 64, 192, 5, 1, 2, True),
    (6, 192, 384, 3, 1, 1, True),
    (8, 384, 256, 3, 1, 1, False),
    (10, 256, 256, 3, 1, 1, False),
)
"""AlexNet's convolutions: torchvision's index in `features`, channels in, channels out, size, stride,
padding, whether a max-pooling (3x3, stride 2) precedes it."""

SMALLEST_PX = 31
"""The smallest side for which the output of the second pooling is not empty."""

_NORM_FLOOR = 1e-10


class LPIPS(nn.Module):
    """`sum_l mean_xy sum_c v_lc (f_lc(x) - f_lc(y))^2`; lower is better, 0 for equal pictures.

    `f_l` is the activation of layer `l` after its ReLU, normalised to length 1 over the channels at each
    position; `v_l` are weights fitted to human judgements.

    Args:
        weights: a file with torchvision's AlexNet names and `lin0.weight` .. `lin4.weight`, or the name of a
            published one.

    Raises:
        InputError: the weights are missing, cannot be read, or do not fit.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, weights: str | Path = WEIGHTS) -> None:
        super().__init__()
        self.features = nn.ModuleDict(
            {
                str(index): nn.Conv2d(inside, outside, size, stride, padding)
                for index, inside, outside, size, stride, padding, _ in LAYERS
            }
        )
        for number, (_, _, channels, *_) in enumerate(LAYERS):
            self.add_module(f"lin{number}", nn.Conv2d(channels, 1, 1, bias=False))
        # The authors' normalisation, for colours in -1 .. 1.
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1), persistent=False)
        path = find_weights(weights)
        state = read_state(path)
        try:
            self.load_state_dict({name: state[name] for name in self.state_dict()})
        except (KeyError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path} does not hold LPIPS with AlexNet: {reason}.") from error
        self.requires_grad_(False)

    def forward(
        self,
        linear_rgb: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, ""]:
        """Mean distance of the displayed images.

        Raises:
            InputError: a side is smaller than `SMALLEST_PX`.
        """
        return self.of_displayed(displayed(linear_rgb), displayed(truth))

    def of_displayed(
        self,
        encoded: Float[Tensor, "batch 3 height width"],
        truth: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, ""]:
        """Mean distance of images that are encoded already, in 0..1.

        Raises:
            InputError: a side is smaller than `SMALLEST_PX`.
        """
        if min(encoded.shape[-2:]) < SMALLEST_PX:
            raise InputError(f"LPIPS needs pictures of at least {SMALLEST_PX} pixels on each side.")
        total = torch.zeros(len(encoded), device=encoded.device)
        pairs = zip(self._unit_features(encoded), self._unit_features(truth), strict=True)
        for number, (ours, theirs) in enumerate(pairs):
            total = total + self.get_submodule(f"lin{number}")((ours - theirs).square()).mean(dim=(1, 2, 3))
        return total.mean()

    def _unit_features(self, encoded: Tensor) -> list[Tensor]:
        x = (2 * encoded - 1 - self.shift) / self.scale
        activations = []
        for index, *_, pooled in LAYERS:
            if pooled:
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(self.features[str(index)](x))
            activations.append(x / (x.norm(dim=1, keepdim=True) + _NORM_FLOOR))
        return activations
