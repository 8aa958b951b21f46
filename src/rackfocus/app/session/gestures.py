"""The user's edits of focus targets on the page."""

import dataclasses
from collections.abc import Callable

import numpy as np

from rackfocus.app.session.document import Box, Document, Key, key_of
from rackfocus.app.session.track import Track
from rackfocus.types import FocusTarget, InputError


class Gestures:
    """Edits of focus targets; each is one undo step of the document. They never wait for background work:
    `track` gives the track as far as subjects were followed.
    """

    def __init__(self, document: Document, track: Callable[[], Track]) -> None:
        self._document, self._track = document, track

    def add(self, index: int, x: float, y: float, box: Box | None = None) -> Key:
        """Add a target: focus from a frame on, on a point in pixels of the source video, or on the box that
        was drawn.

        Raises:
            InputError: the target lies outside the video.
        """
        target = FocusTarget(index, float(x), float(y), _floats(box))
        return self._document.put(target, f"add target at frame {index}")

    def move(self, key: Key, t: int) -> Key:
        """Move a target in time; its position follows the subject, if it was tracked to the new frame.

        Raises:
            InputError: there is no such target, or another one of the same source is at that frame.
        """
        target = self._document.target(key)
        if t == target.t:
            return key
        if (t, target.source) in {key_of(each) for each in self._document.annotation.targets}:
            raise InputError(f"There is another target at frame {t}; delete it first.")
        until = None if target.until is not None and target.until <= t else target.until
        moved = dataclasses.replace(target, t=t, until=until)
        track = self._track()
        followed = any(span.key == key and span.start <= t < span.done for span in track.spans)
        if followed and t > target.t and track.confidence[t] > 0:
            video = self._document.annotation.video
            x, y = (float(each) for each in np.clip(track.points[t], 0, (video.width - 1, video.height - 1)))
            box = None if target.box is None else _floats(tuple(track.boxes[t].tolist()))
            moved = dataclasses.replace(moved, x=x, y=y, box=box)
        return self._document.put(moved, f"move the target to frame {t}", instead_of=key)

    def reshape(self, key: Key, x: float, y: float, box: Box | None) -> None:
        """Change the point and box of a target in its frame.

        Raises:
            InputError: there is no such target, or it lies outside the video.
        """
        shaped = dataclasses.replace(self._document.target(key), x=float(x), y=float(y), box=_floats(box))
        self._document.put(shaped, f"move the box at frame {key[0]}")


def _floats(box: tuple[float, ...] | None) -> Box | None:
    if box is None:
        return None
    left, top, right, bottom = (float(value) for value in box)
    return left, top, right, bottom
