"""The mean of a score over samples, which several processes may share out among them."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric


class SampleMean(Metric):
    """The mean of the values of all samples, in the unit of the score; NaN if there is none.

    A batch of any size counts by its number of samples, and so does each process.
    """

    full_state_update = False
    total: Tensor
    samples: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("samples", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, values: Float[Tensor, "*samples"]) -> None:
        """Add a value of each sample that has one; none is an empty tensor."""
        self.total += values.sum()
        self.samples += values.numel()

    def compute(self) -> Float[Tensor, ""]:
        return self.total / self.samples
