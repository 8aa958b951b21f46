import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.losses.relative_depth import gradient_matching, normalised, relative_depth_loss


def test_normalised_by_hand():
    values = torch.tensor([1.0, 3.0, 5.0, 11.0, 5.0]).view(1, 1, 1, 5)
    # Median 5; deviations 4, 2, 0, 6, 0, of mean 2.4.
    expected = torch.tensor([-4.0, -2.0, 0.0, 6.0, 0.0]).view(1, 1, 1, 5) / 2.4
    torch.testing.assert_close(normalised(values), expected)
    assert not normalised(torch.full((2, 1, 3, 4), 7.0)).any()


def test_gradients_by_hand():
    difference = torch.tensor([[0.0, 2.0], [4.0, 8.0]]).view(1, 1, 2, 2)
    # Across 2 and 4, down 4 and 6; the next size is one pixel.
    assert gradient_matching(difference) == 3 + 5


@settings(deadline=None, max_examples=20)
@given(st.floats(0.1, 10), st.floats(-5, 5), st.integers(0, 2**31))
def test_scale_and_shift_do_not_matter(scale, shift, seed):
    generator = torch.Generator().manual_seed(seed)
    prediction, label = torch.rand(2, 1, 1, 17, 23, generator=generator, dtype=torch.float64)
    label = label + 0.1
    plain = relative_depth_loss(prediction[None, 0], label[None, 0])
    torch.testing.assert_close(
        relative_depth_loss(scale * prediction[None, 0] + shift, label[None, 0]), plain
    )
    assert relative_depth_loss(scale * label[None, 0] + shift, label[None, 0]) < 1e-9
    assert plain > 0.1


def test_turned_round_is_worse_than_flat():
    label = torch.rand(1, 1, 16, 16)
    flat = relative_depth_loss(torch.zeros_like(label), label)
    assert relative_depth_loss(-label, label) > 1.5 * flat


def test_gradcheck():
    generator = torch.Generator().manual_seed(0)
    prediction, label = torch.rand(2, 1, 1, 5, 6, generator=generator, dtype=torch.float64)
    prediction = prediction[None, 0].requires_grad_()
    torch.autograd.gradcheck(lambda p: relative_depth_loss(p, label[None, 0]), prediction)
