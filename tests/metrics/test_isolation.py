import pytest
import torch

from rackfocus.metrics.isolation import blur_radius, isolation, sharp_share, soft_share
from rackfocus.metrics.masks import surroundings


@pytest.fixture
def mask():
    mask = torch.zeros(72, 90, dtype=torch.bool)  # a tenth of 720 lines: the ring is 0.8 to 4 px
    mask[20:50, 30:60] = True
    return mask


def test_all_pairs_by_brute_force(mask, generator):
    disparity = torch.randint(-4, 5, mask.shape, generator=generator).float()
    subject = disparity[mask]
    median = subject.sort().values[(len(subject) - 1) // 2]
    inner, outer = (subject - median).abs().tolist(), (disparity - median).abs()[surroundings(mask)].tolist()
    wins = sum((a < b) + (a == b) / 2 for a in inner for b in outer)
    assert isolation(disparity, mask).item() == pytest.approx(wins / (len(inner) * len(outer)))


def test_about_another_focal_plane_by_brute_force(mask, generator):
    disparity = torch.randint(-4, 5, mask.shape, generator=generator).float()
    blur = (disparity - 2.5).abs()
    inner, outer = blur[mask].tolist(), blur[surroundings(mask)].tolist()
    wins = sum((a < b) + (a == b) / 2 for a in inner for b in outer)
    assert isolation(disparity, mask, 2.5).item() == pytest.approx(wins / (len(inner) * len(outer)))


def test_a_sharp_subject_before_a_blurred_wall(mask, generator):
    disparity = torch.where(mask, -3.0, 5.0) + 0.1 * torch.rand(mask.shape, generator=generator)
    assert isolation(disparity, mask) == 1
    for other in (-2 * disparity, disparity + 7, 1e-3 * disparity):
        assert isolation(other, mask) == 1


def test_chance_is_a_half(mask, generator):
    assert isolation(torch.ones(mask.shape), mask) == 0.5
    noise = torch.rand(mask.shape, generator=generator)
    assert isolation(noise, mask).item() == pytest.approx(0.5, abs=0.05)


def test_what_is_nearer_than_the_subject_is_blurred_too(mask):
    disparity = torch.where(mask, 0.0, -5.0)
    assert isolation(disparity, mask) == 1
    assert soft_share(disparity, mask) == 1


def test_shares_count_pixels_at_720_lines(mask):
    disparity = torch.zeros(mask.shape)
    disparity[20:30, 30:60] = 0.11  # a third of the subject, 1.1 px at 720 lines
    ring = surroundings(mask)
    rows = torch.arange(72)[:, None].expand(mask.shape)
    disparity[ring] = torch.where(rows[ring] < 36, 0.21, 0.19)
    assert torch.equal(blur_radius(disparity, mask), disparity)  # the median is 0
    assert sharp_share(disparity, mask).item() == pytest.approx(2 / 3)
    assert soft_share(disparity, mask).item() == pytest.approx((rows[ring] < 36).double().mean().item())


@pytest.mark.parametrize("value", [True, False])
def test_without_a_subject_or_surroundings_nothing_is_known(value):
    mask, disparity = torch.full((60, 60), value), torch.zeros(60, 60)
    assert isolation(disparity, mask).isnan()
    assert soft_share(disparity, mask).isnan()
    assert sharp_share(disparity, mask).isnan() != value
