"""Tone mapping of HDR10 and HLG to SDR.

Light is kept up to about 90 cd/m2; everything brighter is compressed smoothly, so that 1000 cd/m2 becomes
white:

1. Codes to light in cd/m2: PQ (SMPTE ST 2084), or HLG on a display of 1000 cd/m2 (ITU-R BT.2100, system
   gamma 1.2).
2. BT.2020 primaries to BT.709; colours outside BT.709 are clipped.
3. The brightest channel is mapped by the EETF of ITU-R BT.2390 (a Hermite spline in PQ) from a peak of 1000
   to one of 203 cd/m2, HDR's reference white (BT.2408); the others keep their ratio to it, and so the hue.
4. Light to codes by the inverse of BT.1886 with white at 203 cd/m2.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from rackfocus.video.colour import BT2020, PQ

PEAK_NITS = 1000.0
WHITE_NITS = 203.0
SDR_GAMMA = 2.4

_BT2020_TO_BT709 = (
    (1.660491, -0.587641, -0.072850),
    (-0.124550, 1.132900, -0.008349),
    (-0.018151, -0.100579, 1.118730),
)
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def hdr_to_sdr(
    encoded: Float[Tensor, "3 height width"], *, transfer: int, primaries: int
) -> Float[Tensor, "3 height width"]:
    """R'G'B' of an HDR picture converted to R'G'B' for an SDR display, in 0..1; see the module.

    Args:
        encoded: in 0..1.
        transfer: code point of PQ or HLG.
        primaries: code point; others than BT.2020 are kept.
    """
    light = pq_to_nits(encoded) if transfer == PQ else hlg_to_nits(encoded)
    if primaries == BT2020:
        light = torch.einsum("oi,ihw->ohw", light.new_tensor(_BT2020_TO_BT709), light).clamp_min_(0)
    brightest = light.amax(0).clamp_min_(1e-4)
    return (light * (roll_off(brightest) / brightest / WHITE_NITS)).clamp_(0, 1).pow_(1 / SDR_GAMMA)


def roll_off(nits: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The EETF of BT.2390 (Annex 5) from `PEAK_NITS` to `WHITE_NITS`, with black at 0."""
    peak = nits_to_pq(nits.new_tensor(PEAK_NITS))
    largest = nits_to_pq(nits.new_tensor(WHITE_NITS)) / peak
    knee = 1.5 * largest - 0.5
    signal = (nits_to_pq(nits) / peak).clamp_max(1)
    t = ((signal - knee) / (1 - knee)).clamp_min(0)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee)
    spline = spline + (3 * t**2 - 2 * t**3) * largest
    return torch.where(signal < knee, nits, pq_to_nits(spline * peak))


def pq_to_nits(encoded: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The EOTF of SMPTE ST 2084: codes in 0..1 to 0..10000 cd/m2."""
    power = encoded.pow(1 / _M2)
    return 10000 * ((power - _C1).clamp_min(0) / (_C2 - _C3 * power)).pow(1 / _M1)


def nits_to_pq(nits: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The inverse EOTF of SMPTE ST 2084."""
    power = (nits / 10000).pow(_M1)
    return ((_C1 + _C2 * power) / (1 + _C3 * power)).pow(_M2)


def hlg_to_nits(encoded: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
    """HLG's codes in 0..1 as a display of 1000 cd/m2 shows them (BT.2100): inverse OETF, then OOTF."""
    scene = torch.where(encoded <= 0.5, encoded**2 / 3, (torch.exp((encoded - _C) / _A) + _B) / 12)
    brightness = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2]
    return PEAK_NITS * brightness.clamp_min(1e-9).pow(0.2) * scene
