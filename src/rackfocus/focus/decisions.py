"""Who decides: strong decisions, a user's, and weak ones, everybody else's.

A user's target counts until the user's next one, or until its end. Automatic ones count before the first of
the user's, and after one that has ended: then the one that would be in force takes over. Both are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rackfocus.types import FocusTarget


@dataclass(frozen=True)
class Decision:
    """A target that counts, until the next decision.

    Attributes:
        target: what is in focus; what it shows is at its point at its own `t`.
        start: the frame from which it counts: its `t`, or later where another one outranked it.
    """

    target: FocusTarget
    start: int


def decisions(targets: Iterable[FocusTarget]) -> tuple[Decision, ...]:
    """Which target counts from which frame on, in the order of time.

    An automatic target counts until the next automatic one; where two share a frame, the later in the list
    counts. Where one ends and none takes over, focus has nowhere to go and stays with it.
    """
    known = sorted(targets, key=lambda target: target.t)
    by_user = [target for target in known if target.source == "user"]
    automatic = [target for target in known if target.source != "user"]
    ends = {target.until for target in known if target.until is not None}
    made: list[Decision] = []
    for frame in sorted({target.t for target in known} | ends):
        target = _in_force(by_user, frame) or _in_force(automatic, frame)
        if target is not None and not (made and made[-1].target is target):
            made.append(Decision(target, frame))
    return tuple(made)


def _in_force(targets: Sequence[FocusTarget], frame: int) -> FocusTarget | None:
    """The latest target of one rank, unless it has ended."""
    begun = [target for target in targets if target.t <= frame]
    ended = not begun or (begun[-1].until is not None and begun[-1].until <= frame)
    return None if ended else begun[-1]
