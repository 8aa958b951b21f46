"""Errors of new focus targets and focus tracks: |Δt|, |Δd| (Sec. 5.2, 6.2), precision and recall.

The paper gives |Δt| over targets and |Δd| over frames. It does not say how targets are matched, nor how
unmatched ones count: here they are matched one to one, and missed and spurious ones are counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from rackfocus.types import FocusTarget

LEVEL_LONGER_SIDE_PX = 384
"""The picture size at which a disparity level is one pixel: the input size of the network."""

_Choice = tuple[int, int, tuple[tuple[int, int], ...]]
Agreement = Callable[[FocusTarget, FocusTarget], bool]


def level_px(longer_side_px: float) -> float:
    """The size of one disparity level in pixels of a video.

    A level is one pixel of blur radius at f/2, as the renderer's integer levels, in a picture whose longer
    side is
    `LEVEL_LONGER_SIDE_PX`: so it is the same blur for videos of any size.
    """
    return longer_side_px / LEVEL_LONGER_SIDE_PX


@dataclass(frozen=True)
class Matching:
    """A one-to-one matching of found and true targets.

    `pairs` are indices of the found and of the true target, `offsets` `t - t̂` of each pair in frames,
    negative if the found target is too early; `missed` are true targets without a pair, `spurious` found
    ones.
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
    """Match one-to-one, in time order: the most pairs, and among these matchings the least sum of |Δt|.

    Two targets, each list in time order, may be a pair if they are at most `tolerance_frames` apart and show
    the same object by `agree` (`None`: all do). Targets at frame 0 are left out: they are the initial focus,
    not a change.
    """
    own = [index for index, target in enumerate(found) if target.t > 0]
    wanted = [index for index, target in enumerate(truth) if target.t > 0]

    def offset(row: int, column: int) -> int | None:
        one, other = found[own[row]], truth[wanted[column]]
        apart = one.t - other.t
        fits = abs(apart) <= tolerance_frames and (agree is None or agree(one, other))
        return apart if fits else None

    # best[i][j] for the first i found and j true ones: number of pairs, minus the sum of |Δt|, and the pairs.
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
    """|Δt|: mean distance in time over the pairs, in frames; NaN without pairs. Lower is better."""
    if not matching.offsets:
        return float("nan")
    return sum(abs(offset) for offset in matching.offsets) / len(matching.offsets)


def likeliest_frame_error(
    target_logits: Float[Tensor, "batch frame"],
    new_target: Float[Tensor, "batch frame"],
    times_s: Float[Tensor, "batch frame"],
) -> Float[Tensor, " clip"]:
    """|Δt| of the most probable frame in seconds, for each clip with exactly one new focus target (Sec. 6.2).

    `new_target` is 1 where one begins, else 0; NaN: unknown. There may be no such clip.
    """
    one = new_target.nansum(1) == 1
    found, truth = target_logits.argmax(1, keepdim=True), new_target.nan_to_num().argmax(1, keepdim=True)
    return (times_s.gather(1, found) - times_s.gather(1, truth)).abs()[one, 0]


def recall(matching: Matching) -> float:
    """The share of true targets that were found; NaN if there are no true ones."""
    return _share(len(matching.pairs), len(matching.missed))


def precision(matching: Matching) -> float:
    """The share of found targets that are true; NaN if none was found."""
    return _share(len(matching.pairs), len(matching.spurious))


def focal_error(
    focal_disparity: Float[Tensor, " frame"], truth: Float[Tensor, " frame"], *, level_px: float = 1.0
) -> Float[Tensor, ""]:
    """|Δd|: mean absolute error of the focal disparity over all frames, in levels of `level_px`. Lower is
    better.
    """
    return (focal_disparity - truth).abs().mean() / level_px


def _share(hits: int, others: int) -> float:
    return hits / (hits + others) if hits + others else float("nan")
