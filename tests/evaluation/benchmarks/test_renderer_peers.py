"""Every method of the benchmark keeps what is flat and what is sharp; those of OpenCV blur by our disk."""

import os
import subprocess
import sys

import numpy as np
import pytest

from rackfocus.evaluation.benchmarks.renderer_peers import METHODS, ffmpeg, opencv
from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory, tree_bytes
from rackfocus.evaluation.benchmarks.renderer_peers.program import ProgramError, program_session
from rackfocus.optics.kernels import disk_kernel

HEIGHT, WIDTH = 48, 64


@pytest.fixture(params=[name for name in METHODS if name != "paper"])
def method(request):
    method = METHODS[request.param]
    if (reason := method.missing()) is not None:
        pytest.skip(reason)
    return method


@pytest.fixture
def disparity():
    """A slope from front to back with a step."""
    slope = np.linspace(-4, 3, HEIGHT, dtype=np.float32)[:, None].repeat(WIDTH, axis=1)
    slope[10:30, 20:40] = -5
    return slope


def rendered(method, linear, disparity):
    with method.forward(linear, disparity) as session:
        run = session.render()
        assert run.seconds > 0 or method.name == "blender"  # a difference of two times
        assert run.picture.dtype == np.float32
        return run.picture


def test_a_constant_stays_constant(method, disparity):
    linear = np.broadcast_to(np.float32([0.1, 0.5, 3.0]), (HEIGHT, WIDTH, 3)).copy()
    picture = rendered(method, linear, disparity)
    np.testing.assert_allclose(picture, linear, rtol=2e-3)


def test_without_blur_nothing_changes(method):
    linear = np.random.default_rng(1).uniform(0, 2, (HEIGHT, WIDTH, 3)).astype(np.float32)
    if method.name in ("blender", "transmittance", "weighted-sum"):
        pytest.skip("it blurs by less than a pixel where nothing is to be blurred")
    picture = rendered(method, linear, np.zeros((HEIGHT, WIDTH), np.float32))
    np.testing.assert_allclose(picture, linear, atol=1e-4)


@pytest.mark.parametrize("function", [opencv.layered, opencv.preblurred])
@pytest.mark.parametrize("radius", [-3, 4])
def test_opencv_blurs_by_our_disk(function, radius):
    linear = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    linear[20, 30] = 1
    picture = function(linear, np.full((HEIGHT, WIDTH), radius, np.float32))
    reach = abs(radius)
    expected = np.zeros((HEIGHT, WIDTH))
    expected[20 - reach : 21 + reach, 30 - reach : 31 + reach] = disk_kernel(reach).numpy()
    np.testing.assert_allclose(picture[..., 1], expected, atol=1e-6)


def test_opencv_interpolates_between_levels():
    linear = np.random.default_rng(2).uniform(0, 1, (HEIGHT, WIDTH, 3)).astype(np.float32)
    flat = np.ones((HEIGHT, WIDTH), np.float32)
    two, three = (opencv.preblurred(linear, radius * flat) for radius in (2, 3))
    between = opencv.preblurred(linear, 2.25 * flat)
    np.testing.assert_allclose(between, 0.75 * two + 0.25 * three, atol=1e-6)


def test_what_is_in_front_covers_what_is_behind():
    linear = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    linear[:, :32] = 1
    disparity = np.where(linear[..., 0] > 0, 0, 3).astype(np.float32)
    assert opencv.layered(linear, disparity)[24, 31] == pytest.approx(1, abs=1e-3)


def test_varblur_is_a_box_with_the_spread_of_the_disk():
    if (reason := ffmpeg.missing()) is not None:
        pytest.skip(reason)
    linear = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    linear[24, 32] = 1
    picture = rendered(METHODS["ffmpeg"], linear, np.full((HEIGHT, WIDTH), 8, np.float32))
    weight = picture[..., 0] / picture[..., 0].sum()
    x = np.arange(WIDTH)
    centre = (weight * x).sum()
    assert (weight * (x - centre) ** 2).sum() == pytest.approx(8**2 / 4, rel=0.05)


def test_memory_is_what_is_held_at_the_highest():
    """Of a small process: from a large one the system may take back as much as is measured."""
    size = 96 * 2**20
    hold = f"input(); block = bytearray(b'1') * {size}; del block; print('freed', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        memory = ProcessMemory(process.pid)
        memory.start()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "freed\n"
        assert 0.95 * size < memory.peak_bytes() < 1.3 * size
        memory.start()
        assert memory.peak_bytes() < 0.2 * size
        process.stdin.write("\n")


def test_the_memory_of_a_tree():
    assert tree_bytes(os.getpid()) > 10 * 2**20
    assert tree_bytes(2**22 + 1) == 0


def test_a_program_that_fails_tells_why():
    command = [sys.executable, "-c", "raise SystemExit('no licence')"]
    flat = np.zeros((4, 4), np.float32)
    with (
        pytest.raises(ProgramError, match="no licence"),
        program_session(command, np.zeros((4, 4, 3), np.float32), flat, blur_channels=1),
    ):
        pass
