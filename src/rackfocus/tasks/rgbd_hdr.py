"""Training RGBD-HDR from shallow photographs."""

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.losses.aperture_supervision import ApertureSupervision, ApertureTerms
from rackfocus.metrics.image import psnr
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.tasks.data import FocusBatch


class RGBDHDRTask(pl.LightningModule):
    """Minimise Eq. 6 with Adam.

    Args:
        model: the network.
        loss: the objective.
        learning_rate: Adam's; the paper's is fixed at 1e-4.
    """

    def __init__(self, model: RGBDHDRNet, loss: ApertureSupervision, learning_rate: float = 1e-4) -> None:
        super().__init__()
        self.model = model
        self.loss = loss
        self.learning_rate = learning_rate

    def training_step(self, batch: FocusBatch, _index: int) -> Float[Tensor, ""]:
        """`train/loss` and its terms, in 8-bit code values and pixels."""
        terms = self._terms(batch)
        self.log("train/loss", terms.total, prog_bar=True)
        self.log_dict(
            {
                "train/rendering": terms.rendering,
                "train/adjusted_rendering": terms.adjusted_rendering,
                "train/smoothness": terms.smoothness,
            }
        )
        return terms.total

    def validation_step(self, batch: FocusBatch, _index: int) -> None:
        """`validation/loss`, and `validation/psnr` of the widest aperture in dB."""
        terms = self._terms(batch)
        self.log("validation/loss", terms.total, batch_size=len(batch.deep))
        self.log(
            "validation/psnr", psnr(terms.rendered, batch.shallow), prog_bar=True, batch_size=len(batch.deep)
        )

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam over what learns: VGG does not."""
        return torch.optim.Adam(self.model.parameters(), lr=self.learning_rate)

    def _terms(self, batch: FocusBatch) -> ApertureTerms:
        return self.loss(self.model(batch.deep), **batch._asdict())
