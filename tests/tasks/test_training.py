"""Training as a whole on tiny data: its switches, what it shows, and how it stops."""

import csv

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.data import Dataset

from rackfocus import load_model
from rackfocus.data.apertures.augmentation import RandomView
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics import Renderer
from rackfocus.tasks.data import FocusData
from rackfocus.tasks.non_finite import StopOnNonFinite, load_batch
from rackfocus.tasks.reporting.csv_logger import CSVRunLogger
from rackfocus.tasks.reporting.panels import ValidationPanels
from rackfocus.tasks.rgbd_hdr import RGBDHDRTask
from rackfocus.types import InputError

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*", "ignore:.*AMP with fp16.*"
    )
]


class Samples(Dataset):
    def __init__(self, broken=None):
        self.broken = broken

    def __len__(self):
        return 4

    def __getitem__(self, index):
        deep, shallow, adjusted = torch.rand(3, 3, 24, 32, generator=torch.Generator().manual_seed(index))
        if index == self.broken:
            shallow = shallow * torch.nan
        return FocusSample(f"sample {index}", deep, shallow, adjusted, aperture_ratio=0.25)


def fit(folder, *, steps=4, broken=None, callbacks=(), logger=False, rate=1e-3, switches=None, **settings):
    torch.manual_seed(5)
    task = RGBDHDRTask(
        RGBDHDRNet(base_width=4, levels=2), ApertureSupervision(Renderer("transmittance")), rate,
        **(switches or {}),
    )  # fmt: skip
    view = RandomView(shorter_side_px=(24, 24))
    data = FocusData(train=Samples(broken), validation=Samples(), view=view, seed=1)
    trainer = pl.Trainer(
        max_steps=steps,
        accelerator="cpu",
        logger=logger,
        callbacks=list(callbacks),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        check_val_every_n_epoch=None,
        val_check_interval=2,
        log_every_n_steps=1,
        default_root_dir=folder,
        **settings,
    )
    trainer.fit(task, data)
    return task, trainer


def weights(task):
    return torch.cat([value.detach().flatten() for value in task.parameters()])


def test_a_step_in_bfloat16_is_almost_the_one_in_single_precision(tmp_path):
    plain, _ = fit(tmp_path, steps=3, rate=1e-4)
    mixed, trainer = fit(tmp_path, steps=3, rate=1e-4, precision="bf16-mixed")
    start = weights(fit(tmp_path, steps=1, rate=0)[0])
    moved, mixed_moved = weights(plain) - start, weights(mixed) - start
    assert torch.nn.functional.cosine_similarity(moved, mixed_moved, dim=0) > 0.9
    assert not torch.equal(moved, mixed_moved)
    assert all(value.dtype == torch.float32 for value in mixed.model.parameters())
    assert float(trainer.callback_metrics["train/loss"]) > 0


def test_channels_last_changes_the_layout_alone(tmp_path):
    plain, _ = fit(tmp_path, steps=2)
    last, _ = fit(tmp_path, steps=2, switches={"channels_last": True})
    assert last.state_dict().keys() == plain.state_dict().keys()
    kernel = last.model.unet.stem[2].weight
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    assert not kernel.is_contiguous()
    torch.testing.assert_close(weights(last), weights(plain), rtol=1e-3, atol=1e-4)


def test_a_checkpoint_is_a_network_file_with_the_average_of_the_weights(tmp_path):
    class Keep(pl.Callback):
        def on_train_batch_end(self, trainer, *_):
            trainer.save_checkpoint(tmp_path / "last.ckpt")

    fit(tmp_path, steps=3, callbacks=[EMAWeightAveraging(decay=0.5), Keep()])
    checkpoint = torch.load(tmp_path / "last.ckpt", weights_only=True)
    network = load_model(tmp_path / "last.ckpt")
    assert not network.training
    for name, values in network.state_dict().items():
        torch.testing.assert_close(values, checkpoint["state_dict"][f"model.{name}"], rtol=0, atol=0)
    current = torch.cat([values.flatten() for values in checkpoint["current_model_state"].values()])
    assert not torch.equal(weights(network), current)


def test_a_step_may_take_several_batches(tmp_path):
    task, trainer = fit(tmp_path, steps=2, accumulate_grad_batches=2)
    assert trainer.fit_loop.total_batch_idx + 1 == 4
    start = weights(fit(tmp_path, steps=1, rate=0)[0])
    assert not torch.equal(weights(task), start)


@pytest.mark.parametrize("precision", ["bf16-true", "64-true"])
def test_a_precision_that_spoils_radii_is_refused(precision, tmp_path):
    with pytest.raises(InputError, match="precision must be one of 32-true"):
        fit(tmp_path, precision=precision)


def test_a_photograph_that_is_not_finite_stops_training_and_is_kept(tmp_path):
    stop = StopOnNonFinite(dirpath=str(tmp_path / "non_finite"))
    with pytest.raises(InputError, match=r"loss of step \d \(sample 2\) is not finite"):
        fit(tmp_path, broken=2, callbacks=[stop])
    kept = load_batch(tmp_path / "non_finite" / "batch.safetensors")
    assert kept.names == ["sample 2"]
    assert kept.epoch == 0
    assert kept.batch.shallow.isnan().all()
    assert kept.batch.deep.isfinite().all()
    model = load_model(tmp_path / "non_finite" / "rgbd_hdr.safetensors")
    assert all(value.isfinite().all() for value in model.parameters())
    assert model(kept.batch.deep).disparity.isfinite().all()


def test_weights_that_ran_away_stop_training(tmp_path):
    stop = StopOnNonFinite(dirpath=str(tmp_path / "non_finite"))
    with pytest.raises(InputError, match=r"of step 2 .* is not finite"):
        fit(tmp_path, rate=1e30, callbacks=[stop])
    assert load_batch(tmp_path / "non_finite" / "batch.safetensors").step == 1


def test_a_gradient_that_is_not_finite_stops_training(tmp_path):
    class Break(pl.Callback):
        def on_after_backward(self, trainer, pl_module):
            if trainer.global_step == 1:
                next(pl_module.parameters()).grad[0] = torch.inf

    stop = StopOnNonFinite(dirpath=str(tmp_path / "non_finite"))
    with pytest.raises(InputError, match="gradient of step 2"):
        fit(tmp_path, callbacks=[Break(), stop])


def test_a_batch_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="There is no batch"):
        load_batch(tmp_path / "batch.safetensors")


class Album(WandbLogger):
    """Keeps what it is given."""

    def __init__(self):
        self.pictures = {}

    def log_image(self, key, images, step=None):
        self.pictures[key, step] = images

    def log_metrics(self, *_args, **_settings):
        pass

    experiment = save_dir = name = version = None

    def log_hyperparams(self, *_args):
        pass

    def log_graph(self, *_args):
        pass

    def finalize(self, status):
        pass

    def after_save_checkpoint(self, _callback):
        pass


def test_pictures_of_the_first_samples_after_each_validation(tmp_path):
    board, album = TensorBoardLogger(tmp_path, name="", version=""), Album()
    fit(tmp_path, callbacks=[ValidationPanels(samples=2, height_px=12)], logger=[board, album])
    events = EventAccumulator(str(tmp_path)).Reload()
    assert events.Tags()["images"] == ["validation/0", "validation/1"]
    shown = events.Images("validation/1")
    assert [picture.step for picture in shown] == [2, 4]
    assert (shown[0].height, shown[0].width) == (12, 5 * 16)
    assert list(album.pictures) == [(f"validation/{index}", step) for step in (2, 4) for index in (0, 1)]
    (picture,) = album.pictures["validation/0", 2]
    assert picture.shape == (12, 80, 3)


def test_a_panel_shows_input_render_photograph_disparity_and_darker_light():
    panels = ValidationPanels(height_px=64, reach=0.5)
    batch = next(iter(FocusData(train=Samples(), validation=Samples(), view=None).val_dataloader()))
    disparity = torch.zeros(1, 1, 24, 32)
    disparity[..., :16] = -16
    panel = panels.panel(batch, disparity, torch.full((1, 3, 24, 32), 0.02), batch.shallow)
    seen, rendered, photograph, coloured, darker = panel.split(32, dim=-1)
    torch.testing.assert_close(seen, batch.deep[0])
    assert torch.equal(rendered, photograph)
    red, green, blue = coloured[:, 0, 0]
    assert red > max(green, blue)
    red, green, blue = coloured[:, 0, 20]
    assert green > max(red, blue)
    linear = ((batch.deep[0] + 0.055) / 1.055) ** 2.4 * torch.e / 8
    torch.testing.assert_close(darker.mean(), (1.055 * linear ** (1 / 2.4) - 0.055).mean(), rtol=0.05, atol=0)


def test_rows_before_the_step_that_training_goes_on_from_stay(tmp_path):
    for steps in ((0, 1, 2, 3), (2, 3, 4)):
        logger = CSVRunLogger(save_dir=str(tmp_path))
        for step in steps:
            logger.log_metrics({"loss": 10.0 * len(steps) + step}, step)
            logger.log_metrics({"score": 1.0} if step == 3 else {"loss": -1.0}, step)
    with (tmp_path / "metrics" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    losses = [(int(row["step"]), float(row["loss"])) for row in rows if row["loss"]]
    assert [pair for pair in losses if pair[1] > 0] == [(0, 40), (1, 41), (2, 32), (3, 33), (4, 34)]
    assert [row["step"] for row in rows if row["score"]] == ["3"]


def test_a_validation_between_the_batches_of_a_step_stays_when_training_goes_on_from_that_step(tmp_path):
    def log(*rows):
        logger = CSVRunLogger(save_dir=str(tmp_path))
        for step, name in rows:
            logger.log_metrics({name: 1.0}, step)
        with (tmp_path / "metrics" / "metrics.csv").open() as file:
            return [
                (int(row["step"]), *(name for name in row if row[name] == "1.0"))
                for row in csv.DictReader(file)
            ]

    first = [
        (0, "train/loss"),
        (1, "validation/loss"),
        (1, "train/loss"),
        (1, "validation/psnr"),
        (2, "train/loss"),
    ]
    assert log(*first) == first
    # The validation after the step is computed again.
    assert log((1, "train/loss")) == first[:3]
