import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import rackfocus
from rackfocus.data.apertures.light_fields.folders import read_views
from rackfocus.data.apertures.light_fields.light_field import LightField
from rackfocus.data.apertures.light_fields.samples import LightFieldSamples, Refocus, make_samples
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError


def wall(*, disparity: int) -> LightField:
    """A wall of smooth texture, which moves by whole pixels from view to view."""
    noise = np.random.default_rng(5).uniform(0, 255, (160, 160, 3)).astype(np.float32)
    texture = np.clip(cv2.GaussianBlur(noise, None, 2) * 4 - 380, 0, 255).astype(np.uint8)
    codes = np.empty((7, 7, 100, 100, 3), np.uint8)
    for row, column in np.ndindex(7, 7):
        top, left = 30 - disparity * (row - 3), 30 - disparity * (column - 3)
        codes[row, column] = texture[top : top + 100, left : left + 100]
    return LightField("wall", codes, is_linear=False)


def psnr(image: torch.Tensor, truth: torch.Tensor, *, border: int) -> float:
    """In encoded sRGB, without a border where views lack."""
    inside = np.s_[..., border:-border, border:-border]
    error = linear_to_srgb(image.clamp(0, 1))[inside] - linear_to_srgb(truth)[inside]
    return float(-10 * torch.log10(error.square().mean()))


def render(sample, disparity: torch.Tensor) -> torch.Tensor:
    return rackfocus.render(srgb_to_linear(sample.deep)[None], disparity[None, None])[0]


def refocused(sample, disparity: torch.Tensor) -> torch.Tensor:
    return rackfocus.refocus_disparity(
        disparity, aperture_ratio=sample.aperture_ratio, focal_disparity=sample.focal_disparity
    )


@pytest.mark.parametrize("refocus", [Refocus(0.5), Refocus(slope_change=-0.5), Refocus(0.6, 0.5)])
@pytest.mark.parametrize("focus_slope", [0.0, 1.5])
def test_the_renderer_makes_the_same_photographs_of_a_wall(refocus, focus_slope):
    (sample,) = make_samples(wall(disparity=1), focus_slope=focus_slope, adjusted=[refocus])
    disparity = torch.full(sample.deep.shape[1:], (1 - focus_slope) * 3.5)
    assert psnr(render(sample, disparity), sample.shallow, border=16) > 40
    assert psnr(render(sample, refocused(sample, disparity)), sample.adjusted, border=16) > 40


def test_what_a_sample_says():
    (sample,) = make_samples(wall(disparity=1), focus_slope=0.0, adjusted=[Refocus(0.5, 0.4)])
    assert sample.name == "wall/aperture 0.5 focal +0.4"
    assert sample.aperture_ratio == 0.5
    assert sample.focal_disparity == pytest.approx(0.4 * 3.5)
    assert sample.disparity is None
    assert sample.radiance is None
    for image in (sample.deep, sample.shallow, sample.adjusted):
        assert image.dtype == torch.float32
        assert image.min() >= 0
        assert image.max() <= 1


def test_a_pair_is_given_twice():
    (sample,) = make_samples(wall(disparity=1), focus_slope=0.0, adjusted=[Refocus()])
    assert torch.equal(sample.shallow, sample.adjusted)
    assert (sample.aperture_ratio, sample.focal_disparity) == (1.0, 0.0)


def test_each_field_gives_its_samples_in_turn():
    read = []

    def reader(path: Path) -> LightField:
        read.append(path)
        return wall(disparity=int(path.name))

    samples = LightFieldSamples(
        [Path("0"), Path("1")], reader, focus_slope=0.0, adjusted=[Refocus(), Refocus(0.5)]
    )
    assert len(samples) == 4
    assert [sample.name for sample in samples] == ["wall/pair", "wall/aperture 0.5"] * 2
    assert read == [Path("0"), Path("0"), Path("1"), Path("1")]  # once a sample
    assert torch.equal(samples[-1].shallow, samples[3].shallow)
    for index in (4, -5):
        with pytest.raises(IndexError):
            samples[index]


@pytest.mark.parametrize("numbers", [(0.0, 0.0), (1.1, 0.0), (1.0, float("inf"))])
def test_a_refocus_of_no_sense(numbers):
    with pytest.raises(InputError):
        Refocus(*numbers)


def test_no_samples_and_no_focus():
    with pytest.raises(InputError, match="adjusted"):
        LightFieldSamples([], read_views, focus_slope=0.0, adjusted=[])
    with pytest.raises(InputError, match="focus_slope"):
        LightFieldSamples([], read_views, focus_slope=float("nan"), adjusted=[Refocus()])


def plane_sweep(field: LightField, slopes: np.ndarray) -> np.ndarray:
    """Disparity of the central view in pixels a view: where the better half of the views agree."""
    middle_row, middle_column = field.centre
    rows, columns, height, width, _ = field.codes.shape
    middle = field.codes[middle_row, middle_column].astype(np.float32)
    costs = []
    for slope in slopes:
        errors = []
        for row, column in itertools.product(range(rows), range(columns)):
            move = np.array([[1, 0, slope * (column - middle_column)], [0, 1, slope * (row - middle_row)]])
            view = cv2.warpAffine(
                field.codes[row, column].astype(np.float32), move, (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
            )  # fmt: skip
            errors.append(cv2.blur(np.abs(view - middle).mean(-1), (5, 5)))
        costs.append(np.sort(errors, axis=0)[: len(errors) // 2].mean(0))
    return cv2.medianBlur(slopes[np.argmin(costs, axis=0)].astype(np.float32), 5)


REAL = {
    # name: (mirrored, rows, columns, slopes of the sweep, first focus, second focus)
    "lightfield_lytro2067": (False, slice(40, 344), slice(60, 500), (-1.5, 0.5, 21), -0.25, 0.25),
    "lightfield_shop": (True, slice(180, 500), slice(300, 760), (-7.0, 0.0, 29), -2.0, -3.0),
}


@pytest.mark.parametrize(
    "name", ["lightfield_lytro2067", pytest.param("lightfield_shop", marks=pytest.mark.slow)]
)
def test_a_focal_triplet_is_a_shift_of_disparity_that_the_renderer_reproduces(name, shared):
    """`pytest -s` prints what `experiments/light_field` records."""
    mirrored, rows, columns, sweep, first, second = REAL[name]
    whole = read_views(shared / "data" / "aperture" / name, mirrored=mirrored)
    field = LightField(name, whole.codes[:, :, rows, columns], whole.is_linear)
    (sample,) = make_samples(field, focus_slope=first, adjusted=[Refocus(slope_change=second - first)])
    slope = torch.from_numpy(plane_sweep(field, np.linspace(*sweep)))
    disparity = (slope - first) * field.radius

    def of_shallow(image: torch.Tensor) -> float:
        return psnr(image, sample.shallow, border=20)

    def of_adjusted(image: torch.Tensor) -> float:
        return psnr(image, sample.adjusted, border=20)

    sharp = srgb_to_linear(sample.deep)
    shown = render(sample, disparity)
    shifted = render(sample, refocused(sample, disparity))
    turned = render(sample, -disparity)
    table = {
        "shallow: rendered": of_shallow(shown),
        "shallow: sharp image": of_shallow(sharp),
        "shallow: rendered, sign turned": of_shallow(turned),
        "adjusted: rendered with the shift": of_adjusted(shifted),
        "adjusted: sharp image": of_adjusted(sharp),
        "adjusted: rendered without the shift": of_adjusted(shown),
    }
    print(f"\n{name}, focus {first} and {second} px a view")
    for what, value in table.items():
        print(f"  {what:40}{value:6.1f} dB")
    assert table["adjusted: rendered with the shift"] > table["shallow: rendered"] - 3
    assert table["adjusted: rendered with the shift"] > table["adjusted: rendered without the shift"] + 3
    assert table["adjusted: rendered with the shift"] > table["adjusted: sharp image"] + 3
    assert table["shallow: rendered"] > table["shallow: sharp image"] + 3
    assert table["shallow: rendered"] > table["shallow: rendered, sign turned"]
