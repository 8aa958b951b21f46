"""Several data sets as one, in given proportions."""

import math
from collections.abc import Mapping, Sized
from typing import TypeVar, cast

import numpy as np
from torch.utils.data import Dataset

from rackfocus.types import InputError

Sample = TypeVar("Sample")


class WeightedMixture(Dataset[Sample]):
    """Several data sets as one, each shown in proportion to its weight.

    The proportions are exact (to one sample); the order is drawn once from the seed. A part that is shown
    more often than it has samples starts again from its beginning.

    Args:
        datasets: the parts, by name.
        weights: relative frequency of each part, by name; a part of weight 0 is left out.
        length: samples in one pass. `None`: the smallest number that shows every sample of every part. With a
            smaller one, some samples are never shown.
        seed: of the order.

    Raises:
        InputError: the names of parts and weights differ, a weight is negative or not finite, all are 0, or a
            part that counts is empty.
    """

    def __init__(
        self,
        datasets: Mapping[str, Dataset[Sample]],
        weights: Mapping[str, float],
        length: int | None = None,
        seed: int = 0,
    ) -> None:
        if set(datasets) != set(weights):
            odd = ", ".join(sorted(set(datasets) ^ set(weights)))
            raise InputError(f"A mixture needs one weight for each of its data sets; look at {odd}.")
        for name, weight in weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise InputError(f"The weight of {name} must be 0 or more, and is {weight}.")
        names = [name for name in datasets if weights[name] > 0]
        if not names:
            raise InputError("A mixture needs a weight of more than 0 for at least one of its data sets.")
        self.parts = [datasets[name] for name in names]
        sizes = [len(cast(Sized, part)) for part in self.parts]
        for name, size in zip(names, sizes, strict=True):
            if size == 0:
                raise InputError(f"The data set {name} of the mixture is empty; give it the weight 0.")
        shares = np.array([weights[name] for name in names], dtype=np.float64)
        shares /= shares.sum()
        if length is None:
            # Tolerance for rounded shares such as 1/3.
            length = max(math.ceil(size / share - 1e-6) for size, share in zip(sizes, shares, strict=True))
        if length < 1:
            raise InputError(f"The length of a mixture must be 1 or more, and is {length}.")
        self.places = _places(sizes, _counts(shares, length), np.random.default_rng(seed))

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Sample:
        part, place = self.places[index]
        return self.parts[part][int(place)]


def _counts(shares: np.ndarray, length: int) -> np.ndarray:
    """Integers in these proportions that add up to `length`, by the largest-remainder method."""
    counts = np.floor(shares * length + 1e-6).astype(np.int64)
    left = length - int(counts.sum())
    counts[np.argsort(counts - shares * length, kind="stable")[:left]] += 1
    return counts


def _places(sizes: list[int], counts: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """(part, index in it) for each sample of the mixture."""
    columns = []
    for part, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        indices = np.resize(generator.permutation(size), int(count))
        columns.append(np.stack([np.full_like(indices, part), indices], axis=1))
    return generator.permutation(np.concatenate(columns))
