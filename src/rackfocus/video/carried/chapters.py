"""Chapters of a part of a video."""

from fractions import Fraction
from typing import Any

TICK = Fraction(1, 1000)


def chapters_between(chapters: list[Any], start: Fraction, end: Fraction | None) -> list[Any]:
    """The chapters that lie in a part of a video, cut to it, on a clock that begins with it.

    Args:
        chapters: of the whole video, as PyAV has them.
        start: of the part, in seconds.
        end: of the part, in seconds. `None`: that of the video.
    """
    part: list[Any] = []
    for chapter in chapters:
        first, last = chapter["start"] * chapter["time_base"], chapter["end"] * chapter["time_base"]
        first, last = max(first, start), last if end is None else min(last, end)
        if first < last:
            part.append(
                {
                    "id": len(part) + 1,
                    "start": round((first - start) / TICK),
                    "end": round((last - start) / TICK),
                    "time_base": TICK,
                    "metadata": chapter["metadata"],
                }
            )
    return part
