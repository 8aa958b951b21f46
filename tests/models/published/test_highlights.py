import torch

from rackfocus.models.published.highlights import highlight_log_exposure
from rackfocus.optics.radiometry import apply_log_exposure, srgb_to_linear


def colour(*channels):
    return torch.tensor(channels, dtype=torch.float32).view(1, 3, 1, 1)


def brightened(srgb, radiance):
    return apply_log_exposure(srgb_to_linear(srgb), highlight_log_exposure(srgb, radiance))


def test_what_does_not_clip_stays():
    srgb = colour(0.95, 0.5, 0.0)
    assert highlight_log_exposure(srgb, colour(9, 9, 9)).eq(0).all()


def test_white_becomes_the_prediction():
    torch.testing.assert_close(brightened(colour(1, 1, 1), colour(3, 5, 1)), colour(3, 5, 1))


def test_in_between_they_are_blended():
    """At 0.975 half of each, in all channels: the brightest decides."""
    srgb = colour(0.975, 0.5, 0.25)
    expected = (srgb_to_linear(srgb) + colour(3, 3, 3)) / 2
    torch.testing.assert_close(brightened(srgb, colour(3, 3, 3)), expected)


def test_nothing_is_darkened_and_black_is_no_trouble():
    assert highlight_log_exposure(colour(1, 1, 1), colour(0.2, 0, 1)).eq(0).all()
    exposure = highlight_log_exposure(colour(1, 0, 0.001), colour(4, 4, 4))
    assert exposure.isfinite().all()
    assert (exposure >= 0).all()
