"""What a public benchmark of renderings consists of: targets, each with a sharp picture and its truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jaxtyping import Float
from torch import Tensor

from rackfocus.evaluation.images.baselines import Predictor


@dataclass(frozen=True)
class Target:
    """A picture to render.

    Attributes:
        name: the name of its file among the results, without suffix, such as `11_f2.0`.
        group: the row of the table in which it counts, such as `f/2`.
        rank: by which the rows are ordered.
    """

    name: str
    group: str
    rank: float


class PublishedSet(Protocol):
    """A public set of pictures to render. All pictures are encoded for display, in 0..1.

    Attributes:
        targets: those of one sharp picture follow each other.
        has_truth: whether the photographs to compare with are there; the inputs of a challenge are without.
    """

    targets: Sequence[Target]
    has_truth: bool

    def sharp(self, target: Target) -> Float[Tensor, "3 height width"]:
        """The sharp picture of which it is rendered."""
        ...

    def truth(self, target: Target) -> Float[Tensor, "3 height width"]:
        """The picture that was published."""
        ...

    def compared(self, picture: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 rows columns"]:
        """The part of a picture that the benchmark compares."""
        ...

    def rendered(self, target: Target, network: Predictor) -> Float[Tensor, "3 height width"]:
        """Our rendering, which knows no more than the benchmark gives to others."""
        ...
