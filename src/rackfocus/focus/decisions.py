"""Priority of focus targets: a user's targets replace automatic ones.

A user's target is in force until the user's next one, or until its own end. Automatic ones are in force
before the user's first target, and after a user's target has ended: then the latest automatic one resumes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rackfocus.types import FocusTarget


@dataclass(frozen=True)
class Decision:
    """A target in force, until the next decision.

    Attributes:
        target: what is in focus; it is at its point at its own `t`.
        start: the frame from which it is in force: its `t`, or later if another one had priority.
    """

    target: FocusTarget
    start: int


def decisions(targets: Iterable[FocusTarget]) -> tuple[Decision, ...]:
    """The targets in force, with their start frames, in time order.

    An automatic target is in force until the next automatic one; of two at the same frame the later in the
    list is used. Where a target ends and no other resumes, it stays in focus.
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
