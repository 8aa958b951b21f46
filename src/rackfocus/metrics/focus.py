"""How good new focus targets and a focus track are: |Δt|, |Δd| (Sec. 5.2, 6.2), precision and recall.

The paper gives |Δt| over targets and |Δd| over frames. It does not say which target is compared with which,
nor what becomes of one that has no counterpart: here they are matched, and missed and spurious ones counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from rackfocus.types import FocusTarget

LEVEL_LONGER_SIDE_PX = 384
"""The size of picture in which a disparity level is one pixel: that which the network sees."""

_Choice = tuple[int, int, tuple[tuple[int, int], ...]]
Agreement = Callable[[FocusTarget, FocusTarget], bool]


def level_px(longer_side_px: float) -> float:
    """How many pixels of a video one disparity level is.

    A level is what the renderer's integer levels are, one pixel of blur radius at f/2, in a picture whose
    longer side is `LEVEL_LONGER_SIDE_PX`: so it is the same blur however large a video is.
    """
    return longer_side_px / LEVEL_LONGER_SIDE_PX


@dataclass(frozen=True)
class Matching:
    """Which found target is which true one.

    Attributes:
        pairs: indices of the found and of the true target.
        offsets: `t - t̂` of each pair, in frames; negative where focus comes too early.
        missed: true targets that nothing was found for.
        spurious: found targets that are none.
    """

    pairs: tuple[tuple[int, int], ...]
    offsets: tuple[int, ...]
    missed: tuple[int, ...]
    spurious: tuple[int, ...]


def match_targets(
    found: Sequence[FocusTarget],
    truth: Sequence[FocusTarget],
    *,
    tolerance_frames: int,
    agree: Agreement | None = None,
) -> Matching:
    """One-to-one, in the order of time: as many pairs as can be, and of such matchings the least sum of |Δt|.

    Two targets may be a pair where they are no more than `tolerance_frames` apart and show the same thing.
    Targets at frame 0 are left out of both: they say where focus starts and are no change.

    Args:
        found: in the order of time.
        truth: in the order of time.
        tolerance_frames: the largest |Δt| of a pair.
        agree: whether a found and a true target show the same thing; all do where not given.
    """
    own = [index for index, target in enumerate(found) if target.t > 0]
    wanted = [index for index, target in enumerate(truth) if target.t > 0]

    def offset(row: int, column: int) -> int | None:
        one, other = found[own[row]], truth[wanted[column]]
        apart = one.t - other.t
        fits = abs(apart) <= tolerance_frames and (agree is None or agree(one, other))
        return apart if fits else None

    # best[i][j] of the first i found and j true ones: count of pairs, minus the sum of |Δt|, and the pairs.
    best: list[list[_Choice]] = [[(0, 0, ())] * (len(wanted) + 1)]
    for row in range(len(own)):
        line: list[_Choice] = [(0, 0, ())]
        for column in range(len(wanted)):
            choices = [best[row][column + 1], line[column]]
            apart = offset(row, column)
            if apart is not None:
                count, minus, pairs = best[row][column]
                choices.append((count + 1, minus - abs(apart), (*pairs, (own[row], wanted[column]))))
            line.append(max(choices, key=lambda choice: choice[:2]))
        best.append(line)
    pairs = best[-1][-1][2]
    return Matching(
        pairs=pairs,
        offsets=tuple(found[one].t - truth[other].t for one, other in pairs),
        missed=tuple(sorted(set(wanted) - {other for _, other in pairs})),
        spurious=tuple(sorted(set(own) - {one for one, _ in pairs})),
    )


def timing_error(matching: Matching) -> float:
    """|Δt|: mean distance in time over the pairs, in frames; NaN where there is none. Lower is better."""
    if not matching.offsets:
        return float("nan")
    return sum(abs(offset) for offset in matching.offsets) / len(matching.offsets)


def recall(matching: Matching) -> float:
    """The share of true targets that were found; NaN where there is no true one."""
    return _share(len(matching.pairs), len(matching.missed))


def precision(matching: Matching) -> float:
    """The share of found targets that are true; NaN where none was found."""
    return _share(len(matching.pairs), len(matching.spurious))


def focal_error(
    focal_disparity: Float[Tensor, " frame"], truth: Float[Tensor, " frame"], *, level_px: float = 1.0
) -> Float[Tensor, ""]:
    """|Δd|: mean over all frames of how far focus is from where it should be, in levels. Lower is better.

    Args:
        focal_disparity: in pixels of the video.
        truth: the same, true.
        level_px: what one level is; see the function of that name.
    """
    return (focal_disparity - truth).abs().mean() / level_px


def _share(hits: int, others: int) -> float:
    return hits / (hits + others) if hits + others else float("nan")
