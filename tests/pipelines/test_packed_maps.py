"""Maps in few bits: exact values, and the same by numpy."""

import numpy as np
import pytest
import torch

from rackfocus.pipelines.packed_maps import packed, rounded, unpacked


def test_steps_come_back_exactly():
    row = [0, 1, -1, 32767, -32768, 32767, 5, 5]
    values = torch.tensor([[row]]).float() * 0.25
    folded = packed(values, 0.25)
    # 0, 1 and -2 are the first three differences; folded, 0, 2 and 3.
    assert folded[0, 0, :3].tolist() == [0, 2, 3]
    assert folded.dtype == np.uint16
    torch.testing.assert_close(unpacked(folded, 0.25), values, rtol=0, atol=0)


def test_other_values_are_rounded_and_the_largest_held():
    values = torch.linspace(-9, 9, 1000).view(1, 10, 100)
    error = (unpacked(packed(values, 1 / 16), 1 / 16) - values).abs().max()
    assert 0.9 / 32 < error <= 1 / 32
    held = unpacked(packed(torch.tensor([[[1e6, -1e6]]]), 1 / 16), 1 / 16)
    assert held.flatten().tolist() == [32767 / 16, -2048]


@pytest.mark.parametrize("kind", [torch.float16, torch.float32])
@pytest.mark.parametrize("step", [1 / 16, 1 / 3200])
def test_the_codes_are_those_of_numpy(kind, step):
    generator = torch.Generator().manual_seed(0)
    # Differences that wrap, values beyond the largest, more rows than a band, and rows that are not adjacent.
    values = (20 * torch.randn(3, 45, 14, generator=generator)).to(kind)[..., :7]
    steps = np.rint(values.float().numpy() / np.float32(step)).clip(-(2**15), 2**15 - 1).astype(np.int16)
    differences = np.diff(steps, axis=-1, prepend=np.int16(0))
    codes = ((differences << 1) ^ (differences >> 15)).view(np.uint16)
    np.testing.assert_array_equal(packed(values, step), codes)
    assert torch.equal(unpacked(codes, step), torch.from_numpy(steps).float() * np.float32(step))


def test_rounding_alone_gives_the_same():
    values = torch.cat(
        [20 * torch.randn(1000, generator=torch.Generator().manual_seed(1)), torch.tensor([6e4, -6e4])]
    )
    maps = values.half().view(1, 2, -1)
    assert torch.equal(rounded(maps, 1 / 16), unpacked(packed(maps, 1 / 16), 1 / 16))
    assert rounded(torch.tensor([np.nan, 0.04]), 1 / 16).nan_to_num(9).tolist() == [9, 1 / 16]


@pytest.mark.parametrize("value", [torch.inf, -torch.inf, torch.nan])
def test_what_is_no_number_is_told(value):
    values = torch.zeros(1, 40, 5)
    values[0, 39, 4] = value
    with pytest.raises(ValueError, match="not finite"):
        packed(values, 0.25)
