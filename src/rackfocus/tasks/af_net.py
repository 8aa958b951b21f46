"""Training of AF-Net on clips with gaze or new focus targets."""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.losses.af_net import AFNetLoss, AFNetTerms, scanpath_saliency
from rackfocus.metrics.focus import likeliest_frame_error
from rackfocus.models.af_net import AFNet, AFNetOutput
from rackfocus.models.af_net_files import af_net_metadata, save_af_net
from rackfocus.models.network_file import CHECKPOINT_KEY
from rackfocus.tasks.clips import ClipBatch
from rackfocus.tasks.task import MakeScheduler, Task


class AFNetTask(Task):
    """Minimises the weighted sum of both losses by AdamW.

    Args:
        model: the network.
        loss: the training loss.
        learning_rate: of AdamW.
        weight_decay: of AdamW.
        scheduler: creates a learning rate scheduler, which is stepped after every training step. `None`:
            constant.
    """

    SCORES = ("loss", "region", "time", "nss", "timing_error_s")
    WEIGHTS_FILE = "af_net.safetensors"
    TRY = "rackfocus autofocus VIDEO --out focus.json autofocus=af_net autofocus.checkpoint={}"
    HEADLINE = ("validation/timing_error_s", "s")
    HIGHER_IS_BETTER = frozenset({"validation/nss"})

    def __init__(
        self,
        model: AFNet,
        loss: AFNetLoss,
        learning_rate: float = 1e-3,
        *,
        weight_decay: float = 0.01,
        scheduler: MakeScheduler | None = None,
    ) -> None:
        super().__init__(model, learning_rate, scheduler)
        self.loss = loss
        self.weight_decay = weight_decay
        # A network read from a file is in evaluation mode.
        self.train()

    def training_step(self, batch: ClipBatch, _index: int) -> Float[Tensor, ""]:
        """`train/loss` and its terms."""
        _, terms = self._terms(batch)
        self.log("train/loss", terms.total, prog_bar=True)
        self.log_dict({"train/region": terms.region, "train/time": terms.time})
        return terms.total

    def validation_step(self, batch: ClipBatch, _index: int) -> None:
        """The loss and its terms, NSS of the focus regions, and |Δt| of the most probable frame in seconds.

        Each over the clips whose labels it needs; |Δt| over those with exactly one new focus target.
        """
        output, terms = self._terms(batch)
        scores = {
            "loss": terms.total,
            "timing_error_s": likeliest_frame_error(output.target_logits, batch.new_target, batch.times_s),
        }
        seen = batch.regions.flatten(2).sum(2) > 0
        if seen.any():
            scores["region"] = terms.region
            scores["nss"] = -scanpath_saliency(output.region_logits[seen], batch.regions[seen]).mean()
        if batch.new_target.isfinite().any():
            scores["time"] = terms.time
        self.add_scores(scores)

    def optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            self.model.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )

    def save_weights(self, path: Path) -> None:
        """Write a file for `rackfocus.models.af_net_files.load_af_net`."""
        save_af_net(self.model, path)  # type: ignore[arg-type]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Make it a file for `load_af_net`, too."""
        checkpoint[CHECKPOINT_KEY] = af_net_metadata(self.model)  # type: ignore[arg-type]

    def _terms(self, batch: ClipBatch) -> tuple[AFNetOutput, AFNetTerms]:
        output: AFNetOutput = self.model(batch.frames)
        region_logits, target_logits = output.region_logits.float(), output.target_logits.float()
        terms = self.loss(
            region_logits,
            target_logits,
            regions=batch.regions,
            new_target=batch.new_target,
            times_s=batch.times_s,
        )
        return AFNetOutput(region_logits, target_logits), terms
