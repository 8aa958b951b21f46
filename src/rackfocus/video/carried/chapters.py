"""Chapters of a part of a video."""

from fractions import Fraction
from typing import Any

TICK = Fraction(1, 1000)


def chapters_between(
    chapters: list[dict[str, Any]], start: Fraction, end: Fraction | None
) -> list[dict[str, Any]]:
    """The chapters that lie in a part of a video, cut to it, on a clock that begins with it.

    Args:
        chapters: of the whole video, as PyAV has them.
        start: of the part, in seconds.
        end: of the part, in seconds. `None`: that of the video.
    """
    part = []
    for chapter in chapters:
        first, last = (chapter[key] * chapter["time_base"] for key in ("start", "end"))
        first, last = max(first, start), last if end is None else min(last, end)
        if first < last:
            times = {"start": round((first - start) / TICK), "end": round((last - start) / TICK)}
            part.append(chapter | times | {"id": len(part) + 1, "time_base": TICK})
    return part
