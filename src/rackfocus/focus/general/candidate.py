"""What focus could be on in a frame."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Kind = Literal["face", "person", "acts", "stands out"]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A person or thing in one frame that focus could be on, in pixels of the video.

    Attributes:
        kind: the best of what is seen of it: a `face`; a whole `person`; that it `acts`, which is to move by
            itself; or that it `stands out`.
        point: `(x, y)` to focus on: between nose and mouth of a face, where viewers look (Vo et al. 2012, "Do
            the eyes really have it?"); the chest of a person, and below a small face; else a place in the
            region.
        near: left, top, right and bottom of what gives the disparity: the face, or the region. The latter two
            are the first pixels outside, as in `figure`.
        figure: the whole subject, as far as it is seen.
        disparity: of it, in pixels of the video.
        weight: natural logarithm of how much it deserves focus.
        speaks: the chance, 0 to 1, that it is who speaks.
        acts: how surely it moves by itself, 0 to 1.
    """

    kind: Kind
    point: Float[np.ndarray, "2"]
    near: Float[np.ndarray, "4"]
    figure: Float[np.ndarray, "4"]
    disparity: float
    weight: float
    speaks: float = 0.0
    acts: float = 0.0
