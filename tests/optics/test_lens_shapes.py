"""Lens shapes against areas by hand, finely sampled shapes and traced rays, and their own promises."""

import itertools
import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.optics.kernels import disk_kernel
from rackfocus.optics.lens_shapes import (
    Anamorphic,
    CatEye,
    Disk,
    PhotographedKernel,
    Polygon,
    SphericalAberration,
)
from rackfocus.optics.lens_shapes.spans import span_coverage
from rackfocus.types import InputError, Lens, LensShape

CORNER = (0.6, -0.8)

SEGMENT = 4 * (math.asin(math.sqrt(3) / 4) - math.sqrt(3) / 4 * math.sqrt(13) / 4)
"""Between a chord as long as a unit triangle's side, sqrt 3, and its arc of radius 2."""

CONVEX = st.one_of(
    st.builds(Anamorphic, st.floats(1, 10)),
    st.builds(CatEye, st.floats(0, 1.5)),
    st.builds(Polygon, st.integers(3, 64), st.floats(-400, 400), st.floats(0, 1)),
)
FIELD = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


def float64(shape, radius, field=(0.0, 0.0)):
    return shape.kernel(radius, field=field, dtype=torch.float64)


def inside(shape, radius, field, x, y):
    """Whether points lie in a shape, from its definition."""
    if isinstance(shape, Anamorphic):
        return (x * shape.squeeze) ** 2 + y**2 <= radius**2
    if isinstance(shape, CatEye):
        dx, dy = (-shape.strength * radius * at for at in field)
        return (x**2 + y**2 <= radius**2) & ((x - dx) ** 2 + (y - dy) ** 2 <= radius**2)
    hits = torch.ones_like(x + y, dtype=torch.bool)
    turn = 2 * math.pi / shape.blades
    for blade in range(shape.blades):
        side = math.radians(shape.rotation_deg) - math.pi / 2 + (blade + 0.5) * turn
        ux, uy = math.cos(side), math.sin(side)
        apothem, half_chord = radius * math.cos(turn / 2), radius * math.sin(turn / 2)
        if shape.curvature == 0:
            hits &= ux * x + uy * y <= apothem
        else:
            reach = radius / shape.curvature
            centre = apothem - math.sqrt(reach**2 - half_chord**2)
            hits &= (x - centre * ux) ** 2 + (y - centre * uy) ** 2 <= reach**2
    return hits


def changes_in_rows(kernel):
    padded = torch.nn.functional.pad(kernel, (1, 1))
    return (padded.diff(dim=1).abs() > 1e-12).sum(dim=1)


EXAMPLES = [
    (Anamorphic(), (0.0, 0.0)),
    (Anamorphic(1.33), (0.0, 0.0)),
    (CatEye(1.0), CORNER),
    (CatEye(1.5), (0.0, -0.9)),
    (CatEye(0.7), (0.8, 0.0)),
    (Polygon(3), (0.0, 0.0)),
    (Polygon(4, 45), (0.0, 0.0)),
    (Polygon(5, 13.0, 0.4), (0.0, 0.0)),
    (Polygon(6, 90), (0.0, 0.0)),
    (Polygon(7, -20.0, 0.9), (0.0, 0.0)),
]


@pytest.mark.parametrize(("shape", "field"), EXAMPLES, ids=repr)
@pytest.mark.parametrize("radius", [1, 6, 17])
def test_rows_are_spans_of_the_finely_sampled_shape(shape, field, radius):
    fine, size = 96, 2 * radius + 1
    at = (torch.arange(size * fine, dtype=torch.float64) + 0.5) / fine - radius - 0.5
    hits = inside(shape, radius, field, at[None, :], at[:, None])
    area = hits.sum() / fine**2
    kernel = float64(shape, radius, field) * area
    pixels = at.view(size, fine).mean(1)
    for row, lines in zip(kernel, hits.view(size, fine, -1), strict=True):
        lines = lines[lines.any(dim=1)].int()
        begin = at[lines.argmax(dim=1)].mean() - 0.5 / fine
        end = -at[lines.flip(1).argmax(dim=1)].mean() + 0.5 / fine  # `at` is odd
        span = torch.minimum(end, pixels + 0.5) - torch.maximum(begin, pixels - 0.5)
        expected = span.clamp_min(0) * len(lines) / fine if len(lines) else torch.zeros(size)
        torch.testing.assert_close(row, expected.double(), atol=0.03, rtol=0.01)
    exact = hits.double().view(size, fine, size, fine).mean(dim=(1, 3))
    torch.testing.assert_close(kernel.sum(1), exact.sum(1), atol=0.03, rtol=0.01)
    assert (kernel - exact).abs().sum() < 0.5 + 0.4 * radius  # of a circumference of 2 pi r


def test_radius_zero_is_the_identity():
    for shape, field in EXAMPLES:
        assert shape.kernel(0, field=field).tolist() == [[1.0]]
    assert SphericalAberration(2).kernel(0).tolist() == [[1.0]]


@pytest.mark.parametrize(
    "shape",
    [Disk(), Anamorphic(1), CatEye(0), CatEye(1.2), Polygon(5, 20, 1), SphericalAberration(0)],
    ids=repr,
)
@pytest.mark.parametrize("radius", [0, 1, 8, 33])
def test_shapes_that_are_the_disk(shape, radius):
    assert torch.equal(shape.kernel(radius), disk_kernel(radius))
    assert shape.kernel(radius, dtype=torch.float64).dtype == torch.float64


@pytest.mark.parametrize(
    "shape",
    [Anamorphic(1 + 1e-9), CatEye(1e-6), Polygon(6, 0, 1 - 1e-9), SphericalAberration(1e-9)],
    ids=repr,
)
def test_shapes_that_are_almost_the_disk(shape):
    """All but the first and the last row, where the disk of `disk_kernel` is brighter and narrower."""
    kernel, disk = float64(shape, 12, (1.0, 0.0)), disk_kernel(12, dtype=torch.float64)
    torch.testing.assert_close(kernel[1:-1], disk[1:-1], atol=1e-7, rtol=1e-5)
    torch.testing.assert_close(kernel.sum(1), disk.sum(1), atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "field", "area"),
    [
        (Anamorphic(2.5), (0.0, 0.0), math.pi / 2.5),
        (CatEye(1.0), CORNER, 2 * math.pi / 3 - math.sqrt(0.75)),
        (Polygon(4), (0.0, 0.0), 2.0),
        (Polygon(6, 11), (0.0, 0.0), 1.5 * math.sqrt(3)),
        (Polygon(3, 40), (0.0, 0.0), 0.75 * math.sqrt(3)),
        (Polygon(3, 0, 0.5), (0.0, 0.0), 0.75 * math.sqrt(3) + 3 * SEGMENT),
    ],
    ids=repr,
)
def test_areas(shape, field, area):
    """The brightest pixel lies wholly inside, so it is one over the area."""
    assert 1 / (float64(shape, 20, field).max().item() * 400) == pytest.approx(area, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(shape=CONVEX, radius=st.integers(1, 40), field=FIELD)
def test_convex_shapes_are_kernels_of_spans(shape, radius, field):
    kernel = float64(shape, radius, field)
    assert kernel.shape == (2 * radius + 1, 2 * radius + 1)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    assert kernel.min() >= 0
    assert changes_in_rows(kernel).max() <= 4
    at = torch.arange(-radius, radius + 1).double()
    beyond = torch.hypot(at[:, None], at) > radius + 1.5
    assert kernel[beyond].sum() < 0.02
    assert shape == eval(repr(shape))
    assert hash(shape) == hash(eval(repr(shape)))


@settings(deadline=None, max_examples=50)
@given(edge=st.floats(-4, 4), steps=st.integers(1, 64), radius=st.integers(1, 30))
def test_spherical_aberration_is_a_kernel(edge, steps, radius):
    kernel = float64(SphericalAberration(edge, steps), radius)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    assert kernel.min() >= 0
    torch.testing.assert_close(kernel, kernel.flip(0), atol=1e-14, rtol=1e-9)
    torch.testing.assert_close(kernel, kernel.flip(1), atol=1e-14, rtol=1e-9)
    assert changes_in_rows(kernel).max() <= 4 * (steps + 1)


@pytest.mark.parametrize("blades", [3, 5, 8])
@pytest.mark.parametrize("curvature", [0.0, 0.5])
def test_symmetries_of_polygons(blades, curvature):
    kernel = float64(Polygon(blades, 17, curvature), 15)
    turned = float64(Polygon(blades, 17 + 360 / blades, curvature), 15)
    torch.testing.assert_close(turned, kernel, atol=1e-12, rtol=0)
    torch.testing.assert_close(
        float64(Polygon(blades, -17, curvature), 15), kernel.flip(1), atol=1e-12, rtol=0
    )
    torch.testing.assert_close(
        float64(Polygon(blades, 180 + 17, curvature), 15), kernel.flip(0, 1), atol=1e-12, rtol=0
    )


def test_a_polygon_points_up_and_turns_clockwise():
    up = Polygon(3).kernel(20)
    assert up[:4].sum() > 0
    assert up[-4:].sum() == 0  # the base lies at half the radius
    right = Polygon(3, 90).kernel(20)
    assert right[:, -4:].sum() > 0
    assert right[:, :4].sum() == 0


def test_curvature_widens_the_sides():
    areas = [1 / float64(Polygon(5, 0, curvature), 30).max() for curvature in (0, 1e-9, 0.25, 0.5, 0.75, 1)]
    assert areas[1] == pytest.approx(areas[0].item(), rel=1e-6)
    assert all(a < b for a, b in itertools.pairwise(areas[1:]))


def test_an_anamorphic_lens_draws_tall_ellipses():
    kernel = Anamorphic(2).kernel(20)
    assert (kernel.sum(1) > 0).sum() == 41
    assert (kernel.sum(0) > 0).sum() == 21


def test_a_cat_eye_at_the_right_edge_has_lost_its_right_side():
    kernel = float64(CatEye(1.0), 20, (1.0, 0.0))
    columns = kernel.sum(0)
    assert columns[0] > 0
    assert columns[20] > 0  # the rim ends at x = 0, the middle of the middle pixel
    assert columns[21:].max() == 0
    torch.testing.assert_close(kernel, kernel.flip(0), atol=1e-14, rtol=0)
    torch.testing.assert_close(float64(CatEye(1.0), 20, (-1.0, 0.0)), kernel.flip(1), atol=1e-14, rtol=0)
    torch.testing.assert_close(float64(CatEye(1.0), 20, (7.0, 0.0)), kernel)  # beyond the corners: as there
    below = float64(CatEye(1.0), 20, (0.0, 1.0))
    assert below[21:].sum() == 0
    assert below[0].sum() > 0


def test_the_cut_follows_a_ray_past_the_front_rim():
    """A point right of the axis and behind the focal plane, traced through an ideal thin lens.

    Pupil and rim have radius 1; the rim stands 0.3 in front of the pupil; the lens has focal length 2.
    """
    distance, height, focal_length = 50.0, 15.0, 2.0
    sensor = 1 / (1 / focal_length - 1 / 10)  # focused at 10
    pupil = torch.linspace(-1, 1, 4001, dtype=torch.float64)
    at_rim = pupil + 0.3 * (height - pupil) / distance
    seen = pupil[at_rim.abs() <= 1]
    image_distance = 1 / (1 / focal_length - 1 / distance)
    image = -height * image_distance / distance
    photograph = -(seen + (image - seen) * sensor / image_distance)  # upright: the sensor's picture turned
    whole = -(pupil + (image - pupil) * sensor / image_distance)
    assert photograph.mean() > 0  # the point is right of the centre,
    assert photograph.max() < whole.max() - 1e-3  # its blur has lost its right end
    assert photograph.min() == pytest.approx(whole.min().item(), abs=1e-3)  # and keeps the left one.


@pytest.mark.parametrize("edge", [-3.0, -1.0, 1.0, 3.0])
def test_spherical_aberration_is_where_traced_rays_land(edge):
    radius = 30
    b = (math.sqrt(1 + 3 * 2.0**-edge) - 2) / 3
    through = torch.linspace(0, 1, 200_001, dtype=torch.float64).sqrt()  # even in area
    landed = through * (1 + b * through**2) / (1 + b)
    bounds = torch.linspace(0, 1, 11, dtype=torch.float64)
    expected = torch.histogram(landed, bounds).hist / len(landed)
    kernel = float64(SphericalAberration(edge, 64), radius)
    fine = kernel.repeat_interleave(8, 0).repeat_interleave(8, 1) / 64
    at = (torch.arange(len(fine), dtype=torch.float64) + 0.5) / 8 - radius - 0.5
    distance = (torch.hypot(at[:, None], at) / radius).clamp(max=1)
    rings = torch.histogram(distance.flatten(), bounds, weight=fine.flatten()).hist
    torch.testing.assert_close(rings, expected, atol=6e-3, rtol=0.03)


@pytest.fixture
def ball_picture(tmp_path):
    """A grey disk of radius 60.5 about (100.3, 80.6) on a dark noisy background, brighter on the left."""

    def make(*, name="ball.png", scale=255, background=0.02, slope=0.0):
        rng = np.random.default_rng(3)
        fine = 4
        y, x = (np.mgrid[: 170 * fine, : 220 * fine] + 0.5) / fine - 0.5
        hits = np.hypot(x - 100.3, y - 80.6) <= 60.5
        light = np.where(hits, 0.5 * (1 - slope * (x - 100.3) / 60.5), 0.0)
        light = light.reshape(170, fine, 220, fine).mean(axis=(1, 3)) + background
        light = light + rng.normal(0, 1e-3, light.shape)
        path = tmp_path / name
        if scale is None:
            cv2.imwrite(str(path), light.astype(np.float32))
        else:
            encoded = 1.055 * light.clip(0.0031308) ** (1 / 2.4) - 0.055
            cv2.imwrite(str(path), (encoded * scale).round().astype(np.uint8 if scale == 255 else np.uint16))
        return path

    return make


@pytest.mark.parametrize(("name", "scale"), [("8.png", 255), ("16.png", 65535), ("float.tiff", None)])
@pytest.mark.parametrize("radius", [1, 5, 20])
def test_a_photographed_disk_is_the_disk(ball_picture, name, scale, radius):
    kernel = float64(PhotographedKernel(ball_picture(name=name, scale=scale)), radius)
    assert kernel.shape == (2 * radius + 1, 2 * radius + 1)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    assert kernel.min() >= 0
    at = (torch.arange((2 * radius + 1) * 50, dtype=torch.float64) + 0.5) / 50 - radius - 0.5
    disk = (torch.hypot(at[:, None], at) <= radius).double()
    disk = disk.view(2 * radius + 1, 50, 2 * radius + 1, 50).mean(dim=(1, 3))
    assert (kernel - disk / disk.sum()).abs().sum() < 0.03


def test_a_photograph_keeps_its_orientation_and_its_linear_light(ball_picture):
    kernel = float64(PhotographedKernel(ball_picture(slope=0.8)), 20)
    middle = kernel[18:23].mean(0)
    assert middle[5] / middle[35] == pytest.approx((1 + 0.6) / (1 - 0.6), rel=0.03)


def test_a_photograph_larger_than_it_was_taken_is_interpolated(ball_picture):
    kernel = float64(PhotographedKernel(ball_picture(slope=0.8)), 150)
    middle = kernel[140:161].mean(0)[10:290]
    assert (middle.diff().abs() < 0.02 * middle.max()).all()
    assert (kernel > 0.1 * kernel.mean()).double().mean().item() == pytest.approx(math.pi / 4, rel=0.03)


def test_the_photograph_is_read_anew_when_it_changes(ball_picture):
    path = ball_picture()
    shape = PhotographedKernel(str(path))
    before = shape.kernel(6)
    ball_picture(slope=0.8)
    assert not torch.equal(shape.kernel(6), before)
    assert shape == PhotographedKernel(path)
    assert repr(path.name).strip("'") in repr(shape)


def test_a_real_photographed_ball(shared):
    (path,) = (shared / "data" / "kernels" / "lens_kernel_006").glob("*.png")
    kernel = float64(PhotographedKernel(path), 40)
    at = torch.arange(-40, 41).double()
    distance = torch.hypot(at[:, None], at)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    assert kernel[distance > 41].sum() < 1e-3
    rim, plate = kernel[(distance > 37.5) & (distance < 39.5)], kernel[distance < 30]
    assert 2 < rim.mean() / plate.mean() < 8
    assert rim.min() > 0.5 * plate.mean()  # all around: the circle was found
    assert (kernel.sum(0) @ at).item() > 2  # its right side is the brighter one


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Polygon(2), r"lens\.shape\.blades .* from 3 to 64, and is 2"),
        (lambda: Polygon(6.0), "whole number"),
        (lambda: Polygon(True), "whole number"),
        (lambda: Polygon(6, math.nan), "rotation_deg must be a finite number"),
        (lambda: Polygon(6, 0, 1.1), r"curvature must be a number from 0 to 1, and is 1\.1"),
        (lambda: Polygon(6, 0, "round"), "curvature"),
        (lambda: Anamorphic(0.5), r"squeeze must be a number from 1 to 10, and is 0\.5"),
        (lambda: Anamorphic(math.inf), "squeeze"),
        (lambda: CatEye(-0.1), r"strength must be a number from 0 to 1\.5, and is -0\.1"),
        (lambda: CatEye(math.nan), "strength"),
        (lambda: SphericalAberration(5), "edge must be a number from -4 to 4, and is 5"),
        (lambda: SphericalAberration(1, 0), "steps must be a whole number from 1 to 64"),
        (lambda: PhotographedKernel("nowhere.png"), r"path must be a picture.*'nowhere\.png'"),
        (lambda: PhotographedKernel(3), "path must be a picture"),
        (lambda: Lens(shape="round"), r"lens\.shape must be one of those in conf/lens, and is 'round'"),
    ],
)
def test_bad_settings_are_said_in_a_sentence(make, says):
    with pytest.raises(InputError, match=says) as raised:
        make()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_files_that_show_no_ball(tmp_path, content):
    path = tmp_path / "flat.png"
    if content is None:
        cv2.imwrite(str(path), np.full((40, 50, 3), 90, np.uint8))
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read as a picture|shows no bright ball"):
        PhotographedKernel(path)


def test_what_the_renderer_relies_on(ball_picture):
    shapes = [Disk(), Anamorphic(), Polygon(6), SphericalAberration(1), PhotographedKernel(ball_picture())]
    assert not any(shape.varies for shape in shapes)
    assert CatEye(0.5).varies
    assert all(isinstance(shape, LensShape) for shape in shapes)
    assert len({repr(shape) for shape in shapes}) == len(set(shapes)) == len(shapes)
    assert Lens(shape=Polygon(6)) == Lens(shape=Polygon(6))
    assert Lens().shape is None


def test_a_span_is_as_bright_as_its_row_is_full():
    """A square from -1.25 to 1.25 covers three quarters of the pixels along its sides."""
    square = span_coverage(2, lambda y: (torch.full_like(y, -1.25), torch.full_like(y, 1.25)), (-1.25, 1.25))
    row = torch.tensor([0, 0.75, 1, 0.75, 0], dtype=torch.float64)
    torch.testing.assert_close(square, row[:, None] * row)
