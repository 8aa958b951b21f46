"""Tells voices apart: what one voice says belongs to one face, or to somebody out of sight.

One Gaussian for each speaker, with a covariance that is common to all. `turns` tells who seems to speak when;
the Gaussians are fitted to that (the maximisation of expectation maximisation), and how well each of them
fits every moment is further evidence for `turns`.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

PRIOR_MOMENTS = 25
"""The mean of all voices counts as so many moments of each speaker's: who said little is not known by it."""

LEAST_MOMENTS = 30
"""With fewer moments of voice, voices are not told apart."""

RIDGE = 0.01
"""Is added to the variances, in their mean."""


@dataclass(frozen=True, eq=False)
class HeardVoices:
    """What was heard of some speakers: of each face, and last of nobody visible.

    Attributes:
        sums: of the cepstral coefficients of their moments.
        moments: how many these are; each counts by the chance that it is this speaker's.
    """

    sums: Float[np.ndarray, "speaker coefficient"]
    moments: Float[np.ndarray, " speaker"]


def voice_likelihoods(
    sounds: Float[np.ndarray, "time coefficient"],
    chances: Float[np.ndarray, "time face"],
    voiced: Bool[np.ndarray, " time"],
    earlier: HeardVoices | None = None,
) -> Float[np.ndarray, "time face"]:
    """How much better the sound of each moment fits the voice of each face than that of nobody visible.

    Args:
        sounds: cepstral coefficients.
        chances: that each face speaks, 0 to 1; the rest to a sum of 1 is the chance that nobody visible does.
        voiced: whether a voice is heard.
        earlier: what was heard of these speakers before these moments.

    Returns:
        Log-likelihood ratios; 0 where no voice is heard, and everywhere if there is too little of it.
    """
    likelihoods = np.zeros(chances.shape)
    if voiced.sum() < LEAST_MOMENTS or not chances.size:
        return likelihoods
    voices = sounds[voiced].astype(np.float64)
    spoken = chances[voiced]
    shares = with_nobody(spoken)
    sums = shares.T @ voices + PRIOR_MOMENTS * voices.mean(axis=0)
    moments = shares.sum(axis=0) + PRIOR_MOMENTS
    if earlier is not None:
        sums, moments = sums + earlier.sums, moments + earlier.moments
    means = sums / moments[:, None]
    off = voices[:, None] - means
    covariance = np.einsum("ts,tsi,tsj->ij", shares, off, off) / len(voices)
    covariance += (RIDGE * np.diag(covariance).mean() + 1e-9) * np.eye(len(covariance))
    fits = -0.5 * np.einsum("tsi,ij,tsj->ts", off, np.linalg.inv(covariance), off)
    likelihoods[voiced] = fits[:, :-1] - fits[:, -1:]
    return likelihoods


def with_nobody(chances: Float[np.ndarray, "time face"]) -> Float[np.ndarray, "time speaker"]:
    """The chances of the faces, and last that of nobody visible, which is the rest to a sum of 1."""
    return np.concatenate([chances, 1 - chances.sum(axis=1, keepdims=True)], axis=1).clip(0)
