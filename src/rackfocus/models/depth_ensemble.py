"""Depth models together: mirrored, averaged, and one whose edges come from another."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from kornia.filters import guided_blur
from torch import Tensor

from rackfocus.models.backends import DepthBackend
from rackfocus.types import InputError

_FLAT = 1e-6


class Mirrored:
    """The mean of what a model says of an image and of its mirror image.

    Args:
        depth: the model.
    """

    def __init__(self, depth: DepthBackend) -> None:
        self.depth = depth

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """See `rackfocus.models.backends.DepthBackend`."""
        return (self.depth(srgb) + self.depth(srgb.flip(-1)).flip(-1)) / 2


class Averaged:
    """The weighted mean of several models, each brought to mean 0 and deviation 1 over the image first.

    Args:
        members: the models by name.
        weights: of each by name; their scale does not matter.

    Raises:
        InputError: the names differ, or a weight is negative, or all are 0.
    """

    def __init__(self, members: Mapping[str, DepthBackend], weights: Mapping[str, float]) -> None:
        if set(members) != set(weights):
            odd = ", ".join(sorted(set(members) ^ set(weights)))
            raise InputError(f"Averaged depth needs one weight for each of its members; look at {odd}.")
        if min(weights.values(), default=0) < 0 or not sum(weights.values()) > 0:
            raise InputError("The weights of averaged depth must be 0 or more, and one of them above 0.")
        self.members = dict(members)
        self.weights = dict(weights)

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """See `rackfocus.models.backends.DepthBackend`."""
        total = sum(self.weights.values())
        parts = [
            self.weights[name] / total * standardised(depth(srgb)) for name, depth in self.members.items()
        ]
        return torch.stack(parts).sum(dim=0)


class Sharpened:
    """One model's structure with the edges of another: the first as a local affine function of the second.

    This is the guided filter (He et al. 2010), with a map of nearness as its guide instead of the image.

    Args:
        structure: says how near things are.
        edges: says where they end.
        window_share: the side of the windows of the fit, relative to the shorter side of the image.
        smoothness: variance of the guide, relative to its variance over the image, below which a window is
            averaged rather than fitted.

    Raises:
        InputError: a number is not positive.
    """

    def __init__(
        self,
        structure: DepthBackend,
        edges: DepthBackend,
        *,
        window_share: float = 0.1,
        smoothness: float = 1e-3,
    ) -> None:
        if not (0 < window_share < 1 and smoothness > 0):
            raise InputError(
                "window_share must be between 0 and 1 and smoothness above 0; they are "
                f"{window_share} and {smoothness}."
            )
        self.structure = structure
        self.edges = edges
        self.window_share = window_share
        self.smoothness = smoothness

    def __call__(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """See `rackfocus.models.backends.DepthBackend`."""
        side = 2 * max(1, round(self.window_share * min(srgb.shape[-2:]) / 2)) + 1
        structure, guide = standardised(self.structure(srgb)), standardised(self.edges(srgb))
        return guided_blur(guide, structure, side, self.smoothness, separable=True)


def standardised(nearness: Float[Tensor, "batch 1 height width"]) -> Float[Tensor, "batch 1 height width"]:
    """Mean 0 and deviation 1 over each image; flat ones give 0."""
    mean = nearness.mean(dim=(-2, -1), keepdim=True)
    deviation = nearness.std(dim=(-2, -1), keepdim=True, correction=0)
    return (nearness - mean) / deviation.clamp_min(_FLAT)
