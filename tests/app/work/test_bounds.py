"""Caches: what they hold, and that they never hold more than they may."""

from contextlib import closing

import numpy as np

from rackfocus.app.work.bounded_cache import BoundedCache
from rackfocus.app.work.estimate_store import Estimate, EstimateStore


def test_what_was_not_used_for_longest_goes_first():
    cache = BoundedCache(10, len)
    assert cache.put("a", b"1234") == []
    assert cache.put("b", b"1234") == []
    assert cache.get("a") == b"1234"
    assert cache.put("c", b"123") == [("b", b"1234")]
    assert "b" not in cache
    assert cache.bytes == 7
    cache.put("a", b"1")
    assert cache.bytes == 4
    assert cache.put("d", b"x" * 20) == [("c", b"123"), ("a", b"1")]
    assert cache.get("d") is not None


def an_estimate(index):
    generator = np.random.default_rng(index)
    disparity = generator.normal(size=(1, 6, 8)).astype(np.float16)
    light = np.zeros((3, 6, 8), np.float16)
    light[0, 2, 3] = index
    return Estimate(disparity, light), disparity[0, ::2, ::2].astype(np.float32)


def test_estimates_move_to_disk_and_back_and_never_take_more_than_they_may():
    one = an_estimate(0)[0].nbytes
    with closing(EstimateStore(50, memory_bytes=2 * one, disk_bytes=10 * one)) as store:
        check(store)


def check(store):
    for index in range(40):
        store.put(index, *an_estimate(index))
    held = [index for index in range(40) if store.has_whole(index)]
    assert held == list(range(held[0], 40))
    assert 10 <= len(held) < 40
    for index in held[4:]:
        estimate, _ = an_estimate(index)
        found = store.whole(index)
        np.testing.assert_array_equal(found.disparity, estimate.disparity)
        np.testing.assert_array_equal(found.log_exposure, estimate.log_exposure)
    for index in range(40):
        np.testing.assert_array_equal(store.small(index), an_estimate(index)[1])
    assert store.small(41) is None
    assert store.whole(0) is None
