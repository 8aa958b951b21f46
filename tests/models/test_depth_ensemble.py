import pytest
import torch

from rackfocus import InputError
from rackfocus.models.depth_ensemble import Averaged, EdgeSharpenedDepth, MirrorAveragedDepth, standardised

IMAGE = torch.rand(2, 3, 40, 60, generator=torch.Generator().manual_seed(1))


def red(srgb):
    return srgb[:, :1]


def leftness(srgb):
    return torch.arange(srgb.shape[-1], dtype=srgb.dtype).expand_as(srgb[:, :1])


def test_a_mirrored_model_does_not_know_left_from_right():
    assert torch.equal(MirrorAveragedDepth(red)(IMAGE), red(IMAGE))
    torch.testing.assert_close(MirrorAveragedDepth(leftness)(IMAGE), torch.full((2, 1, 40, 60), 29.5))


def test_scale_and_shift_of_members_do_not_matter():
    plain = Averaged({"a": red, "b": leftness}, {"a": 2.0, "b": 1.0})(IMAGE)
    other = Averaged(
        {"a": lambda srgb: 5 * red(srgb) - 3, "b": lambda srgb: 0.1 * leftness(srgb)}, {"a": 1.0, "b": 0.5}
    )(IMAGE)
    torch.testing.assert_close(plain, other, atol=1e-4, rtol=0)
    expected = (2 * standardised(red(IMAGE)) + standardised(leftness(IMAGE))) / 3
    torch.testing.assert_close(plain, expected)


def test_flat_nearness_stays_finite():
    assert not standardised(torch.full((1, 1, 4, 5), 7.0)).any()


def test_structure_is_one_model_s_and_edges_the_other_s():
    """A step that only one model sees appears where that one has the edges, and its level does not."""
    step = torch.zeros(1, 1, 100, 200)
    step[..., 100:] = 1
    flat = torch.linspace(0, 1, 100)[:, None].expand(1, 1, 100, 200)
    image = torch.zeros(1, 3, 100, 200)
    sharp = EdgeSharpenedDepth(lambda _: flat, lambda _: step, sigma_share=0.1)(image)
    same = EdgeSharpenedDepth(lambda _: step, lambda _: step)(image)
    torch.testing.assert_close(same, standardised(step), atol=1e-5, rtol=0)
    edge = float((sharp[..., 100] - sharp[..., 99]).mean())
    far = float((sharp[..., 190] - sharp[..., 10]).mean())
    assert edge == pytest.approx(2.0, abs=0.1)  # In deviations of the step.
    assert abs(far) < 0.05
    down = float((sharp[..., 90, 10] - sharp[..., 10, 10]).mean())
    assert down > 2  # The ramp's.


def test_bad_input():
    with pytest.raises(InputError, match="look at b"):
        Averaged({"a": red}, {"a": 1.0, "b": 1.0})
    with pytest.raises(InputError, match="0 or more"):
        Averaged({"a": red}, {"a": 0.0})
    with pytest.raises(InputError, match="sigma_share"):
        EdgeSharpenedDepth(red, red, sigma_share=0.0)
