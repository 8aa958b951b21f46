"""Differences of VGG-19 features (Eq. 5, L_feat)."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.losses.reconstruction import CODE_VALUES
from rackfocus.models.published.vgg import VGG19Features

CHEN_KOLTUN_WEIGHTS = {
    "conv1_2": 1 / 2.6,
    "conv2_2": 1 / 4.8,
    "conv3_2": 1 / 3.7,
    "conv4_2": 1 / 5.6,
    "conv5_2": 10 / 1.5,
}
"""`lambda_i`: the paper gives none and cites Chen & Koltun 2017, whose published weights these are."""


class PerceptualLoss(nn.Module):
    """`sum_i lambda_i |Phi_i(I^L) - Phi_i(F(I^S, D, E))|_1`, each the mean over a layer, in 8-bit code
    values.

    `features` is the frozen network `Phi`, `weights` are the `lambda_i` by layer name; the paper's five
    layers by default.
    """

    def __init__(self, features: VGG19Features, weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.features = features
        self.weights = dict(CHEN_KOLTUN_WEIGHTS if weights is None else weights)

    def forward(
        self, image: Float[Tensor, "batch 3 height width"], target: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, ""]:
        """Compare two encoded images; the target gets no gradient."""
        rendered = self.features(image, self.weights)
        photographed = self.features(target.detach(), self.weights)
        terms = [
            # In mixed precision features have a mantissa of 8 bits; their differences need float32.
            weight * (rendered[layer].float() - photographed[layer].float()).abs().mean()
            for layer, weight in self.weights.items()
        ]
        return CODE_VALUES * sum(terms, image.new_zeros(()))
