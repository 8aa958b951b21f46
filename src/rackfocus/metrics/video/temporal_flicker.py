"""Flicker as in Fig. 3A: the mean around saturated pixels over time, and its high frequencies."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

SATURATED = 0.98
"""The encoded value above which a pixel counts as saturated."""
CUTOFF = 0.25
"""High frequencies are those above this share of the frame rate: periods of fewer than four frames."""


def near_saturated(
    encoded: Float[Tensor, "3 height width"], *, reach_px: int
) -> Bool[Tensor, "height width"]:
    """The neighbourhood of the saturated pixels of a deep-DOF frame, where bokeh appears: within a square of
    half-width `reach_px`.
    """
    saturated = (encoded.amax(0, keepdim=True) >= SATURATED).float()
    return F.max_pool2d(saturated, 2 * reach_px + 1, stride=1, padding=reach_px)[0] > 0


def flicker_curve(
    rendered: Sequence[Float[Tensor, "3 height width"]],
    neighbourhoods: Sequence[Bool[Tensor, "height width"]],
) -> Float[Tensor, "frame"]:
    """The curve of Fig. 3A: the mean of each rendered frame around its saturated pixels.

    A frame without saturated pixels takes the previous value (at the beginning, the first known one).

    Raises:
        ValueError: no frame has saturated pixels.
    """
    means = [
        frame[:, near].mean() if near.any() else None
        for frame, near in zip(rendered, neighbourhoods, strict=True)
    ]
    last = next((mean for mean in means if mean is not None), None)
    if last is None:
        raise ValueError("No frame has a saturated pixel.")
    curve = []
    for mean in means:
        last = last if mean is None else mean
        curve.append(last)
    return torch.stack(curve)


def high_frequency_energy(curve: Float[Tensor, "frame"]) -> Float[Tensor, ""]:
    """The mean square of the frequencies above `CUTOFF` of the frame rate; lower is better.

    The curve is mirrored at its end, which avoids a step there, so that a slow drift contributes almost
    nothing.
    """
    mirrored = torch.cat([curve, curve.flip(0)]).double()
    spectrum = torch.fft.rfft(mirrored)
    frequencies = torch.fft.rfftfreq(len(mirrored))
    spectrum[frequencies < CUTOFF] = 0
    return torch.fft.irfft(spectrum, len(mirrored)).square().mean().to(curve.dtype)
