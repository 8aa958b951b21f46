"""Small pictures of the videos of a folder, for the queue."""

import threading
from pathlib import Path

from rackfocus.app.work.bounded_cache import BoundedCache
from rackfocus.app.work.frames import jpeg
from rackfocus.pipelines.estimates import in_linear_light
from rackfocus.pipelines.frame_estimator import reduced, reduced_size
from rackfocus.video import open_video

LONGER_SIDE_PX = 120
"""Twice the width on the page, for screens with many pixels."""
CACHE_BYTES = 8 * 2**20


class Thumbnails:
    """Makes the picture of a video, its first frame, once, and one at a time. Thread-safe."""

    def __init__(self) -> None:
        self._made: BoundedCache[tuple[Path, int], bytes] = BoundedCache(CACHE_BYTES, len)
        self._making = threading.Lock()

    def jpeg(self, video: Path) -> bytes:
        """The picture of a video file, as JPEG.

        Raises:
            InputError: the file cannot be read.
            OSError: it is not there.
        """
        key = video, video.stat().st_mtime_ns
        with self._making:
            data = self._made.get(key)
            if data is None:
                with open_video(video) as reader:
                    size = reduced_size(reader.info.width, reader.info.height, LONGER_SIDE_PX)
                    frame = next(reader.frames(0, 1, reduction=in_linear_light(size)))
                data = jpeg(reduced(frame, size))
                self._made.put(key, data)
        return data
