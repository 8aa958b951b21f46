"""Augmentation of photographs with relative depth or known light, to one fixed size, by kornia.

kornia's augmentations draw from torch's global generator and accept no other: here it is seeded from the
given generator, and restored afterwards (`torch.random.fork_rng`). So a view depends on the given generator
alone, in any process and after any other random numbers.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import kornia.augmentation as K
import torch
from torch import Tensor, nn

from rackfocus.data.taught.samples import LightSample, NearnessSample
from rackfocus.types import InputError


class NearnessView:
    """A random crop of a fixed size, flip, colours and camera artefacts; the label is transformed alike.

    The aspect ratio of objects is kept; nearness is relative, so it need not change with the scale.
    Colours, gamma, grey, blur, noise and JPEG change the image only.

    Args:
        size: height and width of the view.
        area: the range of the uniformly drawn share of the picture that is kept; at most the largest crop of
            the view's aspect ratio.
        colour: strength of the changes of brightness, contrast and saturation, 0 to 1; the white balance
            changes, too.
        flaws: probability of each of gamma, blur, noise and JPEG; 0 to 1.
        grey: probability that the picture becomes grey.

    Raises:
        InputError: a size is not positive, or a share is not between 0 and 1.
    """

    def __init__(
        self,
        *,
        size: tuple[int, int],
        area: tuple[float, float] = (0.35, 1.0),
        colour: float = 0.25,
        flaws: float = 0.2,
        grey: float = 0.05,
    ) -> None:
        height, width = size
        if min(height, width) < 1:
            raise InputError(f"size must be a height and a width in pixels, and is [{height}, {width}].")
        if not 0 < area[0] <= area[1] <= 1 or not all(0 <= share <= 1 for share in (colour, flaws, grey)):
            raise InputError(
                "area must be a range within 0 to 1, and colour, flaws and grey from 0 to 1; they are "
                f"[{area[0]}, {area[1]}], {colour}, {flaws} and {grey}."
            )
        aspect = width / height
        self._geometry = nn.Sequential(
            K.RandomResizedCrop((height, width), scale=area, ratio=(aspect, aspect), align_corners=False),
            K.RandomHorizontalFlip(p=0.5),
        )
        gains = (1 - colour, 1 + colour)
        self._changes: list[tuple[float, nn.Module]] = [
            (0.7, K.RandomBrightness(gains, p=1.0)),
            (0.7, K.RandomContrast(gains, p=1.0)),
            (0.5, K.RandomSaturation(gains, p=1.0)),
            # Colour of the light. Changing hues would take as long as everything else together.
            (0.4, K.RandomPlanckianJitter(mode="blackbody", p=1.0)),
            (flaws, K.RandomGamma((0.7, 1.4), p=1.0)),
            (grey, K.RandomGrayscale(p=1.0)),
            (flaws, K.RandomGaussianBlur((5, 5), (0.3, 1.2), p=1.0)),
            (flaws, K.RandomGaussianNoise(std=0.02, p=1.0)),
            (flaws, K.RandomJPEG((40.0, 95.0), p=1.0)),
        ]

    def __call__(self, sample: NearnessSample, generator: torch.Generator) -> NearnessSample:
        """Draw a view; the generator is the only source of randomness."""
        with seeded_by(generator), torch.no_grad():
            # As channels of one picture, because kornia samples masks differently from pictures.
            seen = self._geometry(torch.cat([sample.image, sample.nearness])[None])
            image = apply_randomly(self._changes, seen[:, :3]).clamp(0, 1)
        return dataclasses.replace(sample, image=image[0], nearness=seen[0, 3:])


class LightView:
    """A random flip and JPEG compression (of probability `flaws`) of views that already have their fixed
    size.

    Exposure, noise and the camera's curve come from `rackfocus.data.taught.panorama_light`: if colours were
    changed here, they would not match the light.

    Raises:
        InputError: `flaws` is out of range.
    """

    def __init__(self, *, flaws: float = 0.2) -> None:
        if not 0 <= flaws <= 1:
            raise InputError(f"flaws must be from 0 to 1, and is {flaws}.")
        self._geometry = K.RandomHorizontalFlip(p=0.5)
        self._coding = [(flaws, K.RandomJPEG((70.0, 98.0), p=1.0))]

    def __call__(self, sample: LightSample, generator: torch.Generator) -> LightSample:
        """Draw a view; the generator is the only source of randomness."""
        with seeded_by(generator), torch.no_grad():
            seen = self._geometry(torch.cat([sample.image, sample.radiance])[None])
            image = apply_randomly(self._coding, seen[:, :3])
        return dataclasses.replace(sample, image=image[0], radiance=seen[0, 3:])


def apply_randomly(changes: Sequence[tuple[float, nn.Module]], image: Tensor) -> Tensor:
    """Apply each change with its probability. kornia's own `p` computes a change even if it is not used."""
    for probability, change in changes:
        if float(torch.rand(())) < probability:
            image = change(image)
    return image


@contextmanager
def seeded_by(generator: torch.Generator) -> Iterator[None]:
    """Seed torch's global generator from this one for the duration of the block, then restore it."""
    seed = int(torch.randint(2**62, (), generator=generator))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
