import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rackfocus import RGBDHDR, InputError
from rackfocus.models.backends import CompositeEstimator, disparity_from_nearness

RAMP = torch.arange(101.0).view(1, 1, 1, 101)


class Network(nn.Module):
    """Says 1 px and 0.1 everywhere, and remembers how it was asked."""

    asked = None

    def forward(self, srgb, *, network_size_px=None):
        self.asked = network_size_px
        return RGBDHDR(torch.ones_like(srgb[:, :1]), torch.full_like(srgb, 0.1))


def depth(srgb):
    return srgb[:, :1]


def hdr(srgb):
    return torch.full_like(srgb, 0.2)


def test_disparity_by_the_formula():
    """Of 0..100 the robust range is 2..98, the median 50, and the nearer half lies in front."""
    expected = ((50 - RAMP) / 96 * 0.03 * 101).clamp(-3.03, 3.03)
    torch.testing.assert_close(disparity_from_nearness(RAMP, 0.03), expected)


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
@settings(deadline=None, max_examples=20)
def test_scale_and_shift_do_not_matter(scale, shift):
    nearness = RAMP.double() / 100
    found = disparity_from_nearness(scale * (nearness + shift), 0.05)
    torch.testing.assert_close(found, disparity_from_nearness(nearness, 0.05), rtol=1e-9, atol=1e-9)


def test_images_of_a_batch_do_not_mix():
    one, other = torch.rand(2, 1, 1, 9, 12)
    both = disparity_from_nearness(torch.cat([one, 100 * other]), 0.03)
    torch.testing.assert_close(both[1:], disparity_from_nearness(other, 0.03))


def test_disparity_grows_with_the_image():
    small = torch.rand(1, 1, 6, 8)
    large = small.repeat_interleave(3, dim=-1).repeat_interleave(3, dim=-2)
    spread = [torch.quantile(disparity_from_nearness(n, 0.03), 0.9).item() for n in (small, large)]
    assert spread[1] == pytest.approx(3 * spread[0], rel=0.3)


def test_flat_nearness_is_in_focus():
    flat = torch.full((1, 1, 4, 5), 3.0)
    assert disparity_from_nearness(flat, 0.03).eq(0).all()
    flat[..., 2] += 1e-6
    assert disparity_from_nearness(flat, 0.03).eq(0).all()


def test_an_outlier_is_held_and_nan_is_not_hidden():
    nearness = torch.rand(1, 1, 20, 20)
    nearness[..., 3, 3] = 1e9
    assert disparity_from_nearness(nearness, 0.03)[..., 3, 3].item() == pytest.approx(-0.6)
    nearness[..., 3, 3] = float("nan")
    assert disparity_from_nearness(nearness, 0.03)[..., 3, 3].isnan()


def test_a_backend_takes_its_half():
    srgb = RAMP.expand(1, 3, 1, 101) / 100
    network = Network()
    found = CompositeEstimator(network, depth=depth)(srgb, network_size_px=64)
    assert network.asked == 64
    torch.testing.assert_close(found.disparity, disparity_from_nearness(RAMP, 0.03))
    assert found.log_exposure.eq(0.1).all()
    found = CompositeEstimator(network, hdr=hdr)(srgb)
    assert found.disparity.eq(1).all()
    assert found.log_exposure.eq(0.2).all()
    found = CompositeEstimator(network)(srgb)
    assert found.disparity.eq(1).all()
    assert found.log_exposure.eq(0.1).all()


def test_with_both_the_network_rests():
    network = Network()
    found = CompositeEstimator(network, depth=depth, hdr=hdr, disparity_range=0.06)(torch.rand(2, 3, 8, 8))
    assert network.asked is None
    assert found.disparity.abs().max() <= 0.06 * 8
    assert CompositeEstimator(depth=depth, hdr=hdr)(torch.rand(1, 3, 8, 8)).log_exposure.eq(0.2).all()


def test_a_half_without_a_source():
    with pytest.raises(InputError, match="Nothing gives the log exposure"):
        CompositeEstimator(depth=depth)
    with pytest.raises(InputError, match="Nothing gives the disparity"):
        CompositeEstimator(hdr=hdr)
    with pytest.raises(InputError, match="disparity_range must be above 0"):
        CompositeEstimator(depth=depth, hdr=hdr, disparity_range=0)
