import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.taught.rendered_cut_outs import RenderedCutOuts
from rackfocus.data.taught.samples import NearnessSample
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.optics.renderer import render
from rackfocus.optics.thin_lens import refocus_disparity
from rackfocus.types import InputError


class Steps(Dataset):
    """A noise picture with a near square."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        image = torch.rand(3, 40, 60, generator=torch.Generator().manual_seed(index))
        nearness = torch.zeros(1, 40, 60)
        nearness[:, 10:30, 20:40] = 1
        return NearnessSample(f"steps{index}", image, nearness)


def test_triplets_are_what_the_renderer_makes_of_their_disparity():
    samples = RenderedCutOuts(Steps(), size=(32, 48), disparity_range=0.05)
    for index in range(4):
        sample = samples[index]
        assert sample.disparity is not None
        assert sample.deep.shape == (3, 32, 48)
        # Only two distances, as far apart as the range, and the one that most pixels have is in focus.
        torch.testing.assert_close(sample.disparity.unique(), torch.tensor([-0.05 * 48, 0.0]))
        light = srgb_to_linear(sample.deep)[None]
        torch.testing.assert_close(sample.shallow, render(light, sample.disparity[None])[0].clamp(0, 1))
        other = refocus_disparity(
            sample.disparity, aperture_ratio=sample.aperture_ratio, focal_disparity=sample.focal_disparity
        )
        torch.testing.assert_close(sample.adjusted, render(light, other[None])[0].clamp(0, 1))
        assert sample.aperture_ratio == (0.25 if index % 2 == 0 else 1.0)
    assert torch.equal(samples[1].shallow, samples[-3].shallow)


def test_light_is_known_where_nothing_clipped():
    class White(Steps):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            sample.image[1, :, :30] = 1
            return sample

    sample = RenderedCutOuts(White(), size=(40, 60), disparity_range=0.05)[0]
    assert sample.radiance is not None
    assert torch.equal(sample.radiance.isnan(), sample.deep == 1)
    assert sample.radiance[1, :, :30].isnan().all()


def test_bad_settings():
    with pytest.raises(InputError, match="size"):
        RenderedCutOuts(Steps(), size=(0, 4), disparity_range=0.01)
    with pytest.raises(InputError, match="disparity_range"):
        RenderedCutOuts(Steps(), size=(4, 4), disparity_range=0.0)
