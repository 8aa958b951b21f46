"""Stores the estimates of a video's frames: the latest in memory, earlier ones on disk, both of limited size.

For every frame a small disparity map is stored, from which focus is read; for some frames also the whole
estimate, from which images are rendered.
"""

import tempfile
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float16, Float32

from rackfocus.app.work.bounded_cache import BoundedCache

MEMORY_BYTES = 128 * 2**20
DISK_BYTES = 2 * 2**30


@dataclass(frozen=True, eq=False)
class Estimate:
    """The estimate of a frame, in half precision; disparity is in pixels of the preview frame."""

    disparity: Float16[np.ndarray, "1 height width"]
    log_exposure: Float16[np.ndarray, "3 height width"]

    @property
    def nbytes(self) -> int:
        """Its size in memory, in bytes."""
        return self.disparity.nbytes + self.log_exposure.nbytes


class _Place(NamedTuple):
    """Position and size of an estimate in the file."""

    start: int
    bytes: int
    height: int
    width: int


class EstimateStore:
    """A store of estimates, of limited size in memory and on disk. Thread-safe. `known` tells for each frame
    whether its small map is stored.

    Its unnamed temporary files are deleted when the process ends.
    """

    def __init__(self, count: int, *, memory_bytes: int = MEMORY_BYTES, disk_bytes: int = DISK_BYTES) -> None:
        self.known = np.zeros(count, bool)
        self._memory: BoundedCache[int, Estimate] = BoundedCache(memory_bytes, lambda each: each.nbytes)
        self._disk_bytes, self._end = disk_bytes, 0
        self._places: OrderedDict[int, _Place] = OrderedDict()
        # Closed with the video.
        self._whole = tempfile.TemporaryFile()  # noqa: SIM115
        self._maps = tempfile.TemporaryFile()  # noqa: SIM115
        self._map_shape = (0, 0)
        self._lock = threading.Lock()

    def put(self, index: int, estimate: Estimate, small: Float32[np.ndarray, "rows columns"]) -> None:
        """Store the whole estimate of a frame, and its small disparity map in pixels of the source video."""
        gone = self._memory.put(index, estimate)
        with self._lock:
            self._map_shape = (small.shape[0], small.shape[1])
            data = small.astype(np.float16).tobytes()
            self._maps.seek(index * len(data))
            self._maps.write(data)
            for at, each in gone:
                self._write(at, each)
        self.known[index] = True

    def small(self, index: int) -> Float32[np.ndarray, "rows columns"] | None:
        """The small disparity map of a frame; `None` if it is not known."""
        if not self.known[index]:
            return None
        with self._lock:
            size = 2 * self._map_shape[0] * self._map_shape[1]
            self._maps.seek(index * size)
            values = np.frombuffer(self._maps.read(size), np.float16)
        return values.reshape(self._map_shape).astype(np.float32)

    def whole(self, index: int) -> Estimate | None:
        """The whole estimate of a frame; `None` if it is not stored, or not any more."""
        estimate = self._memory.get(index)
        if estimate is not None:
            return estimate
        with self._lock:
            estimate = self._read(index)
            if estimate is not None:
                for at, each in self._memory.put(index, estimate):
                    self._write(at, each)
        return estimate

    def has_whole(self, index: int) -> bool:
        """Whether the whole estimate of a frame is stored."""
        return index in self._memory or index in self._places

    def close(self) -> None:
        """Release memory and files."""
        with self._lock:
            self._memory.clear()
            self._places.clear()
            self._maps.close()
            self._whole.close()

    def _write(self, index: int, estimate: Estimate) -> None:
        """Write an estimate after the last one; a full file is overwritten from its start, oldest first."""
        if index in self._places:
            return
        # Light above white is rare: most values are 0, and compress well.
        light = zlib.compress(estimate.log_exposure.tobytes(), 1)
        data = estimate.disparity.tobytes() + light
        if self._end + len(data) > self._disk_bytes:
            self._forget(self._end, self._disk_bytes)
            self._end = 0
        place = _Place(self._end, len(data), estimate.disparity.shape[1], estimate.disparity.shape[2])
        self._forget(place.start, place.start + place.bytes)
        self._whole.seek(place.start)
        self._whole.write(data)
        self._places[index] = place
        self._end += len(data)

    def _forget(self, start: int, end: int) -> None:
        """Remove the entries of estimates that overlap a range of the file."""
        while self._places:
            oldest = next(iter(self._places))
            place = self._places[oldest]
            if not (place.start < end and start < place.start + place.bytes):
                return
            del self._places[oldest]

    def _read(self, index: int) -> Estimate | None:
        place = self._places.get(index)
        if place is None:
            return None
        self._whole.seek(place.start)
        data = bytearray(self._whole.read(place.bytes))
        split = 2 * place.height * place.width
        return Estimate(
            np.frombuffer(data[:split], np.float16).reshape(1, place.height, place.width),
            np.frombuffer(bytearray(zlib.decompress(data[split:])), np.float16).reshape(
                3, place.height, place.width
            ),
        )
