"""Time stamps that never run backwards, made of those of a source."""


class Stamps:
    """Follows the time stamps of a track; in the units of the source.

    A stamp that repeats or lies back by less than a piece of sound takes the place of the previous one, and
    the next one counts again. A stamp that lies further back, as where a clock starts again, is replaced by
    the end of what came before. `rackfocus.video.decode` does the same with pictures.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._end = 0

    def follow(self, stamp: int | None, duration: int) -> int:
        """The time of the next piece of sound, at least that of the previous one.

        Args:
            stamp: the time by the source. `None`: it has none.
            duration: of the piece.
        """
        last = self._last
        if stamp is None or (last is not None and last - stamp >= max(1, duration)):
            stamp = self._end
        elif last is not None:
            stamp = max(stamp, last)
        self._last, self._end = stamp, stamp + duration
        return stamp
