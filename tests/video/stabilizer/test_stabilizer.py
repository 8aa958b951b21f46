"""The temporal filter: against a plain reference, exact cases, and what it must never do."""

import itertools
import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rackfocus.types import InputError
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer import stabilizer as stabilizer_module
from rackfocus.video.stabilizer.cpu import CPUWindow
from rackfocus.video.stabilizer.gpu import TorchWindow
from rackfocus.video.stabilizer.grid import enlarged, reduced
from rackfocus.video.stabilizer.none import NoStabilizer
from rackfocus.video.stabilizer.scales import Scales
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer

HEIGHT, WIDTH = 11, 14


class Known:
    """The flow that a test says, by the first value of each frame's pixels."""

    def __init__(self, flows):
        self.flows = flows

    def __call__(self, first, second):
        return self.flows[int(first[0, 0, 0]), int(second[0, 0, 0])]


def still(frames, size=(HEIGHT, WIDTH)):
    """No motion."""
    return {pair: np.zeros((*size, 2), np.float32) for pair in itertools.permutations(range(frames), 2)}


def smooth(frames, seed):
    """Flows there and back that agree but for a little, and not everywhere."""
    random = np.random.default_rng(seed)
    flows = {}
    for frame in range(frames - 1):
        there = np.float32(random.uniform(-2, 2, 2)) + random.normal(0, 0.3, (HEIGHT, WIDTH, 2))
        flows[frame, frame + 1] = there.astype(np.float32)
        back = -there + random.normal(0, 0.4, there.shape)
        flows[frame + 1, frame] = back.astype(np.float32)
    return flows


def maps(frames, seed, size=(HEIGHT, WIDTH)):
    random = torch.Generator().manual_seed(seed)
    light = torch.rand(frames, 3, *size, generator=random)
    return torch.randn(frames, 1, *size, generator=random), (light - 0.6).clamp_min(0) / 10


def run(made, disparities, exposures, images=None):
    if images is None:
        shape = (*disparities.shape[2:], 3)
        images = [np.full(shape, frame, np.uint8) for frame in range(len(disparities))]
    given_back = []
    for image, disparity, exposure in zip(images, disparities, exposures, strict=True):
        given_back += made.push(image, disparity, exposure)
    return given_back + made.finish()


@pytest.fixture(autouse=True)
def no_cuts(monkeypatch):
    """These pictures tell a flow which frame they are, and nothing to look at."""
    monkeypatch.setattr(stabilizer_module, "begins_shot", lambda *_: False)


def reference(images, disparities, exposures, flows, frame, first, last, delta, scales):
    """Eq. 7 and 8 a pixel at a time, in double precision."""
    height, width = disparities.shape[2:]

    def inside(x, y):
        return -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5

    def held(x, y):
        return min(max(x, 0), width - 1), min(max(y, 0), height - 1)

    def at(values, x, y):
        left, top = math.floor(x), math.floor(y)
        total = 0
        for column, row in itertools.product((left, left + 1), (top, top + 1)):
            share = (1 - abs(x - column)) * (1 - abs(y - row))
            if share > 0:  # what has no share may be unknown
                total = total + share * values[row, column]
        return total

    def checked(there, back):
        kept = there.astype(np.float64)
        for y, x in itertools.product(range(height), range(width)):
            u, v = kept[y, x]
            off = np.inf
            if inside(x + u, y + v):
                off = np.linalg.norm(kept[y, x] + at(back.astype(np.float64), *held(x + u, y + v)))
            if off > delta:
                kept[y, x] = np.nan
        return kept

    def weights(values, lumas, scale):
        medians = [np.median(np.abs(values - own)) for own in values]
        likeness = np.exp(-np.square((lumas - lumas[0]) / scales.luma))
        products = np.exp(-np.array(medians) / scale) * likeness
        return products / products.sum()

    lumas = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in images]
    disparities, exposures = disparities.double().numpy(), exposures.double().permute(0, 2, 3, 1).numpy()
    out, out_exposure = np.zeros((1, height, width)), np.zeros((3, height, width))
    pairs = {
        (one, other): checked(flows[one, other], flows[other, one])
        for one, other in flows
        if (other, one) in flows
    }
    for y, x in itertools.product(range(height), range(width)):
        found = [(lumas[frame][y, x], disparities[frame, 0, y, x], exposures[frame, y, x])]
        for step, end in ((-1, first), (1, last)):
            here = (float(x), float(y))
            for other in range(frame + step, end + step, step):
                moved = np.array(here) + at(pairs[other - step, other], *here)
                if not inside(*moved):
                    break
                here = held(*moved)
                found.append(
                    tuple(at(of, *here) for of in (lumas[other], disparities[other, 0], exposures[other]))
                )
        luma, values, light = (np.array(of) for of in zip(*found, strict=True))
        out[0, y, x] = weights(values, luma, scales.disparity_px) @ values
        out_exposure[:, y, x] = weights(light.mean(axis=1), luma, scales.log_exposure) @ light
    return out, out_exposure


@pytest.mark.parametrize("window", ["cpu", "torch"])
@pytest.mark.parametrize(("past", "future", "luma_scale"), [(6, 0, math.inf), (2, 2, 20), (0, 3, 20)])
def test_is_the_reference(window, past, future, luma_scale, monkeypatch):
    frames = 8
    disparities, exposures = maps(frames, seed=past)
    exposures[:, :, : HEIGHT // 2] = 0
    flows = smooth(frames, seed=past)
    images = list(np.random.default_rng(past).integers(0, 99, (frames, HEIGHT, WIDTH, 3)).astype(np.uint8))
    for frame, image in enumerate(images):
        image[0, 0, 0] = frame
    made = TemporalStabilizer(
        flow=Known(flows),
        window_frames=past,
        look_ahead_frames=future,
        delta_px=0.8,
        outlier_scale=0.03,
        luma_scale=luma_scale,
    )
    if window == "torch":
        slots = past + future + 1
        monkeypatch.setattr(made, "_make_window", lambda disparity: TorchWindow(slots, disparity.device))
    filtered = run(made, disparities, exposures, images)
    assert [one.index for one in filtered] == list(range(frames))
    scales = Scales(luma_scale, 0.03 * WIDTH, stabilizer_module.EXPOSURE_SCALE)
    for frame in (0, 4, 7):
        disparity, exposure = reference(
            images, disparities, exposures, flows, frame, max(0, frame - past),
            min(frames - 1, frame + future), delta=0.8, scales=scales,
        )  # fmt: skip
        np.testing.assert_allclose(filtered[frame].disparity, disparity, atol=2e-4)
        np.testing.assert_allclose(filtered[frame].log_exposure, exposure, atol=2e-5)


@pytest.mark.parametrize("future", [0, 3])
def test_noise_falls_as_the_weights_say(future):
    """A still video: the variance of a mean of n independent values is 1 / n of theirs."""
    frames, size = 10, (64, 64)
    noise, exposures = maps(frames, seed=1, size=size)
    made = TemporalStabilizer(flow=Known(still(frames, size)), window_frames=6, look_ahead_frames=future)
    # Noise far below the scale leaves the weights equal.
    filtered = run(made, 5 + 1e-4 * noise, exposures)
    for frame, window in ((0, 1 + future), (3, 4 + future), (6, 7 + future)):
        measured = (filtered[frame].disparity - 5).double().var() / 1e-8
        assert measured == pytest.approx(1 / window, rel=0.1)
        first = max(0, frame - 6)
        mean = 5 + 1e-4 * noise[first : frame + future + 1].mean(0)
        torch.testing.assert_close(filtered[frame].disparity, mean, rtol=0, atol=2e-6)


@pytest.mark.parametrize("window", ["cpu", "torch"])
def test_on_a_grid_a_frame_changes_as_its_cells_do(window, monkeypatch):
    """The filter of the means of 3 x 3 pixels, interpolated; each frame keeps its detail."""
    frames, size = 6, (3 * HEIGHT - 1, 3 * WIDTH - 2)
    disparities, exposures = maps(frames, seed=7, size=size)
    flows = Known(smooth(frames, seed=7))
    settings_ = {"flow": flows, "window_frames": 2, "look_ahead_frames": 2}
    # The scale is a share of the frame's longer side, not of the grid's.
    made = TemporalStabilizer(**settings_, size_px=WIDTH, outlier_scale=0.02)
    on_cells = TemporalStabilizer(**settings_, outlier_scale=0.02 * size[1] / WIDTH)
    if window == "torch":
        for each in (made, on_cells):
            monkeypatch.setattr(each, "_make_window", lambda maps_: TorchWindow(5, maps_.device))
    means = [torch.stack([reduced(one, 3) for one in of]) for of in (disparities, exposures)]
    filtered = run(on_cells, *means)
    for frame, one in enumerate(run(made, disparities, exposures)):
        cells = filtered[frame]
        disparity = disparities[frame] + enlarged(cells.disparity - means[0][frame], 3, size)
        light = exposures[frame] + enlarged(cells.log_exposure - means[1][frame], 3, size)
        torch.testing.assert_close(one.disparity, disparity, rtol=0, atol=2e-3)
        torch.testing.assert_close(one.log_exposure, light.clamp_min(0), rtol=0, atol=2e-5)


def test_pumping_goes_and_detail_stays():
    """A still picture whose level changes: the mean of the levels, and every pixel's own difference."""
    frames, size = 7, (50, 33)
    detail = torch.randn(1, *size, generator=torch.Generator().manual_seed(8))
    levels = 1e-3 * torch.arange(frames).view(-1, 1, 1, 1)
    exposures = torch.zeros(frames, 3, *size)
    exposures[3, :, 20, 10] = 0.07
    made = TemporalStabilizer(
        flow=Known(still(frames, (10, 7))), window_frames=3, look_ahead_frames=3, size_px=10
    )
    filtered = run(made, detail + levels, exposures)
    torch.testing.assert_close(filtered[3].disparity, detail + 3e-3, rtol=0, atol=2e-3)
    assert filtered[3].log_exposure[:, 20, 10].max() > 0.05
    assert filtered[0].log_exposure.max() < 0.01
    for one in filtered:
        assert (one.log_exposure >= 0).all()
        assert one.log_exposure[:, :10].max() == 0


def test_a_wild_frame_is_outvoted():
    disparities = torch.full((7, 1, 8, 8), 3.0)
    disparities[6] = 30.0
    exposures = torch.zeros(7, 3, 8, 8)
    flow = Known(still(7, (8, 8)))
    filtered = run(TemporalStabilizer(flow=flow, outlier_scale=0.1), disparities, exposures)
    torch.testing.assert_close(filtered[6].disparity, torch.full((1, 8, 8), 3.0))
    alone = TemporalStabilizer(flow=flow, window_frames=1, outlier_scale=1e-3)
    # Of two nobody is in the minority, however far apart they are.
    torch.testing.assert_close(run(alone, disparities, exposures)[6].disparity, torch.full((1, 8, 8), 16.5))
    # The frame itself always counts, though it be wild and the others look otherwise.
    picky = TemporalStabilizer(flow=flow, outlier_scale=1e-4, luma_scale=1e-4)
    torch.testing.assert_close(run(picky, disparities, exposures)[6].disparity, disparities[6])


def test_a_moving_picture_is_followed():
    """Whole pixels of motion: every frame shows the same, and stays as it is."""
    random = torch.Generator().manual_seed(2)
    wide = torch.rand(1, 10, 40, generator=random)
    frames = 8
    disparities = torch.stack([wide[:, :, 3 * frame : 3 * frame + 12] for frame in range(frames)])
    flows = {}
    for frame in range(frames - 1):
        flows[frame, frame + 1] = np.tile(np.float32([-3, 0]), (10, 12, 1))
        flows[frame + 1, frame] = -flows[frame, frame + 1]
    made = TemporalStabilizer(flow=Known(flows), look_ahead_frames=2)
    for frame, one in enumerate(run(made, disparities, torch.zeros(frames, 3, 10, 12))):
        torch.testing.assert_close(one.disparity, disparities[frame])


def test_what_is_hidden_gets_nothing_from_what_hides_it():
    """A near square crosses a far wall; where it was, the wall has only its own value."""
    size, frames = (12, 24), 6
    disparities = torch.full((frames, 1, *size), 8.0)
    flows = {}
    for frame in range(frames):
        disparities[frame, :, 4:8, 3 * frame + 1 : 3 * frame + 5] = -8.0
    for frame in range(frames - 1):
        there, back = np.zeros((2, *size, 2), np.float32)
        there[4:8, 3 * frame + 1 : 3 * frame + 5, 0] = 3
        back[4:8, 3 * frame + 4 : 3 * frame + 8, 0] = -3
        flows[frame, frame + 1], flows[frame + 1, frame] = there, back
    # So mild an outlier weight hides nothing: this is Eq. 7 alone.
    for future in (0, 2):
        made = TemporalStabilizer(flow=Known(flows), look_ahead_frames=future, outlier_scale=1e3)
        for frame, one in enumerate(run(made, disparities, torch.zeros(frames, 3, *size))):
            torch.testing.assert_close(one.disparity, disparities[frame], rtol=0, atol=1e-5)


@pytest.mark.parametrize("future", [0, 2])
def test_nothing_leaks_across_a_cut(future, monkeypatch):
    monkeypatch.setattr(stabilizer_module, "begins_shot", lambda _, after: int(after[0, 0, 0]) == 4)
    disparities, exposures = maps(9, seed=5)
    flows = smooth(9, seed=5)
    both = run(TemporalStabilizer(flow=Known(flows), look_ahead_frames=future), disparities, exposures)
    images = [np.full((HEIGHT, WIDTH, 3), frame, np.uint8) for frame in range(9)]
    apart = []
    for shot in (slice(0, 4), slice(4, 9)):
        monkeypatch.setattr(stabilizer_module, "begins_shot", lambda *_: False)
        made = TemporalStabilizer(flow=Known(flows), look_ahead_frames=future)
        apart += run(made, disparities[shot], exposures[shot], images[shot])
    assert [one.is_cut for one in both] == [frame == 4 for frame in range(9)]
    for one, other in zip(both, apart, strict=True):
        assert torch.equal(one.disparity, other.disparity)
        assert torch.equal(one.log_exposure, other.log_exposure)


@pytest.mark.parametrize("cell", [1, 2])
@pytest.mark.parametrize("future", [0, 3])
def test_begun_later_it_gives_the_same_bits(future, cell):
    disparities, exposures = maps(14, seed=3, size=(HEIGHT * cell, WIDTH * cell))
    flows = smooth(14, seed=3)
    images = [np.full((*disparities.shape[2:], 3), frame, np.uint8) for frame in range(14)]
    made = TemporalStabilizer(flow=Known(flows), window_frames=4, look_ahead_frames=future, size_px=WIDTH)
    whole = run(made, disparities, exposures)
    for wanted in (5, 8):
        start = wanted - made.warm_up_frames
        later = run(made, disparities[start:], exposures[start:], images[start:])
        for one, other in zip(whole[wanted:], later[made.warm_up_frames :], strict=True):
            assert torch.equal(one.disparity, other.disparity)
            assert torch.equal(one.log_exposure, other.log_exposure)


@given(st.integers(1, 9), st.integers(0, 3), st.integers(0, 3), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_every_frame_comes_back_once_within_the_range_of_its_window(frames, past, future, seed):
    disparities, exposures = maps(frames, seed)
    made = TemporalStabilizer(
        flow=Known(smooth(frames, seed)), window_frames=past, look_ahead_frames=future, delta_px=1.5
    )
    with pytest.MonkeyPatch.context() as patch:  # hypothesis takes no fixture of a single test
        patch.setattr(stabilizer_module, "begins_shot", lambda *_: False)
        filtered = run(made, disparities, exposures)
    assert [one.index for one in filtered] == list(range(frames))
    for one in filtered:
        window = slice(max(0, one.index - past), one.index + future + 1)
        assert one.disparity.max() <= disparities[window].max() + 1e-5
        assert one.disparity.min() >= disparities[window].min() - 1e-5
        assert (one.log_exposure >= 0).all()


def test_the_delay_is_the_look_ahead():
    made = TemporalStabilizer(flow=Known(still(5)), look_ahead_frames=2)
    disparities, exposures = maps(5, seed=0)
    delays = []
    for frame in range(5):
        image = np.full((HEIGHT, WIDTH, 3), frame, np.uint8)
        delays.append([one.index for one in made.push(image, disparities[frame], exposures[frame])])
    assert delays == [[], [], [0], [1], [2]]
    assert [one.index for one in made.finish()] == [3, 4]
    assert made.finish() == []


def test_threads_change_nothing():
    size, frames = (100, 40), 4
    disparities, exposures = maps(frames, seed=4, size=size)
    made = TemporalStabilizer(flow=Known(still(frames, size)))
    alone = run(made, disparities, exposures)
    torch.set_num_threads(3)
    for one, other in zip(alone, run(made, disparities, exposures), strict=True):
        assert torch.equal(one.disparity, other.disparity)


def test_a_real_flow_on_a_still_picture():
    random = np.random.default_rng(0)
    image = cv2.GaussianBlur(random.integers(0, 255, (40, 48, 3)).astype(np.uint8), (0, 0), 1.5)
    disparities, exposures = maps(7, seed=6, size=(40, 48))
    filtered = run(TemporalStabilizer(flow=DISFlow(), outlier_scale=1e3), disparities, exposures, [image] * 7)
    torch.testing.assert_close(filtered[6].disparity, disparities.mean(0), rtol=0, atol=1e-3)


def test_without_a_filter_frames_come_back_untouched():
    disparities, exposures = maps(3, seed=0)
    filtered = run(NoStabilizer(), disparities, exposures)
    assert [one.index for one in filtered] == [0, 1, 2]
    for one, own in zip(filtered, disparities, strict=True):
        assert torch.equal(one.disparity, own)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"window_frames": -1}, "window_frames must be 0 or more"),
        ({"look_ahead_frames": -2}, "look_ahead_frames must be 0 or more"),
        ({"size_px": 0}, "size_px must be a whole number of 1 or more, or null, and is 0"),
        ({"size_px": 64.5}, "size_px must be a whole number"),
        ({"delta_px": 0.0}, "delta_px must be more than 0"),
        ({"outlier_scale": math.nan}, "outlier_scale must be more than 0"),
    ],
)
def test_settings_out_of_range(settings_, says):
    with pytest.raises(InputError, match=says):
        TemporalStabilizer(flow=Known({}), **settings_)


def test_a_frame_of_another_size():
    made = TemporalStabilizer(flow=DISFlow())
    made.push(np.zeros((8, 10, 3), np.uint8), torch.zeros(1, 8, 10), torch.zeros(3, 8, 10))
    with pytest.raises(InputError, match="Frame 1 is 12 x 8 pixels and those before are 10 x 8"):
        made.push(np.zeros((8, 12, 3), np.uint8), torch.zeros(1, 8, 12), torch.zeros(3, 8, 12))


def test_windows_of_both_kinds_hold_no_more_than_their_slots():
    window = TorchWindow(3, torch.device("cpu"))
    for frame in range(20):
        window.put(frame, np.zeros((4, 4), np.uint8), torch.zeros(1, 4, 4), torch.zeros(3, 4, 4))
        if frame:
            window.link(frame, *np.zeros((2, 4, 4, 2), np.float32), 1.0)
    assert all(len(kept) <= 3 for kept in (window._disparities, window._exposures, window._backward))
    assert len(window._forward) <= 3
    assert CPUWindow(3, 4, 4)._disparities.shape[0] == 3


def test_light_that_goes_out_is_forgotten():
    """The slot of a lit frame is used again for a dark one."""
    frames, size = 7, (8, 8)
    exposures = torch.zeros(frames, 3, *size)
    exposures[0] = 0.05
    made = TemporalStabilizer(flow=Known(still(frames, size)), window_frames=2)
    filtered = run(made, torch.zeros(frames, 1, *size), exposures)
    assert filtered[0].log_exposure.min() > 0
    for one in filtered[3:]:
        assert one.log_exposure.max() == 0
