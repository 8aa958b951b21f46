"""Pictures of the network's predictions for some validation samples, for TensorBoard and Weights & Biases."""

from typing import Any

import cv2
import pytorch_lightning as pl
import torch
import torch.nn.functional as F
from jaxtyping import Float
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger
from torch import Tensor

from rackfocus.metrics.image import displayed
from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear
from rackfocus.tasks.data import FocusBatch
from rackfocus.tasks.mixed_batches import KindBatch, SceneBatch

DARKER_STOPS = 3
"""Exposure reduction of the HDR picture: light of 8 times white is shown as white."""


class ValidationPanels(pl.Callback):
    """Logs, at each validation: input, render, photograph, disparity, HDR 3 stops darker.

    Args:
        samples: number of validation samples.
        height_px: of a panel; larger pictures are reduced.
        reach: the disparity shown as full red (`-reach`, in front) or blue (`+reach`, behind), as a share of
            the longer side.
    """

    def __init__(self, *, samples: int = 4, height_px: int = 256, reach: float = 0.03) -> None:
        self.samples = samples
        self.height_px = height_px
        self.reach = reach

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: FocusBatch | list[KindBatch],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Log the panel of one of the first samples; of samples of several kinds, only of triplets."""
        del pl_module, dataloader_idx
        if isinstance(batch, list):
            (part,) = batch
            if not isinstance(part, SceneBatch):
                return
            batch = part.focus
        if batch_idx >= self.samples or trainer.sanity_checking or not trainer.is_global_zero:
            return
        image = self.panel(batch, **outputs)
        name = f"validation/{batch_idx}"
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(name, image, trainer.global_step)
            elif isinstance(logger, WandbLogger):
                logger.log_image(name, [image.permute(1, 2, 0).numpy()], trainer.global_step)

    def panel(
        self,
        batch: FocusBatch,
        disparity: Float[Tensor, "batch 1 height width"],
        log_exposure: Float[Tensor, "batch 3 height width"],
        rendered: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, "3 rows columns"]:
        """The five pictures of the first sample side by side, sRGB in 0..1."""
        radiance = apply_log_exposure(srgb_to_linear(batch.deep[:1]), log_exposure[:1].float())
        pictures = torch.cat(
            [
                batch.deep[:1],
                displayed(rendered[:1].float()),
                displayed(batch.shallow[:1]),
                self._coloured(disparity[:1].float()),
                displayed(radiance / 2**DARKER_STOPS),
            ]
        ).cpu()
        height, width = pictures.shape[-2:]
        if height > self.height_px:
            size = (self.height_px, max(1, round(width * self.height_px / height)))
            pictures = F.interpolate(pictures, size=size, mode="bilinear", antialias=True)
        return torch.cat(list(pictures), dim=-1).clamp(0, 1)

    def _coloured(self, disparity: Float[Tensor, "1 1 height width"]) -> Float[Tensor, "1 3 height width"]:
        reach = self.reach * max(disparity.shape[-2:])
        near = ((reach - disparity[0, 0]) / (2 * reach)).clamp(0, 1)
        colours = cv2.applyColorMap((near * 255).round().byte().cpu().numpy(), cv2.COLORMAP_TURBO)
        return torch.from_numpy(colours[..., ::-1].copy()).permute(2, 0, 1)[None].to(disparity) / 255
