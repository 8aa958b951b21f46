"""The curves of the standards at the points that they name, and HDR files as SDR frames."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rackfocus.video import ColourTags, Transfer, open_video
from rackfocus.video.colour import HLG, PQ
from rackfocus.video.tone_mapping import hdr_to_sdr, hlg_to_nits, nits_to_pq, pq_to_nits, roll_off


def test_pq_is_that_of_st_2084() -> None:
    """Code values of BT.2408, Table 1: 100, 203, 1000 and 10000 cd/m2."""
    nits = torch.tensor([0.0, 100.0, 203.0, 1000.0, 10000.0], dtype=torch.float64)
    codes = nits_to_pq(nits)
    expected = torch.tensor([0.0, 0.508, 0.581, 0.752, 1.0], dtype=torch.float64)
    torch.testing.assert_close(codes, expected, atol=6e-4, rtol=0)
    torch.testing.assert_close(pq_to_nits(codes), nits, atol=1e-6, rtol=1e-9)


def test_hlg_is_that_of_bt_2100() -> None:
    """White at 75 % is 203 cd/m2 on a display of 1000 (BT.2408), full code is its peak."""
    codes = torch.tensor([0.0, 0.75, 1.0], dtype=torch.float64).expand(3, 1, 3).contiguous()
    nits = hlg_to_nits(codes)[0, 0]
    torch.testing.assert_close(
        nits, torch.tensor([0.0, 203.0, 1000.0], dtype=torch.float64), atol=0.5, rtol=0
    )


def test_the_roll_off_keeps_the_dark_and_rises_to_white() -> None:
    nits = torch.linspace(0, 1000, 2001, dtype=torch.float64)
    mapped = roll_off(nits)
    assert torch.equal(mapped[nits < 85], nits[nits < 85])
    assert (mapped.diff() > 0).all()
    assert mapped.diff().diff().max() < 1e-3  # smooth at the knee
    assert mapped[-1].item() == pytest.approx(203)
    assert roll_off(torch.tensor([4000.0], dtype=torch.float64)).item() == pytest.approx(203)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_grey_stays_grey_and_in_range(transfer: int) -> None:
    ramp = torch.linspace(0, 1, 256).expand(3, 4, 256).contiguous()
    sdr = hdr_to_sdr(ramp, transfer=transfer, primaries=9)
    assert (sdr - sdr.mean(0)).abs().max() < 1e-3
    assert (sdr[0, 0].diff() >= 0).all()
    assert sdr.min() >= 0
    assert sdr.max() == 1


def test_a_patch_of_white_paper() -> None:
    """203 cd/m2 are a bright grey, since light up to 1000 needs room above; 50 are where BT.1886 has them."""
    codes = nits_to_pq(torch.tensor([50.0, 203.0])).expand(3, 1, 2).contiguous()
    dark, paper = hdr_to_sdr(codes, transfer=PQ, primaries=9)[0, 0].tolist()
    assert dark == pytest.approx((50 / 203) ** (1 / 2.4), abs=1e-3)
    assert 0.85 < paper < 0.95


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_an_hdr_video_is_read_as_sdr(tmp_path: Path, make_video: Callable[..., Path], transfer: int) -> None:
    tags = (1, 9, transfer, 9)
    path = make_video(tmp_path / "h.mp4", pixel_format="yuv420p10le", tags=tags, rotation=90)
    with open_video(path) as reader:
        info, frame = reader.info, next(reader.frames())
    assert (info.bit_depth, info.transfer) == (10, Transfer.BT709)
    assert info.colour == ColourTags(range=1, primaries=1, transfer=1, matrix=1)
    assert frame.encoded.shape == (3, 64, 48)
    assert frame.encoded.isfinite().all()
    assert 0.1 < frame.encoded.mean() < 0.9
