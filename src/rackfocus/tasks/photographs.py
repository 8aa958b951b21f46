"""Training of RGBD-HDR on ray-traced scenes, photographs and panoramas together."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.losses.photographs import PhotographSupervision
from rackfocus.metrics.image import psnr
from rackfocus.models.pretrained import PretrainedRGBDHDRNet
from rackfocus.tasks.mixed_batches import KindBatch, LightBatch, NearnessBatch, SceneBatch
from rackfocus.tasks.rgbd_hdr import RGBDHDRTask
from rackfocus.tasks.task import MakeScheduler


class PhotographsTask(RGBDHDRTask):
    """Minimises the terms of all kinds of samples, each kind weighted by its share of the batch.

    The trunk gets gradients from photographs only.

    Args:
        model: the network.
        loss: the training loss.
        learning_rate: of Adam.
        trunk_learning_rate: of Adam for the pretrained trunk, usually lower.
        scheduler: see `RGBDHDRTask`.
        channels_last: see `RGBDHDRTask`.
        compile: see `RGBDHDRTask`.
    """

    SCORES = ("loss", "scenes", "nearness", "light", "psnr")
    RATES = ("learning_rate", "trunk_learning_rate")
    # Not all kinds of samples that it is trained on can be measured.
    TRY = "rackfocus refocus VIDEO out.mp4 checkpoint={}"

    model: PretrainedRGBDHDRNet
    loss: PhotographSupervision  # type: ignore[assignment]

    def __init__(
        self,
        model: PretrainedRGBDHDRNet,
        loss: PhotographSupervision,
        learning_rate: float = 3e-4,
        *,
        trunk_learning_rate: float = 1e-4,
        scheduler: MakeScheduler | None = None,
        channels_last: bool = False,
        compile: bool = False,
    ) -> None:
        super().__init__(
            model,
            loss,  # type: ignore[arg-type]
            learning_rate,
            scheduler=scheduler,
            channels_last=channels_last,
            compile=compile,
        )
        self.trunk_learning_rate = trunk_learning_rate

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam, with its own learning rate for the trunk."""
        trunk = list(self.model.trunk.parameters())
        known = {id(parameter) for parameter in trunk}
        learning = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        rest = [parameter for parameter in learning if id(parameter) not in known]
        groups: list[dict[str, Any]] = [
            {"params": rest},
            {"params": trunk, "lr": self.trunk_learning_rate},
        ]
        return torch.optim.Adam(groups, lr=self.learning_rate)

    def training_step(self, batch: list[KindBatch], _index: int) -> Float[Tensor, ""]:  # type: ignore[override]
        """`train/loss` and the term of each kind."""
        count = sum(len(part[0]) for part in batch)
        total = torch.zeros(())
        for part in batch:
            term, _ = self._term(part)
            self.log(f"train/{_name(part)}", term.detach(), batch_size=len(part[0]))
            total = total + term * (len(part[0]) / count)
        self.log("train/loss", total, prog_bar=True, batch_size=count)
        return total

    def validation_step(self, batch: list[KindBatch], _index: int) -> dict[str, Tensor]:  # type: ignore[override]
        """`validation/loss`, and `validation/psnr` of the widest aperture in dB; returns data for panels."""
        (part,) = batch
        term, outputs = self._term(part)
        scores = {"loss": term, _name(part): term}
        if isinstance(part, SceneBatch):
            scores["psnr"] = psnr(outputs["rendered"], part.shallow)
        self.add_scores(scores)
        return outputs

    def _term(self, part: KindBatch) -> tuple[Float[Tensor, ""], dict[str, Tensor]]:
        """The term of a kind, and its prediction."""
        # There are few scenes and panoramas, and the pretrained trunk would overfit to them.
        prediction = self.model(part[0], trunk_learns=isinstance(part, NearnessBatch))
        outputs = {"disparity": prediction.disparity, "log_exposure": prediction.log_exposure}
        if not prediction.disparity.isfinite().all():
            # The renderer would raise an error. As the loss it stops training, and `StopOnNonFinite` saves
            # the batch.
            return prediction.disparity.sum(), outputs
        if isinstance(part, SceneBatch):
            terms = self.loss.scene(prediction, **part._asdict())
            return terms.total, outputs | {"rendered": terms.rendered}
        if isinstance(part, LightBatch):
            return self.loss.light(prediction.log_exposure, part.image, part.radiance), outputs
        return self.loss.nearness(prediction.disparity, part.nearness), outputs


def _name(part: KindBatch) -> str:
    return {"SceneBatch": "scenes", "LightBatch": "light"}.get(type(part).__name__, "nearness")
