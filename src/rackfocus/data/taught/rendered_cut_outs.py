"""Compositions of known relative depth, rendered by the thin lens: triplets with exact disparity."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.taught.samples import NearnessSample
from rackfocus.models.backends import disparity_from_nearness
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.optics.renderer import render
from rackfocus.scenes.lens import F2_TO_F8
from rackfocus.types import InputError


class RenderedCutOuts(Dataset[FocusSample]):
    """Aperture triplets (even indices) and focal triplets (odd ones) of compositions such as `CutOuts`.

    The median of nearness is in focus. As in `RaytracedScenes`, the aperture triplet is f/2 and f/8; the
    focal triplet is f/2 twice, with different focus the second time. Light is known where the picture is not
    clipped. Samples depend only on the seed and the index.

    Args:
        compositions: pictures with nearness.
        size: height and width of the samples; pictures are cropped to this aspect, then resized.
        disparity_range: see `rackfocus.models.backends.disparity_from_nearness`.
        seed: of crops and focus.

    Raises:
        InputError: a size or the range is not positive.
    """

    def __init__(
        self,
        compositions: Dataset[NearnessSample],
        *,
        size: tuple[int, int],
        disparity_range: float,
        seed: int = 0,
    ) -> None:
        if min(size) < 1 or not disparity_range > 0:
            raise InputError(
                "size must be a height and a width, and disparity_range above 0; they are "
                f"[{size[0]}, {size[1]}] and {disparity_range}."
            )
        self.compositions = compositions
        self.size = (int(size[0]), int(size[1]))
        self.disparity_range = disparity_range
        self.seed = seed

    def __len__(self) -> int:
        return len(self.compositions)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> FocusSample:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = index % len(self)
        sample = self.compositions[place]
        rng = np.random.default_rng((self.seed, place))
        linear, nearness = _cropped(sample, self.size, rng)
        deep = torch.round(255 * linear_to_srgb(linear.clamp(0, 1))) / 255
        disparity = disparity_from_nearness(nearness[None], self.disparity_range)[0]
        is_focal = place % 2 == 1
        ratio = 1.0 if is_focal else F2_TO_F8
        focus = _at_random(disparity, rng) if is_focal else 0.0
        light = srgb_to_linear(deep)
        shallow = render(light[None], disparity[None])
        adjusted = render(light[None], disparity[None], aperture_ratio=ratio, focal_disparity=focus)
        return FocusSample(
            f"{sample.name}/{'focal' if is_focal else 'aperture'}",
            deep,
            shallow[0].clamp(0, 1),
            adjusted[0].clamp(0, 1),
            ratio,
            focus,
            disparity,
            radiance=torch.where(deep < 1, light, torch.nan),
        )


def _at_random(disparity: Float[Tensor, "1 height width"], rng: np.random.Generator) -> float:
    return float(disparity.flatten()[int(rng.integers(disparity.numel()))])


def _cropped(
    sample: NearnessSample, size: tuple[int, int], rng: np.random.Generator
) -> tuple[Float[Tensor, "3 rows columns"], Float[Tensor, "1 rows columns"]]:
    """The largest crop of this aspect ratio at a random place; linear light is averaged, nearness is not."""
    height, width = sample.image.shape[-2:]
    scale = min(height / size[0], width / size[1])
    rows, columns = max(1, int(size[0] * scale)), max(1, int(size[1] * scale))
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    image = srgb_to_linear(sample.image[:, top : top + rows, left : left + columns])
    nearness = sample.nearness[:, top : top + rows, left : left + columns]
    return (
        F.interpolate(image[None], size=size, mode="bilinear", antialias=True)[0],
        # Averaging across a silhouette would give a depth between both surfaces, where there is none.
        F.interpolate(nearness[None], size=size, mode="nearest-exact")[0],
    )
