"""A decoded picture with its time, and the clock that gives it."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import av

RESTART_S = 0.25
"""A clock that falls back by more than this starts again, as where two recordings are joined."""

LONGEST_REPEAT_FRAMES = 10_000
"""A longer run of empty chunks is an error of the file."""


@dataclass(frozen=True)
class Coded:
    """A decoded picture, before its rotation to upright, and its time in units of the stream's time base."""

    picture: av.VideoFrame
    pts: int
    duration: int


def left_out(first: int, stop: int) -> range:
    """The numbers of the empty chunks of an AVI between two frames, or after the last one.

    Args:
        first: the number after that of a frame.
        stop: the number of the next frame, or the number of all frames.
    """
    return range(first, stop) if stop - first <= LONGEST_REPEAT_FRAMES else range(0)


class Clock:
    """Times of pictures in display order, which always increase.

    Stamps that are missing or repeat are derived from the previous picture. Where the clock of the container
    starts again, all later stamps are shifted. A picture may be repeated at the stamps of packets that hold
    none.

    Args:
        nominal: the usual duration of a picture, in units of the stream's time base.
        restart: see `RESTART_S`, in the same units.
        counts: stamps count the frames of an AVI in decoding order: the next picture shown has the earliest
            one not yet used, and a number that is left out stands for an empty chunk, which repeats the
            picture before.
    """

    def __init__(self, nominal: int, restart: int, *, counts: bool = False) -> None:
        self.end: int | None = None
        self._nominal, self._restart, self._counts = nominal, restart, counts
        self._last: Coded | None = None
        self._shift = 0
        self._waiting: list[int] = []
        self._repeats: list[int] = []
        self._next_count: int | None = None

    def feed(self, packet: av.Packet, *, lost: bool = False) -> None:
        """Record a packet: sent to the decoder, or lost, and the picture before is shown in its place."""
        if self._counts and packet.dts is not None:
            self._repeat_up_to(packet.dts)
            self._next_count = packet.dts + 1
        stamp = packet.dts if self._counts else packet.pts
        if stamp is not None and packet.size:
            heapq.heappush(self._repeats if lost else self._waiting, stamp)

    def give_up(self) -> int:
        """Replace the pictures of all packets that were fed, and not shown yet, by the one shown before them.

        Returns:
            Their number.
        """
        lost, self._waiting = self._waiting, []
        for stamp in lost:
            heapq.heappush(self._repeats, stamp)
        return len(lost)

    def finish(self, frames: int) -> None:
        """Record that the stream has so many frames, if stamps count them."""
        if self._counts:
            self._repeat_up_to(frames)

    def stamp(self, picture: av.VideoFrame) -> Iterator[Coded]:
        """The next picture in display order, after the repetitions that come before it."""
        stamp = picture.pts
        if self._counts:
            stamp = heapq.heappop(self._waiting) if self._waiting else None
        elif stamp is not None:
            self._waiting = [each for each in self._waiting if each > stamp]
        yield from self.repetitions(stamp)
        yield self._coded(picture, stamp)

    def repetitions(self, before: int | None = None) -> Iterator[Coded]:
        """Repetitions of the last picture before a stamp. `None`: all that are left."""
        while self._repeats and (before is None or self._repeats[0] < before):
            stamp = heapq.heappop(self._repeats)
            if self._last is not None:
                yield self._coded(self._last.picture, stamp)

    def follows_a_gap(self, picture: av.VideoFrame) -> bool:
        """Whether a frame seems to be missing before this one."""
        return (
            self.end is not None
            and picture.pts is not None
            and picture.pts + self._shift > self.end + self._nominal // 2
        )

    def _repeat_up_to(self, count: int) -> None:
        if self._next_count is not None:
            for stamp in left_out(self._next_count, count):
                heapq.heappush(self._repeats, stamp)

    def _coded(self, picture: av.VideoFrame, stamp: int | None) -> Coded:
        duration = picture.duration or self._nominal
        pts = None if stamp is None else stamp + self._shift
        if self._last is None or self.end is None:
            pts = 0 if pts is None else pts
        elif pts is None or pts <= self._last.pts:
            if pts is not None and self._last.pts - pts > self._restart:
                self._shift += self.end - pts
            pts = self.end
        self._last, self.end = Coded(picture, pts, duration), pts + duration
        return self._last
