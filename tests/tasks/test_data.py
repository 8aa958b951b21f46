import dataclasses

import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.augmentation import RandomView
from rackfocus.data.sample import FocusSample
from rackfocus.optics import render
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.tasks.data import FocusData, collate


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


def test_a_view_is_decided_by_its_generator():
    view = RandomView(shorter_side_px=(12, 30), crop_px=16)
    draws = [view(sample(), torch.Generator().manual_seed(5)) for _ in range(2)]
    torch.testing.assert_close(draws[0].deep, draws[1].deep)
    others = [view(sample(), torch.Generator().manual_seed(seed)) for seed in range(20)]
    assert (
        len({tuple(other.deep.shape) for other in others}) > 1
        or len({other.focal_disparity for other in others}) > 1
    )


def test_resizing_scales_disparity_and_blur_together():
    """Rendering the resized deep image with the resized disparity gives the resized shallow image."""
    coarse = torch.rand(1, 3, 6, 8, generator=torch.Generator().manual_seed(0))
    linear = torch.nn.functional.interpolate(coarse, size=(96, 128), mode="bicubic").clamp(0, 1)
    disparity = torch.full((1, 1, 96, 128), 8.0)
    shallow = render(linear, disparity)
    whole = dataclasses.replace(
        sample(96, 128),
        deep=linear_to_srgb(linear)[0],
        shallow=shallow[0],
        adjusted=shallow[0],
        disparity=disparity[0],
        radiance=None,
    )
    half = RandomView(shorter_side_px=(48, 48))(whole)
    assert half.deep.shape == (3, 48, 64)
    assert half.focal_disparity == pytest.approx(1.0)
    torch.testing.assert_close(half.disparity, torch.full((1, 48, 64), 4.0))
    rendered = render(srgb_to_linear(half.deep)[None], half.disparity[None])[0]
    assert (rendered - half.shallow).abs().mean() < 0.004


def test_crops_and_mirrors_move_all_images_alike():
    one = sample()
    marked = dataclasses.replace(one, shallow=one.deep, adjusted=one.deep, radiance=one.deep)
    for seed in range(8):
        view = RandomView(shorter_side_px=(18, 24), crop_px=15)(marked, torch.Generator().manual_seed(seed))
        assert max(view.deep.shape) <= 15
        for other in (view.shallow, view.adjusted, view.radiance):
            torch.testing.assert_close(other, view.deep)


def test_training_sees_views_and_validation_sees_all():
    data = FocusData(
        train=Samples(4),
        validation=Samples(2),
        view=RandomView(shorter_side_px=(12, 12), crop_px=10),
        batch_size=2,
    )
    batches = list(data.train_dataloader())
    assert [tuple(batch.deep.shape) for batch in batches] == [(2, 3, 10, 10)] * 2
    assert [tuple(batch.deep.shape) for batch in data.val_dataloader()] == [(1, 3, 24, 36)] * 2
