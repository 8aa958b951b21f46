import numpy as np
import pytest
import torch

from rackfocus.data.apertures.light_fields.folders import read_views
from rackfocus.data.apertures.light_fields.light_field import LightField, disk_weights, shift_and_add
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError


def ramp_field(*, views: int = 5, disparity: float = 0.5) -> LightField:
    """Light that grows to the right: what the central view has at x, view p has at x + disparity * p."""
    place = np.arange(views) - views // 2
    x = np.arange(40)
    line = 100 + 2 * (x - disparity * place[:, None])
    codes = np.broadcast_to(line[None, :, None, :, None], (views, views, 24, 40, 3)).astype(np.uint8)
    return LightField("ramp", codes, is_linear=True)


@pytest.mark.parametrize("radius", [0.4, 0.9, 1.5, 2.5])
def test_a_view_weighs_what_the_disk_covers_of_its_cell(radius):
    weights = disk_weights((5, 5), centre=(2, 2), radius=radius)
    fine = np.linspace(-2.5, 2.5, 2000, endpoint=False) + 0.00125
    inside = fine[:, None] ** 2 + fine**2 < radius**2
    covered = inside.reshape(5, 400, 5, 400).sum((1, 3))
    np.testing.assert_allclose(weights, covered / covered.sum(), atol=2e-4)
    assert weights.sum() == pytest.approx(1, abs=1e-6)


def test_the_middle_of_an_even_grid_is_the_view_after_it():
    field = LightField("even", np.zeros((12, 14, 4, 4, 3), np.uint8), is_linear=True)
    assert field.centre == (6, 7)
    assert field.radius == 5.5
    weights = disk_weights((12, 14), centre=field.centre, radius=field.radius)
    np.testing.assert_array_equal(weights[0], 0)
    np.testing.assert_allclose(weights[1:], weights[1:][::-1], atol=1e-7)  # centred on the central view


def test_what_is_in_focus_stays_as_it_is():
    field = ramp_field(disparity=0.5)
    image = shift_and_add(field, slope=0.5)
    torch.testing.assert_close(linear_to_srgb(image)[..., 4:-4], field.deep()[..., 4:-4], rtol=0, atol=1e-6)


def test_the_pinhole_is_the_central_view():
    field = ramp_field()
    image = shift_and_add(field, slope=3.0, radius=0.5)
    torch.testing.assert_close(linear_to_srgb(image), field.deep(), rtol=0, atol=1e-6)


def test_a_point_blurs_to_a_disk_of_disparity_times_radius():
    codes = np.zeros((11, 11, 41, 41, 3), np.uint8)
    for row in range(11):
        for column in range(11):
            codes[row, column, 20 + 2 * (row - 5), 20 + 2 * (column - 5)] = 255  # disparity 2
    field = LightField("point", codes, is_linear=True)
    image = shift_and_add(field, slope=1.0)[0]
    ys, xs = torch.nonzero(image > 1e-6, as_tuple=True)
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (15, 25, 15, 25)
    moment = (image.sum(0) * (torch.arange(41) - 20) ** 2).sum() / image.sum()
    assert moment == pytest.approx(5.5**2 / 4, rel=0.02)  # of an even disk of radius (2 - 1) * 5.5


def test_encoded_views_are_added_as_light():
    codes = np.zeros((3, 3, 4, 4, 3), np.uint8)
    codes[1, 1] = 188
    mean = shift_and_add(LightField("encoded", codes, is_linear=False), slope=0.0)
    share = disk_weights((3, 3), centre=(1, 1), radius=1.5)[1, 1]
    expected = share * srgb_to_linear(torch.tensor(188 / 255))
    torch.testing.assert_close(mean, expected.expand(3, 4, 4))


@pytest.mark.parametrize("radius", [0.0, -1.0, 2.6, float("nan")])
def test_an_aperture_beyond_the_views(radius):
    with pytest.raises(InputError, match=r"ramp.*2\.5"):
        shift_and_add(ramp_field(), slope=0.0, radius=radius)


def test_too_few_views():
    with pytest.raises(InputError, match="2x5"):
        LightField("narrow", np.zeros((2, 5, 4, 4, 3), np.uint8), is_linear=True)


@pytest.fixture(scope="module")
def shop(shared) -> LightField:
    """A part of it, with things near and far."""
    whole = read_views(shared / "data" / "aperture" / "lightfield_shop")
    return LightField(whole.name, whole.codes[:, :, 180:340, 300:540], whole.is_linear)


def test_the_shop_is_the_plain_shift_and_add(shop):
    image = shift_and_add(shop, slope=2.0)
    weights = disk_weights((5, 5), centre=(2, 2), radius=2.5)

    total = np.zeros((160, 240, 3))
    for row, column in np.ndindex(5, 5):
        light = srgb_to_linear(torch.from_numpy(shop.codes[row, column] / 255)).numpy()
        total += weights[row, column] * np.roll(light, (-2 * (row - 2), -2 * (column - 2)), (0, 1))

    inside = np.s_[..., 4:-4, 4:-4]  # what the roll brings in from the other side is left out
    np.testing.assert_allclose(image.numpy()[inside], total.transpose(2, 0, 1)[inside], rtol=0, atol=1e-6)


def test_the_shop_between_pixels(shop):
    image = shift_and_add(shop, slope=0.5)
    weights = disk_weights((5, 5), centre=(2, 2), radius=2.5)

    def half(light: np.ndarray, steps: int, axis: int) -> np.ndarray:
        """Read at x + steps / 2: the cubic through the four samples around."""
        light = np.roll(light, -(steps // 2), axis)
        around = [np.roll(light, -offset, axis) for offset in (-1, 0, 1, 2)]
        return np.tensordot([-1 / 16, 9 / 16, 9 / 16, -1 / 16], around, 1) if steps % 2 else light

    total = np.zeros((160, 240, 3))
    for row, column in np.ndindex(5, 5):
        light = srgb_to_linear(torch.from_numpy(shop.codes[row, column] / 255)).numpy()
        total += weights[row, column] * half(half(light, row - 2, 0), column - 2, 1)

    inside = np.s_[..., 4:-4, 4:-4]
    np.testing.assert_allclose(image.numpy()[inside], total.transpose(2, 0, 1)[inside], rtol=0, atol=1e-6)
