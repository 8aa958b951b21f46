import math

import numpy as np
import pytest
import torch

from rackfocus.optics.curve_tables import decoding, encoding, to_srgb
from rackfocus.optics.radiometry import TRANSFER_CURVES, linear_to_srgb

HALVES = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(torch.float16)
VALUES = torch.cat([torch.linspace(-2, 20, 100_003), torch.logspace(-12, 4, 10_001), torch.zeros(1)])

JOINTS = (0.081, 0.018)
"""Where the parts of BT.709's curve meet, encoded and linear."""


@pytest.mark.parametrize("transfer", TRANSFER_CURVES)
@pytest.mark.parametrize(("table", "which"), [(decoding, 0), (encoding, 1)])
def test_a_table_is_its_curve(table, which, transfer):
    curve = TRANSFER_CURVES[transfer][which]
    torch.testing.assert_close(
        table(transfer)(HALVES), curve(HALVES.float()), rtol=1e-6, atol=0, equal_nan=True
    )
    # The two parts of BT.709's curve do not quite meet: there the table is between them.
    smooth = VALUES[((VALUES.abs() - JOINTS[which]).abs() > 0.01 * JOINTS[which]) | (VALUES == 0)]
    torch.testing.assert_close(table(transfer)(smooth), curve(smooth), rtol=3e-5, atol=0)
    near = JOINTS[which] * torch.linspace(0.99, 1.01, 1001)
    torch.testing.assert_close(table(transfer)(near), curve(near), rtol=3e-3, atol=0)


def test_values_without_limit_stay_so():
    extreme = torch.tensor([math.inf, -math.inf, torch.finfo(torch.float32).max])
    assert encoding("srgb")(extreme)[:2].tolist() == [math.inf, -math.inf]
    assert encoding("srgb")(extreme)[2].isfinite()
    assert encoding("srgb")(torch.tensor([math.nan])).isnan().all()


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 3, 600, 500)])
def test_every_sample_is_converted_in_its_place(shape):
    picture = torch.rand(shape, generator=torch.Generator().manual_seed(3)).half()
    seen = picture.transpose(-1, -2)  # not contiguous
    expected = TRANSFER_CURVES["bt709"][0](seen.float())
    torch.testing.assert_close(decoding("bt709")(seen), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("transfer", TRANSFER_CURVES)
def test_the_models_input_is_srgb(transfer):
    picture = torch.rand(3, 9, 11, generator=torch.Generator().manual_seed(4)).half()
    expected = linear_to_srgb(TRANSFER_CURVES[transfer][0](picture.float()))
    torch.testing.assert_close(to_srgb(transfer)(picture), expected, rtol=1e-6, atol=0)
    codes = (255 * expected).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(to_srgb(transfer).image(picture), codes)


def test_a_gradient_comes_from_the_curve_itself():
    values = torch.rand(
        50, dtype=torch.float64, generator=torch.Generator().manual_seed(5), requires_grad=True
    )
    assert torch.autograd.gradcheck(encoding("srgb"), values)
