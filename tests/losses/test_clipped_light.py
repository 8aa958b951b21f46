import math

import pytest
import torch

from rackfocus.losses.clipped_light import EPSILON, clipped_light_loss
from rackfocus.optics.radiometry import HDR_GAIN


def test_by_hand():
    srgb = torch.full((1, 3, 2, 2), 0.5)
    srgb[..., 0, 0] = 1.0
    radiance = torch.ones(1, 3, 2, 2)
    radiance[..., 0, 0] = 8.0
    log_exposure = torch.zeros(1, 3, 2, 2)
    log_exposure[..., 0, 0] = math.log(2) / HDR_GAIN
    # One pixel counts: it is 2 and should be 8. The others are wrong and known from the image.
    expected = math.log((8 + EPSILON) / (2 + EPSILON)) ** 2
    assert clipped_light_loss(srgb, log_exposure, radiance) == pytest.approx(expected, rel=1e-5)


def test_nothing_clipped_is_no_loss():
    srgb = torch.full((1, 3, 4, 4), 0.9, requires_grad=True)
    loss = clipped_light_loss(srgb, torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4))
    loss.backward()
    assert loss == 0
    assert not srgb.grad.any()


def test_gradcheck():
    generator = torch.Generator().manual_seed(0)
    srgb = torch.rand(1, 3, 2, 3, generator=generator, dtype=torch.float64).clamp_min(0.96)
    radiance = 1 + torch.rand(1, 3, 2, 3, generator=generator, dtype=torch.float64)
    log_exposure = torch.rand(1, 3, 2, 3, generator=generator, dtype=torch.float64) / HDR_GAIN
    torch.autograd.gradcheck(lambda e: clipped_light_loss(srgb, e, radiance), log_exposure.requires_grad_())


def test_unknown_light_does_not_count():
    srgb = torch.ones(1, 3, 2, 2)
    radiance = torch.full((1, 3, 2, 2), 8.0)
    log_exposure = torch.full((1, 3, 2, 2), 0.1, requires_grad=True)
    known = clipped_light_loss(srgb, log_exposure, radiance)
    radiance[:, 1, 0] = torch.nan
    loss = clipped_light_loss(srgb, log_exposure, radiance)
    torch.testing.assert_close(loss, known)
    loss.backward()
    assert log_exposure.grad.isfinite().all()
    assert not log_exposure.grad[..., 0, :].any()
    assert log_exposure.grad[..., 1, :].all()
