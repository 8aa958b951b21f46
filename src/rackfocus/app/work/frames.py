"""The frames of an open video at preview size, for whoever needs them, and where its shots begin."""

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
"""How many frames before one that is looked at are kept with it: the way back is decoded from far."""
JPEG_QUALITY = 88
UNKNOWN, WITHIN, CUT = -1, 0, 1
READERS = PERSON, AHEAD, DISPARITY, TRACKING, SURVEY = "person", "ahead", "disparity", "tracking", "survey"


class Frames:
    """Frames of a video by their index, encoded RGB in 0..255, by as many threads as like.

    Whoever goes through the video by himself has a decoder of his own; what one has read, all have.

    Attributes:
        video: tells of the video.
        cuts: of each frame, whether a shot begins with it: `UNKNOWN`, `WITHIN` or `CUT`.

    Raises:
        InputError: it is no video file that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.video = RandomAccess(path, height_px=PREVIEW_HEIGHT_PX)
        self.cuts: Int8[np.ndarray, " frame"] = np.full(self.video.count, UNKNOWN, np.int8)
        self.cuts[0] = WITHIN
        self._decoders = {reader: (self.video.again(), threading.Lock()) for reader in READERS}
        self._cache: BoundedCache[int, Image] = BoundedCache(CACHE_BYTES, lambda image: image.nbytes)

    def image(self, index: int, reader: str) -> Image:
        """A frame.

        Args:
            index: of the frame.
            reader: who needs it, one of `READERS`.

        Raises:
            InputError: there is no such frame, it is damaged, or the video has vanished.
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
        """Whether a shot begins with a frame; looked up once.

        Raises:
            InputError: it cannot be read.
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
    """A picture as a browser shows it.

    Args:
        image: encoded RGB.
    """
    settings = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)[1])
