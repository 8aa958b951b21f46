import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler

from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.losses.af_net import AFNetLoss, kullback_leibler
from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import load_af_net
from rackfocus.tasks.af_net import AFNetTask
from rackfocus.tasks.clips import ClipData, collate_clips
from rackfocus.tasks.reporting.progress import TrainingProgress
from rackfocus.types import FocusTarget

TINY = {"width": 8, "feature_width": 8, "time_width": 8}


def clip(seed=0, *, at=7, frames=16, known=("regions", "targets")):
    """A square that stands still, until another one moves."""
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.rand(3, 32, 48, generator=generator).expand(frames, 3, 32, 48).clone() * 0.3
    regions = torch.zeros(frames, 1, 32, 48)
    for t in range(frames):
        x = 30 + (t - at) % 4 * 3 if t >= at else 30
        pictures[t, :, 10:20, 4:12] = 0.8
        pictures[t, :, 10:20, x : x + 6] = 1.0
        left = x if t >= at else 4
        regions[t, 0, 10:20, left : left + 6] = 1 / 60
    return FocusClip(
        name=f"{seed}",
        frames=pictures,
        frame_indices=tuple(range(frames)),
        times_s=tuple(t / 6 for t in range(frames)),
        source_size=(32, 48),
        focus_regions=regions if "regions" in known else None,
        targets=(FocusTarget(at, 30.0, 15.0),) if "targets" in known else None,
    )


class Clips(Dataset):
    def __init__(self, clips):
        self.clips = clips

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, index):
        return self.clips[index]


def as_it_is(clip, generator):  # noqa: ARG001
    return clip


def task(**settings):
    torch.manual_seed(1)
    loss = AFNetLoss(kullback_leibler, time_weight=4.0)
    return AFNetTask(AFNet(dropout=0.0, **settings), loss, learning_rate=3e-3)


def test_a_batch_tells_what_is_not_known():
    batch = collate_clips([clip(1), clip(2, known=())])
    assert batch.frames.shape == (2, 16, 3, 32, 48)
    assert batch.new_target[0].nonzero().tolist() == [[7]]
    assert batch.new_target[1].isnan().all()
    assert batch.regions[0].sum() == pytest.approx(16, abs=1e-3)
    assert batch.regions[1].sum() == 0
    assert batch.times_s[1, 6] == 1


def test_a_network_from_a_file_learns_as_a_new_one():
    assert AFNetTask(AFNet(**TINY).eval(), AFNetLoss(kullback_leibler)).model.training


def test_a_checkpoint_is_a_network_file(tmp_path):
    module = task(**TINY)
    checkpoint = {"state_dict": module.state_dict()}
    module.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, tmp_path / "last.ckpt")
    network = load_af_net(tmp_path / "last.ckpt")
    assert network.architecture["width"] == 8
    torch.testing.assert_close(network.state_dict(), module.model.state_dict(), rtol=0, atol=0)


def fit(module, data, **settings):
    trainer = pl.Trainer(
        accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, **settings,
    )  # fmt: skip
    trainer.fit(module, data)
    return trainer


@pytest.mark.filterwarnings(
    "ignore:.*not have many workers", "ignore:.*LeafSpec", "ignore:.*log_every_n_steps"
)
def test_validation_tells_loss_region_and_time():
    data = ClipData(
        train=Clips([clip(1), clip(2)]), validation=Clips([clip(3), clip(4)]), view=as_it_is, batch_size=4
    )
    scores = fit(task(**TINY), data, max_steps=1).callback_metrics
    names = ("loss", "region", "time", "nss", "timing_error_s")
    assert all(scores[f"validation/{name}"].isfinite() for name in names)
    assert scores["train/loss"] == pytest.approx(float(scores["train/region"] + 4 * scores["train/time"]))


@pytest.mark.filterwarnings(
    "ignore:.*not have many workers", "ignore:.*LeafSpec", "ignore:.*log_every_n_steps"
)
@pytest.mark.parametrize(
    ("known", "absent"),
    [
        (("regions",), {"time", "timing_error_s"}),
        (("targets",), {"region", "nss"}),
        ((), {"region", "nss", "time", "timing_error_s"}),
    ],
)
def test_a_score_is_absent_where_no_clip_has_what_it_needs(known, absent):
    """DHF1K and stills have no targets, other sets no fixations; the progress bar goes on without them."""
    data = ClipData(train=Clips([clip(1)]), validation=Clips([clip(3, known=known)]), view=as_it_is)
    names = {"loss", "region", "time", "nss", "timing_error_s"}
    scores = fit(task(**TINY), data, max_steps=1, callbacks=[TrainingProgress()]).callback_metrics
    assert {name for name in names if f"validation/{name}" in scores} == names - absent


@pytest.mark.filterwarnings(
    "ignore:.*not have many workers", "ignore:.*LeafSpec", "ignore:.*log_every_n_steps"
)
def test_a_score_is_of_the_clips_that_have_it():
    """One clip without labels more changes nothing but the loss, whose terms are 0 there."""

    def scores(*clips):
        data = ClipData(train=Clips([clip(1)]), validation=Clips(list(clips)), view=as_it_is)
        return fit(task(**TINY), data, max_steps=1).callback_metrics

    alone, among = scores(clip(3)), scores(clip(3), clip(4, known=()))
    for name in ("region", "time", "nss", "timing_error_s"):
        assert among[f"validation/{name}"] == alone[f"validation/{name}"]
    assert among["validation/loss"] == alone["validation/loss"] / 2


@pytest.mark.filterwarnings(
    "ignore:.*not have many workers", "ignore:.*LeafSpec", "ignore:.*log_every_n_steps"
)
def test_a_clip_that_another_process_has_too_does_not_count_twice():
    """The second of two processes has the second of three clips, and the first one for want of a fourth."""
    clips = Clips([clip(3), clip(4), clip(5)])

    class Second(ClipData):
        def val_dataloader(self):
            share = DistributedSampler(clips, num_replicas=2, rank=1, shuffle=False)
            return DataLoader(clips, sampler=share, collate_fn=collate_clips)

    one = ClipData(train=Clips([clip(1)]), validation=Clips([clip(4)]), view=as_it_is)
    two = Second(train=Clips([clip(1)]), validation=clips, view=as_it_is)
    alone, shared = (fit(task(**TINY), data, max_steps=1).callback_metrics for data in (one, two))
    assert shared == alone


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore:.*not have many workers", "ignore:.*LeafSpec", "ignore:.*log_every_n_steps"
)
def test_two_clips_are_learned_to_the_very_frame():
    clips = [clip(1, at=5), clip(2, at=9)]
    module = task(**TINY)
    data = ClipData(train=Clips(clips), validation=Clips(clips), view=as_it_is, batch_size=2)
    fit(module, data, max_epochs=150, limit_val_batches=0)
    module.eval()
    with torch.inference_mode():
        output = module.model(collate_clips(clips).frames)
    assert output.target_logits.argmax(1).tolist() == [5, 9]
    # And the likeliest pixel lies in the region.
    for logits, each in zip(output.region_logits, clips, strict=True):
        places = logits.flatten(1).argmax(1)
        assert (each.focus_regions.flatten(1).gather(1, places[:, None]) > 0).float().mean() > 0.9
