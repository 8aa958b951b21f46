"""The renderer and its reference against conv2d written out, analytic cases, and what both promise."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus import InputError, Lens, render
from rackfocus.optics import FORMULATIONS, Renderer, render_reference
from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.levels import fill_radius


def brute_force(image, disparity, formulation):
    """The formulas of `optics.levels`, line by line, with spatial convolutions."""
    low, high = int(disparity.floor().min()) - 2, int(disparity.ceil().max()) + 2
    fill = fill_radius(disparity)
    levels = range(low, high + 1)
    fills = range(int(fill.max()) + 2) if formulation == "coverage" else ()
    border = max(abs(low), abs(high))
    image, padded, fill = (F.pad(x, [border] * 4, mode="replicate") for x in (image, disparity, fill))
    mattes = {d: torch.exp(-2.8 * (padded - d) ** 2) * ((padded - d).abs() <= 2) for d in levels}

    def by_area(x, d):
        n = x.abs().floor()
        outer = (x**2 - n**2) / ((n + 1) ** 2 - n**2)
        sign = torch.where(x < 0, -1, 1)
        return (1 - outer) * (sign * n == d) + outer * (sign * (n + 1) == d)

    def blur(x, radius):
        kernel = disk_kernel(radius, dtype=x.dtype).expand(x.shape[1], 1, -1, -1)
        inside = x[
            ...,
            border - radius : x.shape[-2] - border + radius,
            border - radius : x.shape[-1] - border + radius,
        ]
        return F.conv2d(inside, kernel, groups=x.shape[1])

    if formulation == "paper":
        result = torch.zeros_like(blur(image, 0))
        for d in reversed(levels):
            result = result * (1 - blur(mattes[d], 0)) + blur(image * mattes[d], abs(d))
        return result
    if formulation == "coverage":
        shares = [(d, by_area(padded, d)) for d in levels]
        shares += [(d, by_area(fill, d) * (fill > 0)) for d in fills]
        light, taken = 0, torch.zeros_like(disparity)
        for d, share in shares:
            cover = blur(share, abs(d))
            take = torch.minimum(cover, 1.0001 - taken)
            light = light + blur(image * share, abs(d)) * take / cover.clamp_min(1e-12)
            taken = taken + take
        return light / taken
    total = sum(mattes.values())
    light = {d: blur(image * mattes[d] / total, abs(d)) for d in levels}
    cover = {d: blur(mattes[d] / total, abs(d)) for d in levels}
    through = {d: torch.ones_like(cover[d]) for d in levels}
    if formulation == "transmittance":
        for d in levels:
            for front in levels:
                if front < d - 2:
                    through[d] = through[d] * (1 - cover[front].clamp(0, 1))
    return sum(through[d] * light[d] for d in levels) / sum(through[d] * cover[d] for d in levels)


@pytest.mark.parametrize("renderer", [render, render_reference])
@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize(("height", "width"), [(13, 17), (1, 9), (8, 1)])
def test_equals_brute_force(renderer, formulation, height, width, generator):
    image = torch.rand(2, 3, height, width, generator=generator, dtype=torch.float64) * 3
    disparity = (torch.rand(2, 1, height, width, generator=generator, dtype=torch.float64) - 0.4) * 11
    expected = torch.cat(
        [brute_force(i[None], d[None], formulation) for i, d in zip(image, disparity, strict=True)]
    )
    torch.testing.assert_close(
        renderer(image, disparity, formulation=formulation), expected, atol=1e-9, rtol=1e-7
    )


@pytest.mark.parametrize("formulation", ["coverage", "transmittance", "weighted_sum"])
@settings(deadline=None, max_examples=20)
@given(
    colour=st.tuples(*[st.floats(0, 20)] * 3),
    spread=st.floats(0, 40),
    offset=st.floats(-30, 30),
    seed=st.integers(0, 2**31),
)
def test_a_constant_image_stays_constant_at_any_disparity(formulation, colour, spread, offset, seed):
    image = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 12, 15).contiguous()
    noise = torch.rand(1, 1, 12, 15, generator=torch.Generator().manual_seed(seed))
    result = render(image, noise * spread + offset, formulation=formulation)
    torch.testing.assert_close(result, image, atol=1e-5, rtol=1e-6)


def test_the_paper_form_loses_energy_as_was_measured():
    """Eq. 3 as printed renders 1 as .748 at half-integer disparity (see `optics.levels`)."""
    image, disparity = torch.ones(1, 3, 8, 8), torch.full((1, 1, 8, 8), 3.5)
    assert render(image, disparity, formulation="paper")[0, 0, 4, 4].item() == pytest.approx(0.748, abs=2e-3)


@pytest.mark.parametrize("formulation", ["transmittance", "weighted_sum"])
def test_zero_disparity_is_almost_the_input(formulation, generator):
    """Level 0 holds 89 % of it; its neighbours, one pixel wide, the rest."""
    image = torch.rand(1, 3, 16, 16, generator=generator)
    result = render(image, torch.zeros(1, 1, 16, 16), formulation=formulation)
    assert (result - image).abs().max() < 0.12


@pytest.mark.parametrize("radius", [-7, 4, 9])
def test_a_point_of_light_becomes_a_disk_of_its_disparity(radius):
    image = torch.zeros(1, 3, 41, 41)
    image[..., 20, 20] = 1000
    result = render(image, torch.full((1, 1, 41, 41), float(radius)))[0, 0]
    y, x = torch.meshgrid(torch.arange(41.0), torch.arange(41.0), indexing="ij")
    distance = torch.hypot(x - 20, y - 20)
    inside, outside = result[distance < abs(radius) - 2], result[distance > abs(radius) + 2.5]
    assert inside.min() > 0.85 * 1000 / (3.1416 * radius**2)
    assert outside.abs().max() < 1e-2
    assert result.sum().item() == pytest.approx(1000, rel=1e-4)


def test_a_sharp_foreground_hides_the_blurred_background():
    """Fig. 3D: background light must not bleed over an in-focus subject; without occlusion it does."""
    image = torch.zeros(1, 3, 32, 48)
    image[..., 24:] = 1.0
    disparity = torch.zeros(1, 1, 32, 48)
    disparity[..., 24:] = 8.0
    occluded = render(image, disparity)[0, 0, 16, :22]
    bled = render(image, disparity, formulation="weighted_sum")[0, 0, 16, :22]
    assert occluded.max() < 1e-3
    assert bled.max() > 0.2


@pytest.mark.parametrize("by", [render, render_reference, Renderer()])
def test_aperture_and_focus_are_refocused_disparity(by, generator):
    """`alpha D + beta`, where the lens's own ratio and the given one multiply; one each an image, too."""
    image, disparity = torch.rand(2, 3, 12, 15, generator=generator), torch.randn(2, 1, 12, 15) * 3
    ratio, focal = torch.tensor([0.5, 2.0]).view(2, 1, 1, 1), torch.tensor([-1.5, 4.0]).view(2, 1, 1, 1)
    for alpha, lens in ((0.5, None), (0.25, Lens(f_number=4))):
        wanted = by(image, alpha * (disparity - 1.25))
        found = by(image, disparity, lens=lens, aperture_ratio=0.5, focal_disparity=1.25)
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)
    wanted = by(image, ratio * (disparity - focal))
    found = by(image, disparity, aperture_ratio=ratio, focal_disparity=focal)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def edge(near, far, *, position=40, width=80):
    """A white surface at disparity `near` left of `position` before a black one at `far`."""
    image, disparity = torch.zeros(1, 3, 30, width), torch.full((1, 1, 30, width), float(far))
    image[..., :position], disparity[..., :position] = 1.0, near
    return image, disparity


@pytest.mark.parametrize(("near", "far"), [(-8, 0), (-8, 4), (-6, 6), (3, 9)])
def test_the_edge_of_a_defocused_foreground_is_as_its_own_blur_makes_it(near, far):
    """What shows at a silhouette is the foreground's coverage, on both sides of it: a disk passing an edge.

    The deep image does not know what is behind; black goes on as black. The product of transmittances
    leaves the inner side opaque.
    """
    image, disparity = edge(near, far)
    disk = render(image, torch.full_like(disparity, float(near)))[0, 0, 15, 20:60]
    error = (render(image, disparity)[0, 0, 15, 20:60] - disk).abs().max()
    opaque = (render(image, disparity, formulation="transmittance")[0, 0, 15, 20:60] - disk).abs().max()
    assert error < 0.03
    assert opaque > 0.08


def test_no_blur_is_the_input_itself(generator):
    image = torch.rand(1, 3, 16, 16, generator=generator)
    torch.testing.assert_close(render(image, torch.zeros(1, 1, 16, 16)), image)


def test_hdr_and_lens_are_applied(generator):
    image = torch.rand(1, 3, 12, 12, generator=generator)
    exposure = torch.rand(1, 3, 12, 12, generator=generator) * 0.05
    disparity = torch.rand(1, 1, 12, 12, generator=generator) * 6
    expected = render(image * torch.exp(50 * exposure), disparity / 4)
    torch.testing.assert_close(render(image, disparity, exposure, lens=Lens(f_number=8)), expected)


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_gradcheck(formulation, generator):
    def tensor(*shape, scale=1.0, shift=0.0):
        values = torch.rand(*shape, generator=generator, dtype=torch.float64) * scale + shift
        return values.requires_grad_()

    # Away from where a level's reach or the clamp of the coverage begins: there are kinks by definition.
    # The width of the fill has no gradient, so coverage is checked where there is none.
    near, far = [[2.3, 2.7, 2.4], [2.2, 2.6, 2.8]], [[-2.3, -1.8, 0.4], [1.2, 2.7, 3.3]]
    disparity = torch.tensor(near if formulation == "coverage" else far, dtype=torch.float64).view(1, 1, 2, 3)
    inputs = (tensor(1, 3, 2, 3), disparity.requires_grad_(), tensor(1, 3, 2, 3, scale=0.02))
    torch.autograd.gradcheck(lambda i, d, e: render(i, d, e, formulation=formulation), inputs)


@pytest.mark.parametrize("value", [1.0, 3.0, -5.0])
def test_a_flat_integer_start_has_a_gradient(value, generator):
    """Levels that end at the range of D would leave one level of weight one. (At exactly 0 the two signs
    cancel whatever the levels: only a focal triplet, which shifts D, tells them apart.)
    """
    image = torch.rand(1, 3, 16, 16, generator=generator)
    disparity = torch.full((1, 1, 16, 16), value, requires_grad=True)
    target = render(image, torch.full((1, 1, 16, 16), value * 1.8))
    (render(image, disparity) - target).abs().sum().backward()
    assert disparity.grad.abs().max() > 1e-3


@pytest.mark.parametrize(
    ("image", "disparity", "formulation", "says"),
    [
        (torch.ones(1, 3, 4, 4), torch.full((1, 1, 4, 4), float("nan")), "transmittance", "NaN"),
        (torch.ones(1, 3, 4, 4), torch.full((1, 1, 4, 4), float("inf")), "transmittance", "finite"),
        (torch.ones(1, 3, 4, 4), torch.ones(1, 1, 4, 5), "transmittance", "one size"),
        (torch.ones(1, 3, 0, 4), torch.ones(1, 1, 0, 4), "transmittance", "no pixels"),
        (torch.ones(1, 3, 4, 4), torch.ones(1, 1, 4, 4), "magic", "transmittance"),
    ],
)
def test_bad_input_is_said_in_a_sentence(image, disparity, formulation, says):
    with pytest.raises((InputError, TypeError), match=says) as raised:
        render(image, disparity, formulation=formulation)
    assert "\n" not in str(raised.value) or raised.type is TypeError


@pytest.mark.parametrize("f_number", [0, -2, float("nan"), float("inf")])
def test_impossible_f_numbers(f_number):
    with pytest.raises(InputError, match="f_number"):
        Lens(f_number=f_number)
