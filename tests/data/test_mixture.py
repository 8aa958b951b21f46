from collections import Counter

import pytest
from torch.utils.data import Dataset

from rackfocus.data.mixture import WeightedMixture
from rackfocus.types import InputError


class Named(Dataset):
    def __init__(self, name, count):
        self.names = [f"{name}{number}" for number in range(count)]

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return self.names[index]


PARTS = {"a": Named("a", 10), "b": Named("b", 3)}


def seen(mixture):
    return [mixture[index] for index in range(len(mixture))]


def frequencies(mixture):
    return Counter(name[0] for name in seen(mixture))


@pytest.mark.parametrize(
    ("weights", "length", "expected"),
    [
        ({"a": 1, "b": 1}, 100, {"a": 50, "b": 50}),
        ({"a": 0.3, "b": 0.1}, 400, {"a": 300, "b": 100}),
        ({"a": 2, "b": 1}, 10, {"a": 7, "b": 3}),
        ({"a": 0, "b": 5}, 7, {"b": 7}),
    ],
)
def test_the_proportions_are_those_of_the_weights(weights, length, expected):
    assert frequencies(WeightedMixture(PARTS, weights, length)) == expected


def test_one_pass_shows_every_sample():
    mixture = WeightedMixture(PARTS, {"a": 1, "b": 1})
    assert frequencies(mixture) == {"a": 10, "b": 10}
    counts = Counter(seen(mixture))
    assert set(counts) == {*PARTS["a"].names, *PARTS["b"].names}
    assert all(counts[name] == 1 for name in PARTS["a"].names)
    assert {counts[name] for name in PARTS["b"].names} == {3, 4}
    assert len(WeightedMixture(PARTS, {"a": 10, "b": 3})) == 13
    assert len(WeightedMixture({**PARTS, "c": Named("c", 10)}, {"a": 1, "b": 1, "c": 1})) == 30


def test_the_seed_decides_the_order():
    weights = {"a": 2, "b": 1}
    assert seen(WeightedMixture(PARTS, weights, seed=1)) == seen(WeightedMixture(PARTS, weights, seed=1))
    assert seen(WeightedMixture(PARTS, weights, seed=1)) != seen(WeightedMixture(PARTS, weights, seed=2))
    assert "ab" in "".join(name[0] for name in seen(WeightedMixture(PARTS, weights)))


def test_indices_are_those_of_a_sequence():
    mixture = WeightedMixture(PARTS, {"a": 1, "b": 1})
    assert mixture[-1] == mixture[len(mixture) - 1]
    for outside in (len(mixture), -len(mixture) - 1):
        with pytest.raises(IndexError):
            mixture[outside]


@pytest.mark.parametrize(
    ("datasets", "weights", "length", "says"),
    [
        (PARTS, {"a": 1}, None, "look at b"),
        (PARTS, {"a": 1, "b": 1, "c": 1}, None, "look at c"),
        (PARTS, {"a": 1, "b": -1}, None, "weight of b"),
        (PARTS, {"a": 1, "b": float("nan")}, None, "weight of b"),
        (PARTS, {"a": 0, "b": 0}, None, "at least one"),
        ({"a": Named("a", 0)}, {"a": 1}, None, "data set a of the mixture is empty"),
        (PARTS, {"a": 1, "b": 1}, 0, "length of a mixture"),
    ],
)
def test_what_makes_no_sense_is_told(datasets, weights, length, says):
    with pytest.raises(InputError, match=says):
        WeightedMixture(datasets, weights, length)
