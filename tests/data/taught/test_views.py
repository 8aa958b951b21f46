import pytest
import torch

from rackfocus.data.taught.samples import LightSample, NearnessSample
from rackfocus.data.taught.views import LightView, NearnessView, seeded_by
from rackfocus.types import InputError


def sample(height=60, width=90):
    ramp = torch.linspace(0, 1, width).expand(1, height, width)
    return NearnessSample("ramp", ramp.expand(3, height, width).contiguous(), ramp.contiguous())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (20, 24), (41, 200)])
def test_the_label_follows_the_picture(shape):
    """Without changes of colour, a picture that shows its own nearness still does."""
    view = NearnessView(size=(32, 64), colour=0.0, flaws=0.0, grey=0.0)
    view._changes = []
    for seed in range(10):
        seen = view(sample(*shape), generator(seed))
        assert seen.image.shape == (3, 32, 64)
        torch.testing.assert_close(seen.image, seen.nearness.expand(3, 32, 64), atol=1e-5, rtol=0)


def test_aspect_stays():
    """Across half as many rows as columns the picture changes half as much."""
    height, width = 60, 120
    y, x = torch.meshgrid(torch.arange(height) / 120, torch.arange(width) / 120, indexing="ij")
    image = torch.stack([x, y, torch.zeros_like(x)])
    view = NearnessView(size=(30, 60), area=(0.3, 0.3))
    view._changes = []
    seen = view(NearnessSample("grid", image, y[None]), generator(3)).image
    across = float((seen[0, :, -1] - seen[0, :, 0]).abs().mean()) / 59
    down = float((seen[1, -1] - seen[1, 0]).abs().mean()) / 29
    assert across == pytest.approx(down, rel=0.05)


def test_the_generator_decides_all_and_nothing_else_is_touched():
    view = NearnessView(size=(32, 64), flaws=0.5)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = view(sample(), generator(1))
    assert torch.equal(torch.rand(3), expected)
    again = view(sample(), generator(1))
    other = view(sample(), generator(2))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.nearness, again.nearness)
    assert not torch.equal(first.image, other.image)
    assert first.image.min() >= 0
    assert first.image.max() <= 1


def test_the_global_generator_comes_back_after_an_error():
    before = torch.random.get_rng_state()
    with pytest.raises(RuntimeError, match="shape"), seeded_by(generator()):
        torch.rand(4).view(5)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_change_happens_and_keeps_the_label():
    view = NearnessView(size=(32, 64), area=(1.0, 1.0), flaws=1.0, grey=1.0)
    for seed in range(3):
        seen = view(sample(32, 64), generator(seed))
        ramp = torch.linspace(0, 1, 64)
        flipped = seen.nearness[0, 0, 0] > 0.5
        torch.testing.assert_close(seen.nearness[0, 0], ramp.flip(0) if flipped else ramp, atol=1e-4, rtol=0)
        assert not torch.equal(seen.image, seen.nearness.expand(3, 32, 64))


def test_light_stays_with_its_picture():
    light = torch.rand(3, 16, 24) * 3
    one = LightSample("light", light.clamp(0, 1), light)
    mirrored = 0
    for seed in range(20):
        seen = LightView(flaws=0.0)(one, generator(seed))
        assert torch.equal(seen.image, seen.radiance.clamp(0, 1))
        mirrored += not torch.equal(seen.radiance, light)
    assert 3 < mirrored < 17
    coded = LightView(flaws=1.0)(one, generator(0))
    assert not torch.equal(coded.image, coded.radiance.clamp(0, 1))


def test_bad_settings():
    with pytest.raises(InputError, match="size"):
        NearnessView(size=(0, 4))
    with pytest.raises(InputError, match="area"):
        NearnessView(size=(4, 4), area=(0.5, 0.2))
    with pytest.raises(InputError, match="flaws"):
        NearnessView(size=(4, 4), flaws=2.0)
    with pytest.raises(InputError, match="flaws"):
        LightView(flaws=-1.0)
