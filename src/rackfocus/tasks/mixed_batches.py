"""Batches of several kinds of samples: ray-traced triplets, photographs with nearness or with light."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.taught.samples import LightSample, NearnessSample
from rackfocus.tasks.data import FocusBatch, SeededDataModule, collate
from rackfocus.types import InputError


class SceneBatch(NamedTuple):
    """Triplets with ground truth: the fields of `FocusBatch`, then `D` and the light of `deep`."""

    deep: Float[Tensor, "batch 3 height width"]
    shallow: Float[Tensor, "batch 3 height width"]
    adjusted: Float[Tensor, "batch 3 height width"]
    aperture_ratio: Float[Tensor, "batch 1 1 1"]
    focal_disparity: Float[Tensor, "batch 1 1 1"]
    disparity: Float[Tensor, "batch 1 height width"]
    radiance: Float[Tensor, "batch 3 height width"]

    @property
    def focus(self) -> FocusBatch:
        """The same without the ground truth."""
        return FocusBatch(*self[:5])


class NearnessBatch(NamedTuple):
    """Photographs and their nearness."""

    image: Float[Tensor, "batch 3 height width"]
    nearness: Float[Tensor, "batch 1 height width"]


class LightBatch(NamedTuple):
    """Photographs that clip, and their true light."""

    image: Float[Tensor, "batch 3 height width"]
    radiance: Float[Tensor, "batch 3 height width"]


KindBatch = SceneBatch | NearnessBatch | LightBatch
Sample = FocusSample | NearnessSample | LightSample


class Views:
    """A view for each kind of sample."""

    def __init__(
        self,
        *,
        scene: Callable[[FocusSample, torch.Generator], FocusSample],
        nearness: Callable[[NearnessSample, torch.Generator], NearnessSample],
        light: Callable[[LightSample, torch.Generator], LightSample],
    ) -> None:
        self.by_kind: Mapping[type, Callable[[Any, torch.Generator], Any]] = {
            FocusSample: scene,
            NearnessSample: nearness,
            LightSample: light,
        }

    def __call__(self, sample: Sample, generator: torch.Generator) -> Sample:
        """The view for this kind of sample; the generator is the only source of randomness."""
        return self.by_kind[type(sample)](sample, generator)


def collate_kinds(samples: Sequence[Sample]) -> list[KindBatch]:
    """Stack samples by kind and size, in the order of their first occurrence."""
    groups: dict[tuple[type, tuple[int, ...]], list[Any]] = {}
    for sample in samples:
        picture = sample.deep if isinstance(sample, FocusSample) else sample.image
        groups.setdefault((type(sample), tuple(picture.shape)), []).append(sample)
    return [_STACKS[kind](group) for (kind, _), group in groups.items()]


def _scenes(samples: Sequence[FocusSample]) -> SceneBatch:
    if any(sample.disparity is None or sample.radiance is None for sample in samples):
        raise InputError(
            f"{samples[0].name} has no true disparity and light, from which this training learns beside "
            "photographs; take data.root of ray-traced scenes, or another experiment=name."
        )
    truth = [torch.stack([getattr(sample, name) for sample in samples]) for name in ("disparity", "radiance")]
    return SceneBatch(*collate(samples), *truth)


def _pictures(kind: type[NearnessBatch] | type[LightBatch]) -> Callable[[Sequence[Any]], KindBatch]:
    """Stacks the fields of a kind of batch."""
    return lambda samples: kind(
        *(torch.stack([getattr(sample, name) for sample in samples]) for name in kind._fields)
    )


_STACKS: dict[type, Callable[[Any], KindBatch]] = {
    FocusSample: _scenes,
    NearnessSample: _pictures(NearnessBatch),
    LightSample: _pictures(LightBatch),
}


class MixedData(SeededDataModule):
    """Samples of several kinds, usually of a `WeightedMixture`; see `SeededDataModule`.

    A batch is a list of parts by kind and size; its size is the number of samples of all kinds together.
    """

    KINDS = (FocusSample, NearnessSample, LightSample)
    collate = staticmethod(collate_kinds)
