"""Assigns speech to faces: combines the evidence of each moment with typical durations of turns."""

import numpy as np
from jaxtyping import Float

NOBODY = 0.0
"""Evidence for the state that no visible face speaks."""


def turns(
    evidence: Float[np.ndarray, "time face"], *, step_s: float, changes_per_s: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "time face"]:
    """The probability that each face is speaking, given all evidence, earlier and later.

    A hidden Markov model whose states are the faces and "nobody visible", by the forward-backward algorithm.

    Args:
        evidence: log odds a second of a face against nobody; minus infinity where it is not visible.
        step_s: between two moments.
        changes_per_s: mean number of changes of the speaker in a second, at each moment.

    Returns:
        0 to 1; the rest to a sum of 1 is the probability of "nobody visible".
    """
    count, faces = evidence.shape
    if count == 0 or faces == 0:
        return np.zeros((count, faces))
    scores = np.concatenate([evidence, np.full((count, 1), NOBODY)], axis=1) * step_s
    likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
    change = np.minimum(0.5, changes_per_s * step_s)

    def moved(chances: Float[np.ndarray, " state"], at: int) -> Float[np.ndarray, " state"]:
        """The chances on the other side of the step to a moment: the step is the same in both directions."""
        chances = chances / chances.sum()
        return chances * (1 - change[at]) + (1 - chances) * change[at] / faces

    ahead, behind = np.empty_like(likelihood), np.ones_like(likelihood)
    ahead[0] = likelihood[0]
    for at in range(1, count):
        ahead[at] = likelihood[at] * moved(ahead[at - 1], at)
    for at in range(count - 2, -1, -1):
        behind[at] = moved(likelihood[at + 1] * behind[at + 1], at + 1)
    both = ahead * behind
    return (both / both.sum(axis=1, keepdims=True))[:, :faces]
