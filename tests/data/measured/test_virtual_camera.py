import pytest
import torch

from rackfocus.data.measured.virtual_camera import SigmoidCurve, SigmoidCurves, SRGBCurve, VirtualCamera
from rackfocus.types import InputError

CURVES = [SRGBCurve(), SigmoidCurve(), SigmoidCurve(0.7, 0.4), SigmoidCurve(1.2, 0.9)]


@pytest.fixture
def radiance(generator):
    return torch.randn(3, 60, 80, generator=generator).exp() * 37


def take(radiance, curves, *, seed=1, **camera):
    generator = torch.Generator().manual_seed(seed)
    return VirtualCamera(curves=curves, **camera).photograph(radiance, generator, name="it.hdr")


@pytest.mark.parametrize("curve", CURVES)
def test_curves_are_inverted_and_keep_black_and_white(curve):
    linear = torch.linspace(0, 1, 1001, dtype=torch.float64)
    encoded = curve.encode(linear)
    torch.testing.assert_close(curve.decode(encoded), linear, rtol=1e-6, atol=1e-9)
    assert (encoded[0].item(), encoded[-1].item()) == pytest.approx((0, 1))
    assert torch.all(encoded.diff() > 0)


def test_sigmoid_at_a_known_point():
    assert SigmoidCurve(1.0, 0.6).encode(torch.tensor(0.3)).item() == pytest.approx(1.6 * 0.3 / 0.9)


def test_family_has_the_published_spread(generator):
    drawn = [SigmoidCurves().draw(generator) for _ in range(2000)]
    exponents, sigmas = (torch.tensor([getattr(c, key) for c in drawn]) for key in ("exponent", "sigma"))
    assert exponents.mean().item() == pytest.approx(0.9, abs=0.01)
    assert sigmas.mean().item() == pytest.approx(0.6, abs=0.01)
    assert exponents.std().item() == pytest.approx(0.1, abs=0.01)
    assert sigmas.std().item() == pytest.approx(0.1, abs=0.01)
    assert SigmoidCurves(sigma=-5).draw(generator).sigma == 0.05


@pytest.mark.parametrize("curve", CURVES)
def test_radiance_agrees_with_the_picture_where_nothing_clips(radiance, curve):
    """Without noise the radiance lies within the half step of 8 bits around the code, decoded."""
    photograph = take(radiance, curve, noise=0.0)
    kept = ~photograph.clipped
    codes = photograph.image.double() * 255
    torch.testing.assert_close(codes, codes.round(), rtol=0, atol=1e-4)
    low, high = ((codes + step) / 255 for step in (-0.5, 0.5))
    exposed = photograph.radiance.double()
    slack = 1e-5
    assert torch.all((exposed >= curve.decode(low.clamp_min(0)) - slack)[kept])
    assert torch.all((exposed <= curve.decode(high.clamp_max(1)) + slack)[kept])
    assert torch.all(photograph.image[photograph.clipped] == 1)
    assert torch.all(exposed[photograph.clipped] >= 1)
    assert torch.all(exposed[kept] < 1)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.15])
def test_the_share_that_clips(radiance, share):
    photograph = take(radiance, SRGBCurve(), noise=0.0, clipped_share=(share, share))
    assert photograph.clipped.float().mean().item() == pytest.approx(share, abs=1.5 / radiance.numel())


def test_shares_are_drawn_from_their_range(radiance):
    shares = [take(radiance, SRGBCurve(), noise=0.0, seed=s).clipped.float().mean().item() for s in range(60)]
    assert 0.05 - 1e-3 < min(shares) < 0.065
    assert 0.135 < max(shares) < 0.15 + 1e-3


def test_exposure_takes_the_scale_out(radiance):
    one, other = take(radiance, SigmoidCurves()), take(radiance * 64, SigmoidCurves())
    assert torch.equal(one.image, other.image)
    assert torch.equal(one.radiance, other.radiance)
    assert not torch.equal(one.image, take(radiance, SigmoidCurves(), seed=2).image)


def test_noise_is_in_the_picture_and_not_in_the_radiance():
    radiance = torch.full((3, 200, 200), 0.5)
    radiance[0, 0] = 1.0
    curve = SigmoidCurve()
    deviations = []
    for seed in range(40):
        photograph = take(radiance, curve, seed=seed, clipped_share=(0.001, 0.001), noise=0.01)
        flat = photograph.radiance[1]
        assert torch.all(flat == flat[0, 0])
        deviations.append((curve.decode(photograph.image[1].double()) - flat.double()).std().item())
    assert max(deviations) < 0.011
    assert max(deviations) > 0.008
    assert min(deviations) < 0.003


def test_a_flat_picture_clips_as_a_whole():
    assert take(torch.ones(3, 4, 4), SRGBCurve(), noise=0.0).clipped.all()


def test_vivid_colours_clip_alone():
    """At twice the saturation a pale blue differs from its grey twice as much, and only its blue is white."""
    picture = torch.tensor([0.5, 0.5, 0.6])[:, None, None].repeat(1, 30, 40)
    taken = take(picture, SRGBCurve(), noise=0.0, clipped_share=(0.3, 0.3), saturation=(2.0, 2.0))
    grey = 0.5 + 0.0722 * 0.1
    vivid = grey + 2 * (torch.tensor([0.5, 0.5, 0.6]) - grey)
    torch.testing.assert_close(taken.radiance[:, 0, 0], vivid / vivid.max())
    assert taken.clipped[2].all()
    assert not taken.clipped[:2].any()


def test_what_is_wrong_is_told():
    black = torch.zeros(3, 20, 20)
    black[0, 0, 0] = 1.0
    with pytest.raises(InputError, match=r"it\.hdr is black"):
        take(black, SRGBCurve())
    for share in ((-0.1, 0.1), (0.2, 0.1), (0.1, 1.0)):
        with pytest.raises(InputError, match="clipped_share"):
            VirtualCamera(curves=SRGBCurve(), clipped_share=share)
    with pytest.raises(InputError, match="noise"):
        VirtualCamera(curves=SRGBCurve(), noise=-1.0)
    with pytest.raises(InputError, match="saturation must be a range from 0 up, and is 2 to 1"):
        VirtualCamera(curves=SRGBCurve(), saturation=(2, 1))
