import dataclasses

import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import ConcatDataset, Dataset

from rackfocus.data.apertures.augmentation import RandomView
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.mixture import WeightedMixture
from rackfocus.data.taught.samples import NearnessSample
from rackfocus.tasks.data import EpochSampler, FocusData, SameDraws, collate
from rackfocus.types import InputError


def sample(height=24, width=36, seed=0):
    generator = torch.Generator().manual_seed(seed)
    deep, shallow, adjusted = torch.rand(3, 3, height, width, generator=generator)
    return FocusSample(
        name=f"sample {seed}",
        deep=deep,
        shallow=shallow,
        adjusted=adjusted,
        aperture_ratio=0.25,
        focal_disparity=2.0,
        disparity=torch.rand(1, height, width, generator=generator),
        radiance=deep * 2,
    )


class Samples(Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return sample(seed=index)


def test_a_batch_stacks_the_samples():
    batch = collate([sample(seed=1), sample(seed=2)])
    assert batch.deep.shape == (2, 3, 24, 36)
    torch.testing.assert_close(batch.shallow[1], sample(seed=2).shallow)
    assert batch.aperture_ratio.shape == (2, 1, 1, 1)
    assert batch.focal_disparity.flatten().tolist() == [2.0, 2.0]


def test_samples_of_a_batch_have_one_size():
    with pytest.raises(InputError, match="must have one size, and are 36x24 and 24x36: set datamodule"):
        collate([sample(24, 36), sample(36, 24)])


class Photographs(Samples):
    def __getitem__(self, index):
        return NearnessSample(f"photograph {index}", torch.rand(3, 8, 8), torch.rand(1, 8, 8))


def test_other_samples_are_told_apart():
    with pytest.raises(
        InputError, match="of the kind NearnessSample, and this training learns from FocusSample"
    ):
        next(iter(data(train=Photographs(1)).train_dataloader()))


def test_the_same_draws_in_every_epoch():
    draws, usual = SameDraws(6, 3), EpochSampler(6, 3)
    first = list(draws)
    draws.set_epoch(1)
    assert list(draws) == first == list(usual)
    assert len(draws) == 6
    draws.go_to(1, 4)
    assert list(draws) == first[4:]
    assert draws.epoch == 1


def data(*, seed=3, workers=0, count=6, **settings):
    view = RandomView(shorter_side_px=(12, 20), crop_px=10, exposure_stops=(0, 1))
    return FocusData(
        **{"train": Samples(count), "validation": Samples(2), "view": view}
        | {"seed": seed, "workers": workers}
        | settings
    )


def same(first, second):
    return len(first) == len(second) and all(
        torch.equal(a, b)
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def epoch(loader, number):
    loader.sampler.set_epoch(number)
    return list(loader)


def test_training_sees_views_and_validation_sees_all():
    both = data(train=Samples(4), batch_size=2)
    assert [tuple(batch.deep.shape) for batch in both.train_dataloader()] == [(2, 3, 10, 10)] * 2
    assert [tuple(batch.deep.shape) for batch in both.val_dataloader()] == [(1, 3, 24, 36)] * 2


def test_the_seed_decides_the_batches_with_any_number_of_workers():
    alone, beside = data().train_dataloader(), data(workers=2).train_dataloader()
    for number in (0, 1):
        torch.manual_seed(number)  # the global generator has no part in it
        reference = epoch(alone, number)
        assert same(reference, epoch(data().train_dataloader(), number))
        assert same(reference, epoch(beside, number))


def test_epochs_and_seeds_differ():
    loader = data().train_dataloader()
    first = epoch(loader, 0)
    assert same(first, epoch(loader, 0))
    assert not same(first, epoch(loader, 1))
    assert not same(first, epoch(data(seed=4).train_dataloader(), 0))


def test_an_epoch_is_every_sample_once():
    class Plain:
        def __call__(self, sample, _generator):
            return sample

    loader = data(view=Plain(), count=7).train_dataloader()
    seen = {float(batch.deep.sum()) for batch in epoch(loader, 2)}
    assert seen == {float(sample(seed=seed).deep.sum()) for seed in range(7)}


class Listener(pl.LightningModule):
    """Keeps the batches that it is given, by epoch."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = {}

    def training_step(self, batch, _index):
        self.seen.setdefault(self.current_epoch, []).append(batch)
        return self.weight * batch.deep.mean()

    def validation_step(self, _batch, _index):
        return None

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(folder, epochs, ckpt=None, **settings):
    trainer = pl.Trainer(
        max_epochs=epochs,
        logger=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        default_root_dir=folder,
        limit_val_batches=0,
        num_sanity_val_steps=0,
    )
    task = Listener()
    trainer.fit(task, data(count=3, **settings), ckpt_path=ckpt, weights_only=True)
    trainer.save_checkpoint(folder / "last.ckpt")
    return task.seen


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*")
def test_lightning_tells_the_epoch_also_when_it_resumes(tmp_path):
    alone = data(count=3).train_dataloader()
    seen = fit(tmp_path, 2, workers=2)
    assert all(same(seen[number], epoch(alone, number)) for number in (0, 1))
    later = fit(tmp_path, 4, ckpt=tmp_path / "last.ckpt", workers=2)
    assert sorted(later) == [2, 3]
    assert all(same(later[number], epoch(alone, number)) for number in (2, 3))


def test_pairs_without_truth_and_several_data_sets():
    class Pairs(Samples):
        def __getitem__(self, index):
            return dataclasses.replace(super().__getitem__(index), disparity=None, radiance=None)

    mixed = data(
        train=WeightedMixture({"pairs": Pairs(2), "triplets": Samples(2)}, {"pairs": 1, "triplets": 3}),
        validation=ConcatDataset([Pairs(2), Samples(3)]),
    )
    assert len(list(mixed.train_dataloader())) == 8
    assert len(list(mixed.val_dataloader())) == 5


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_goes_on_in_the_middle_of_an_epoch_and_loads_nothing_before_it(workers):
    class Counted(Samples):
        loaded = 0

        def __getitem__(self, index):
            Counted.loaded += 1
            return super().__getitem__(index)

    first = data(count=7, workers=workers, batch_size=2).train_dataloader()
    whole = epoch(first, 3)
    batches = iter(first)
    for _ in range(3):
        next(batches)
    state = first.state_dict()
    assert state == {"epoch": 3, "batches": 3}
    later = data(train=Counted(7), workers=workers, batch_size=2).train_dataloader()
    later.load_state_dict(state)
    later.sampler.set_epoch(3)  # as Lightning does
    assert same(list(later), whole[3:])
    assert Counted.loaded == (1 if workers == 0 else 0)
    assert len(later) == 4
    assert later.state_dict() == {"epoch": 4, "batches": 0}
    assert same(epoch(later, 4), epoch(first, 4))


def test_processes_share_out_an_epoch():
    alone = EpochSampler(7, seed=5)
    alone.set_epoch(2)
    together = [EpochSampler(7, seed=5, processes=2, process=process) for process in (0, 1)]
    for draws in together:
        draws.set_epoch(2)
    assert [len(draws) for draws in together] == [4, 4]
    merged = [draw for pair in zip(*together, strict=True) for draw in pair]
    assert merged == [*alone, next(iter(alone))]


def test_the_names_of_a_batch():
    loader = data(count=5, batch_size=2, view=RandomView(shorter_side_px=(24, 24)))
    batches = epoch(loader.train_dataloader(), 1)
    for number, batch in enumerate(batches):
        names = loader.names(1, number)
        assert len(names) == len(batch.deep)
        for name, image in zip(names, batch.deep, strict=True):
            whole = sample(seed=int(name.split()[1])).deep
            torch.testing.assert_close(image.sum(), whole.sum())
