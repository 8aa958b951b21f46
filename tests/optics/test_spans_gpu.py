"""The GPU span kernels against the reference: on a GPU, or without one by Triton's interpreter."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from rackfocus import Lens, render
from rackfocus.optics import reference, render_reference, spans
from rackfocus.optics.lens_shapes import CatEye, Disk, Polygon
from rackfocus.optics.levels import FORMULATIONS, Blend, fill_radius

pytest.importorskip("triton", reason="the GPU kernels are Triton's")

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
needs_gpu = pytest.mark.skipif(DEVICE == "cpu", reason="there is no GPU on this machine")


@pytest.fixture(scope="module")
def gpu():
    """The module under test; without a GPU, with kernels that are interpreted."""
    with pytest.MonkeyPatch.context() as patch:
        if DEVICE == "cpu":
            import triton.language as tl
            from triton.runtime.interpreter import InterpretedFunction, interpreter_builder

            # Triton looks at this where a kernel is defined. Its own are defined by now, to be compiled.
            patch.setenv("TRITON_INTERPRET", "1")
            for name in ("cumsum", "max", "sum"):
                patch.setattr(tl, name, getattr(tl, name).fn)
            # Two things take much of the interpreter's time and show nothing here. A launch makes the
            # language interpreted, and each call of a function by a kernel would do so again. And each sum
            # of indices would be made twice, to see whether 32 bits hold it.
            patch.setattr(InterpretedFunction, "__call__", call_interpreted)
            options = replace(interpreter_builder.options, sanitize_overflow=False)
            patch.setattr(interpreter_builder, "options", options)
        from rackfocus.optics.spans import gpu, triton_kernels

        if DEVICE == "cpu":
            # The three call tl.core, which is interpreted for kernels that see it only.
            patch.setattr(triton_kernels, "core", tl.core, raising=False)
        yield gpu


def call_interpreted(function, *arguments, **settings):
    return function.rewrite()(*arguments, **settings)


def noise(shape, seed):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def run(gpu, light, disparity, weight, formulation, shape):
    """The sums, and the gradients of their weighted sum by light and disparity."""
    blend, _, fills = FORMULATIONS[formulation]
    light, disparity, weight = (tensor.to(DEVICE) for tensor in (light, disparity, weight))
    fill = fill_radius(disparity) if fills else disparity.new_empty(len(disparity), 1, 0, 0)
    sums, full = gpu.forward(light, disparity, fill, blend, shape, keep=True)
    return sums, *gpu.backward(light, disparity, fill, blend, shape, sums, full, weight)


def assert_agree(gpu, light, disparity, formulation, *, shape=None, forward=1e-5, backward=1e-4):
    """Largest errors, relative to the largest value of the reference in double precision."""
    shape = shape or Disk()
    weight = noise((len(light), 4, *light.shape[2:]), 5).to(light.dtype) - 0.5
    found = run(gpu, light, disparity, weight, formulation, shape)
    exact = [tensor.double().requires_grad_() for tensor in (light, disparity)]
    sums = reference.blend_layers(*exact, FORMULATIONS[formulation], shape)
    wanted = [sums, *torch.autograd.grad((sums * weight.double()).sum(), exact)]
    natural = 0.1 * weight.abs().max() * light.abs().max()
    for one, other, error in zip(found, wanted, (forward, backward, backward), strict=True):
        # The gradient by the disparity vanishes in places, as where all is even.
        scale = max(other.abs().max(), natural if other is wanted[2] else 0)
        assert (one.cpu() - other).abs().max() < error * scale


SIZES = [((1, 1), 0, -3.25), ((1, 41), 2, 0.5), ((5, 1), 1, 0), ((2, 9), 0, 2)]
LARGER = [((2, 3), 0.6, 4.5), ((2, 140), 1, -0.4)]


# The weighted sum differs from the transmittance in how levels meet only, so it has fewer tests. Interpreted,
# a case of the transmittance takes many seconds: `make test` has that of one row.
@pytest.mark.parametrize(
    ("formulation", "size", "spread", "offset"),
    [
        *(("coverage", *case) for case in SIZES + LARGER),
        *(
            pytest.param("transmittance", *case, marks=[pytest.mark.slow] * (case[0] != (1, 41)))
            for case in SIZES + LARGER
        ),
    ],
)
def test_agrees_with_the_reference(gpu, formulation, size, spread, offset):
    disparity = (noise((1, 1, *size), 2) - 0.5) * 2 * spread + offset
    assert_agree(gpu, noise((1, 3, *size), 1), disparity, formulation)


def test_agrees_beside_silhouettes(gpu):
    disparity = torch.full((1, 1, 6, 37), 1.8)
    disparity[..., 2:4, 10:30] = -1.6
    assert_agree(gpu, noise((1, 3, 6, 37), 1), disparity, "coverage")


@pytest.mark.parametrize(
    ("kind", "errors"),
    [(torch.float32, {}), (torch.float64, {"forward": 1e-10, "backward": 1e-10})],
)
def test_agrees_where_mattes_begin_and_end(gpu, kind, errors):
    disparity = torch.tensor([0, 1e-9, -1e-9, 1, -1, 1 - 1e-7, 1.5], dtype=kind).expand(1, 1, 1, 7)
    assert_agree(gpu, noise((1, 3, 1, 7), 1).to(kind), disparity, "transmittance", **errors)


# The mattes above are in double precision, too.
@pytest.mark.parametrize(
    "formulation",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "transmittance")) for name in FORMULATIONS],
)
def test_agrees_in_double_precision(gpu, formulation):
    light, disparity = noise((1, 3, 1, 30), 1).double(), (noise((1, 1, 1, 30), 2).double() - 0.4) * 3
    assert_agree(gpu, light, disparity, formulation, forward=1e-10, backward=1e-10)


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_agrees_on_highlights(gpu, formulation):
    light = noise((1, 3, 1, 30), 1)
    light[..., 5::11] = 1e4
    assert_agree(gpu, light, (noise((1, 1, 1, 30), 2) - 0.5) * 3, formulation)


@pytest.mark.parametrize(
    ("shape", "formulation"),
    [
        (Polygon(5, rotation_deg=20), "coverage"),
        (CatEye(0.9), "coverage"),
        pytest.param(CatEye(0.9), "transmittance", marks=pytest.mark.slow),
    ],
)
def test_agrees_for_other_lens_shapes(gpu, shape, formulation):
    light, disparity = noise((1, 3, 1, 25), 1), (noise((1, 1, 1, 25), 2) - 0.5) * 2
    assert_agree(gpu, light, disparity, formulation, shape=shape)


@pytest.mark.parametrize(
    "formulation",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != "coverage")) for name in FORMULATIONS],
)
def test_bands_and_batches_change_nothing(gpu, formulation, monkeypatch):
    # Of two images that reach unlike levels.
    light, weight = noise((2, 3, 2, 20), 1).double(), noise((2, 4, 2, 20), 3).double()
    disparity = (noise((2, 1, 2, 20), 2).double() - 0.5) * torch.tensor([1.0, 2.0]).view(2, 1, 1, 1)
    together = run(gpu, light, disparity, weight, formulation, Disk())
    monkeypatch.setattr(gpu, "LINES_BYTES", 1)
    alone = run(gpu, light[1:], disparity[1:], weight[1:], formulation, Disk())
    for part, whole in zip(alone, together, strict=True):
        torch.testing.assert_close(part, whole[1:])


def test_every_kernel_compiles(tmp_path):
    """For a GPU that need not be there; in a process of its own, where kernels are not interpreted."""
    environment = os.environ | {"TRITON_CACHE_DIR": str(tmp_path)}
    environment.pop("TRITON_INTERPRET", None)
    subprocess.run([sys.executable, __file__], env=environment, check=True)


def compile_all():
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    from rackfocus.optics.spans import triton_kernels as kernels

    whole = ("row_of", "summed", "offset", "dx")
    single = ("top", "rows", "height", "width", "margin", "border", "lowest", "levels")

    def compile_for(kernel, kind, warps, *, lines, **constants):
        def type_of(name):
            if name in constants:
                return "constexpr"
            if name in single:
                return "i32"
            return "*" + {"lines": lines, "gradient": "fp64", **dict.fromkeys(whole, "i32")}.get(name, kind)

        signature = {name: type_of(name) for name in kernel.arg_names}
        compile(
            ASTSource(fn=kernel, signature=signature, constexprs=constants),
            target=GPUTarget("cuda", 90, 32),
            options={"num_warps": warps, "enable_fp_fusion": True},
        )

    for kind, columns, rows, soft in [("fp32", 1, 1, True), ("fp32", 9, 7, False), ("fp64", 9, 7, True)]:
        layers = {"SOFT": soft, "COLUMNS": columns, "ROWS": rows, "BLOCK": 128}
        compile_for(kernels.spread, kind, 4, lines=kind, **layers)
        compile_for(kernels.gather, kind, 4, lines="fp64", **layers)
    for kind, block, warps in [("fp32", 1024, 8), ("fp64", 1, 1)]:
        for blend in Blend:
            row = {"BLEND": int(blend), "BLOCK": block}
            compile_for(kernels.blend, kind, warps, lines=kind, KEEP=blend is Blend.COVERAGE, **row)
            if blend is not Blend.TRANSMITTANCE:
                compile_for(kernels.layer_gradients, kind, warps, lines="fp64", **row)
        compile_for(kernels.transmittance_gradients, kind, warps, lines="fp64", BLOCK=block)


# On a GPU only: through the operator.


@needs_gpu
@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("lens", [None, Lens(shape=Polygon(6)), Lens(shape=CatEye(0.9))], ids=repr)
@pytest.mark.parametrize(("size", "spread"), [((70, 90), 12), ((40, 1100), 30), ((9, 7), 60)])
def test_renders_as_the_reference(formulation, lens, size, spread):
    image = noise((2, 3, *size), 1).cuda() ** 4 * 100
    disparity = ((noise((2, 1, *size), 2) - 0.5) * 2 * spread).cuda()
    inputs = [tensor.clone().requires_grad_() for tensor in (image, disparity)]
    exact = [tensor.double().requires_grad_() for tensor in (image, disparity)]
    result = render(*inputs, lens=lens, formulation=formulation)
    expected = render_reference(*exact, lens=lens, formulation=formulation)
    assert (result - expected).abs().max() < 1e-5 * expected.abs().max()
    weight = noise(result.shape, 3).cuda()
    found = torch.autograd.grad((result * weight).sum(), inputs)
    wanted = torch.autograd.grad((expected * weight.double()).sum(), exact)
    for one, other in zip(found, wanted, strict=True):
        assert (one - other).abs().max() < 1e-4 * other.abs().max()


@needs_gpu
@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_gradcheck_on_a_gpu(formulation):
    # Away from the kinks at integers; and less than a pixel apart, for the fill's width has no gradient.
    light = noise((2, 3, 3, 4), 1).double().cuda().requires_grad_()
    disparity = (noise((2, 1, 3, 4), 2).double().cuda() * 0.6 - 1.8).requires_grad_()
    torch.autograd.gradcheck(
        lambda light, disparity: spans.blend_layers(light, disparity, formulation, Disk()),
        (light, disparity),
        nondet_tol=1e-12,  # the order of sums is not fixed
    )


@needs_gpu
@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_it_is_a_sound_operator_on_a_gpu(formulation):
    light = noise((1, 3, 5, 6), 1).cuda().requires_grad_()
    disparity = (noise((1, 1, 5, 6), 2).cuda() * 4 - 2).requires_grad_()
    torch.library.opcheck(
        torch.ops.rackfocus.blend_layers, (light, disparity, formulation, spans.register(Disk()), True)
    )


@needs_gpu
def test_compiles_as_one_graph_on_a_gpu():
    image = noise((1, 3, 9, 11), 1).cuda().requires_grad_()
    disparity = (noise((1, 1, 9, 11), 2).cuda() * 8 - 4).requires_grad_()

    def loss(image, disparity):
        return render(image, disparity).square().sum()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    found = torch.autograd.grad(compiled(image, disparity), (image, disparity))
    wanted = torch.autograd.grad(loss(image, disparity), (image, disparity))
    torch.testing.assert_close(found, wanted)


if __name__ == "__main__":
    compile_all()
