"""Training of RGBD-HDR by aperture supervision."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.metrics.image import psnr
from rackfocus.models.checkpoints import model_metadata, save_model
from rackfocus.models.network_file import CHECKPOINT_KEY
from rackfocus.tasks.data import FocusBatch
from rackfocus.tasks.task import MakeScheduler, Task
from rackfocus.types import InputError

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
"""Mixed: convolutions in half precision; blur radii, light and rendering in single. A CPU supports bf16."""


class RGBDHDRTask(Task):
    """Minimises Eq. 6 by Adam.

    Args:
        model: the network, sRGB to `RGBDHDR`.
        loss: the training loss.
        learning_rate: of Adam; the paper's is constant, 1e-4.
        scheduler: creates a learning rate scheduler, which is stepped after every training step. `None`:
            constant.
        channels_last: use the channels-last memory format, faster for convolutions in mixed precision.
        compile: compile the network by torch for images of any size; weights keep their names.
    """

    SCORES: ClassVar[tuple[str, ...]] = ("loss", "psnr")
    WEIGHTS_FILE = "rgbd_hdr.safetensors"
    TRY = "rackfocus evaluate checkpoint={} {data}"
    HEADLINE = ("validation/psnr", "dB")
    HIGHER_IS_BETTER = frozenset({"validation/psnr"})

    def __init__(
        self,
        model: nn.Module,
        loss: ApertureSupervision,
        learning_rate: float = 1e-4,
        *,
        scheduler: MakeScheduler | None = None,
        channels_last: bool = False,
        compile: bool = False,
    ) -> None:
        super().__init__(model, learning_rate, scheduler)
        self.loss = loss
        if channels_last:
            self.to(memory_format=torch.channels_last)
        if compile:
            self.model.compile(dynamic=True)

    def setup(self, stage: str) -> None:
        """Check that the trainer's precision is supported.

        Raises:
            InputError: it is none of `PRECISIONS`.
        """
        super().setup(stage)
        if self.trainer.precision not in PRECISIONS:
            raise InputError(
                f"trainer.precision must be one of {', '.join(PRECISIONS)}, and is {self.trainer.precision}: "
                "light and blur radii need single precision."
            )

    def training_step(self, batch: FocusBatch, _index: int) -> Float[Tensor, ""]:
        """`train/loss` and its terms, in 8-bit code values and pixels."""
        prediction = self.model(batch.deep)
        if not prediction.disparity.isfinite().all():
            # The renderer would raise an error. As the loss it stops training, and `StopOnNonFinite` saves
            # the batch.
            return prediction.disparity.sum()
        terms = self.loss(prediction, **batch._asdict())
        self.log("train/loss", terms.total, prog_bar=True)
        self.log_dict(
            {
                "train/rendering": terms.rendering,
                "train/adjusted_rendering": terms.adjusted_rendering,
                "train/smoothness": terms.smoothness,
            }
        )
        return terms.total

    def validation_step(self, batch: FocusBatch, _index: int) -> dict[str, Tensor]:
        """`validation/loss`, and `validation/psnr` of the widest aperture in dB; returns data for panels."""
        prediction = self.model(batch.deep)
        terms = self.loss(prediction, **batch._asdict())
        self.add_scores({"loss": terms.total, "psnr": psnr(terms.rendered, batch.shallow)})
        return {
            "disparity": prediction.disparity,
            "log_exposure": prediction.log_exposure,
            "rendered": terms.rendered,
        }

    def save_weights(self, path: Path) -> None:
        """Write a file for `rackfocus.load_model`."""
        save_model(self.model, path)  # type: ignore[arg-type]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Make it a file for `rackfocus.load_model`, too."""
        checkpoint[CHECKPOINT_KEY] = model_metadata(self.model)  # type: ignore[arg-type]
