"""The frames of an open video at preview size, and its cuts; shared by all threads of a session."""

import threading
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int8, UInt8

from rackfocus.app.work.bounded_cache import BoundedCache
from rackfocus.video.random_access import RandomAccess
from rackfocus.video.shot_cuts import begins_shot

Image = UInt8[np.ndarray, "height width 3"]

PREVIEW_HEIGHT_PX = 480
CACHE_BYTES = 96 * 2**20
LEAD_FRAMES = 8
"""How many frames before a requested one are kept, because stepping back has to decode from a keyframe."""
JPEG_QUALITY = 88
UNKNOWN, WITHIN, CUT = -1, 0, 1
READERS = PERSON, AHEAD, DISPARITY, TRACKING, SURVEY = "person", "ahead", "disparity", "tracking", "survey"


class Frames:
    """Frames of a video by their index, encoded RGB in 0..255. Thread-safe.

    Each reader has its own decoder, because it has its own position in the video; decoded frames are shared.

    Attributes:
        video: size, times and decoding of the video.
        cuts: for each frame, whether a shot begins with it: `UNKNOWN`, `WITHIN` or `CUT`.

    Raises:
        InputError: the video file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.video = RandomAccess(path, height_px=PREVIEW_HEIGHT_PX)
        self.cuts: Int8[np.ndarray, " frame"] = np.full(self.video.count, UNKNOWN, np.int8)
        self.cuts[0] = WITHIN
        self._decoders = {reader: (self.video.again(), threading.Lock()) for reader in READERS}
        self._cache: BoundedCache[int, Image] = BoundedCache(CACHE_BYTES, lambda image: image.nbytes)

    def image(self, index: int, reader: str) -> Image:
        """A frame by its index; `reader`, one of `READERS`, tells what requests it.

        Raises:
            InputError: there is no such frame, it is damaged, or the video was removed.
        """
        image = self._cache.get(index)
        if image is not None:
            return image
        decoder, lock = self._decoders[reader]
        with lock:
            for at, image in decoder.read(index, before=LEAD_FRAMES if reader == PERSON else 0):
                self._cache.put(at, image)
        assert image is not None
        return image

    def is_cut(self, index: int, reader: str) -> bool:
        """Whether a shot begins with a frame; determined once.

        Raises:
            InputError: the frame cannot be read.
        """
        if self.cuts[index] == UNKNOWN:
            before, after = self.image(index - 1, reader), self.image(index, reader)
            self.cuts[index] = CUT if begins_shot(before, after) else WITHIN
        return bool(self.cuts[index] == CUT)

    def close(self) -> None:
        """Close the files."""
        for decoder, lock in self._decoders.values():
            with lock:
                decoder.close()
        self._cache.clear()


def jpeg(image: Image) -> bytes:
    """An encoded RGB image as JPEG."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)[1])
