"""The span kernels against the reference: the same numbers and the same gradients, whatever the input."""

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rackfocus import Lens, render
from rackfocus.optics import reference, render_reference, spans
from rackfocus.optics.lens_shapes import (
    Anamorphic,
    CatEye,
    Disk,
    PhotographedKernel,
    Polygon,
    SphericalAberration,
)
from rackfocus.optics.levels import FORMULATIONS, fill_radius

cpu = pytest.importorskip("rackfocus.optics.spans.cpu", reason="the CPU kernels are numba's")

SHAPES = [
    Polygon(5, rotation_deg=20, curvature=0.3),
    Anamorphic(1.8),
    CatEye(0.9),
    SphericalAberration(1.5),
    SphericalAberration(-1.5),
]


def relative(found, expected):
    """Largest error over the largest expected value."""
    return ((found - expected).abs().max() / expected.abs().max().clamp_min(1e-30)).item()


def assert_agree(image, disparity, formulation, *, lens=None, seed=0, share=1.0):
    """Forward to 1e-5 and gradients to 1e-4 of the reference in double precision.

    The gradients are relative to the largest, or to a thousandth of what a gradient can be: the disparity's
    vanishes in places, as where D is 0 everywhere. `share` of the pixels have to agree.
    """
    inputs = [tensor.clone().requires_grad_() for tensor in (image, disparity)]
    exact = [tensor.double().requires_grad_() for tensor in (image, disparity)]
    result = render(*inputs, lens=lens, formulation=formulation)
    expected = render_reference(*exact, lens=lens, formulation=formulation)
    assert relative(result, expected) < 1e-5
    weight = torch.randn(result.shape, generator=torch.Generator().manual_seed(seed))
    found = torch.autograd.grad((result * weight).sum(), inputs)
    wanted = torch.autograd.grad((expected * weight.double()).sum(), exact)
    for one, other in zip(found, wanted, strict=True):
        natural = weight.abs().max() * (1 if other is wanted[0] else image.abs().max())
        scale = max(other.abs().max(), 1e-3 * natural)
        assert ((one - other).abs() <= 1e-4 * scale).double().mean() >= share


def noise(shape, seed):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


SIZES = st.one_of(
    st.tuples(st.integers(1, 24), st.integers(1, 24)),
    st.tuples(st.just(1), st.integers(1, 80)),
    st.tuples(st.integers(1, 80), st.just(1)),
    st.just((1, 1)),
    st.tuples(st.integers(2, 4), st.integers(500, 540)),
)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@settings(deadline=None, max_examples=12)
@given(
    size=SIZES,
    spread=st.sampled_from([0.0, 0.3, 2.0, 9.0]),
    offset=st.floats(-6, 6, width=32),
    brightest=st.sampled_from([1.0, 3e4]),
    seed=st.integers(0, 2**31),
)
@example(size=(9, 7), spread=60.0, offset=5.0, brightest=1.0, seed=1)
@example(size=(1, 12), spread=0.0, offset=-40.0, brightest=1.0, seed=2)
@example(size=(1, 1), spread=0.0, offset=33.25, brightest=1.0, seed=3)
@example(size=(5, 6), spread=0.0, offset=0.0, brightest=1.0, seed=4)
@example(size=(5, 6), spread=0.0, offset=1e-8, brightest=1.0, seed=5)
@example(size=(5, 6), spread=0.0, offset=-1e-9, brightest=1.0, seed=6)
@example(size=(1, 2), spread=0.0, offset=-4.2e-35, brightest=1.0, seed=0)
def test_agrees_with_the_reference_on_noise(formulation, size, spread, offset, brightest, seed):
    image = noise((1, 3, *size), seed) ** 4 * brightest
    disparity = (noise((1, 1, *size), seed + 1) - 0.5) * 2 * spread + offset
    # In coverage, a pixel whose coverages add up to the room to within rounding is at a kink of the gradient.
    assert_agree(image, disparity, formulation, share=0.99 if formulation == "coverage" else 1.0)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@settings(deadline=None, max_examples=15)
@given(
    colour=st.floats(0, 100, width=32),
    disparity=st.floats(-30, 30, width=32),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_a_constant_stays_constant(formulation, colour, disparity, size):
    image = torch.full((1, 3, *size), colour)
    result = render(image, torch.full((1, 1, *size), disparity), formulation=formulation)
    torch.testing.assert_close(result, image, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_agrees_on_a_ray_traced_scene(formulation, raytraced):
    from rackfocus.data.apertures.raytraced import load_scene, scene_folders

    scene = load_scene(scene_folders(raytraced, "test")[0])
    crop = (..., slice(60, 160), slice(100, 300))
    # Where coverages add up to the room to within rounding the gradient has a kink; slopes have such pixels.
    share = 0.995 if formulation == "coverage" else 1
    assert_agree(scene.radiance[None][crop], scene.disparity[None][crop] * 2, formulation, share=share)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_every_lens_shape_agrees(shape, formulation, generator):
    image = torch.rand(1, 3, 14, 23, generator=generator)
    disparity = (torch.rand(1, 1, 14, 23, generator=generator) - 0.4) * 9
    assert_agree(image, disparity, formulation, lens=Lens(shape=shape))


def test_a_photographed_kernel_agrees(tmp_path, generator):
    import cv2
    import numpy as np

    y, x = np.mgrid[-40:41, -40:41]
    ball = np.where(np.hypot(x, y) < 30, 120 + x + 0.5 * y, 0)
    path = tmp_path / "ball.png"
    cv2.imwrite(str(path), ball.astype(np.uint8))
    image = torch.rand(1, 3, 14, 23, generator=generator)
    disparity = (torch.rand(1, 1, 14, 23, generator=generator) - 0.4) * 9
    assert_agree(image, disparity, "coverage", lens=Lens(shape=PhotographedKernel(str(path))))


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("shape", [Disk(), CatEye(0.7)], ids=repr)
def test_gradcheck(formulation, shape, generator):
    """By the operator itself, in double precision."""
    light = torch.rand(1, 3, 2, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    # Away from the kinks at integers; and less than a pixel apart, for the fill's width has no gradient.
    disparity = torch.rand(1, 1, 2, 4, generator=generator, dtype=torch.float64) * 0.6 - 1.8
    disparity.requires_grad_()
    torch.autograd.gradcheck(
        lambda light, disparity: spans.blend_layers(light, disparity, formulation, shape), (light, disparity)
    )


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_it_is_a_sound_operator_of_torch(formulation, generator):
    light = torch.rand(1, 3, 5, 6, generator=generator, requires_grad=True)
    disparity = (torch.rand(1, 1, 5, 6, generator=generator) * 4 - 2).requires_grad_()
    shape = spans.register(Disk())
    torch.library.opcheck(torch.ops.rackfocus.blend_layers, (light, disparity, formulation, shape, True))


@pytest.mark.parametrize("lens", [None, Lens(f_number=4, shape=Polygon(6))])
def test_compiles_as_one_graph(lens, generator):
    image = torch.rand(1, 3, 9, 11, generator=generator, requires_grad=True)
    disparity = (torch.rand(1, 1, 9, 11, generator=generator) * 8 - 4).requires_grad_()

    def loss(image, disparity):
        return render(image, disparity, lens=lens).square().sum()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    found = torch.autograd.grad(compiled(image, disparity), (image, disparity))
    wanted = torch.autograd.grad(loss(image, disparity), (image, disparity))
    torch.testing.assert_close(found, wanted)


def test_threads_and_batches_do_not_change_a_bit(generator):
    image = torch.rand(2, 3, 70, 90, generator=generator)
    disparity = torch.rand(2, 1, 70, 90, generator=generator) * 20 - 12
    torch.set_num_threads(1)
    alone = torch.cat([render(image[i : i + 1], disparity[i : i + 1]) for i in range(2)])
    torch.set_num_threads(3)
    together = render(image, disparity)
    torch.testing.assert_close(together, alone, rtol=0, atol=0)


@settings(deadline=None, max_examples=40)
@given(
    size=SIZES,
    spread=st.floats(0, 40),
    share=st.sampled_from([0.5, 0.9, 0.99]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
)
def test_the_fill_is_that_of_plain_torch(size, spread, share, dtype, seed):
    near = noise((1, 1, *size), seed).to(dtype) > share
    disparity = near * -spread + noise((1, 1, *size), seed + 1).to(dtype) * 20
    found = torch.from_numpy(cpu.fill_radius(disparity[0, 0].numpy()))
    torch.testing.assert_close(found, fill_radius(disparity)[0, 0], rtol=0, atol=0)


def test_no_grad_keeps_nothing(generator):
    image = torch.rand(1, 3, 8, 9, generator=generator)
    disparity = (image[:, :1] * 6 - 3).requires_grad_()
    with torch.no_grad():
        result = render(image, disparity)
    assert not result.requires_grad
    torch.testing.assert_close(result, render(image, disparity).detach(), rtol=0, atol=0)


def test_half_precision_is_rendered_in_single(generator):
    image = torch.rand(1, 3, 8, 9, generator=generator)
    disparity = image[:, :1] * 6 - 3
    result = render(image.bfloat16(), disparity.bfloat16())
    assert result.dtype is torch.bfloat16
    expected = render(image.bfloat16().float(), disparity.bfloat16().float())
    torch.testing.assert_close(result.float(), expected, rtol=1e-2, atol=1e-2)


def test_without_numba_the_reference_renders(monkeypatch, generator):
    image = torch.rand(1, 3, 8, 9, generator=generator)
    disparity = image[:, :1] * 6 - 3
    expected = render(image, disparity)
    monkeypatch.setattr(spans, "available", lambda _device: False)
    monkeypatch.setattr(spans, "blend_layers", None)
    calls = []
    real = reference.blend_layers
    monkeypatch.setattr(reference, "blend_layers", lambda *a: calls.append(1) or real(*a))
    torch.testing.assert_close(render(image, disparity), expected, rtol=1e-5, atol=1e-6)
    assert calls
