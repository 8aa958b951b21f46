"""Every flow behind the one call, and Eq. 7 on what they find."""

import sys
import types

import cv2
import numpy as np
import pytest
import torch

from rackfocus.types import InputError
from rackfocus.video.flow.consistency import consistent, mask_inconsistent
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.flow.farneback import FarnebackFlow
from rackfocus.video.flow.files import read_flow
from rackfocus.video.flow.optical_flow import OpticalFlow, flow_between
from rackfocus.video.flow.raft import RAFTFlow
from rackfocus.video.flow.warp import sample, warp

FLOWS = [
    *(pytest.param(DISFlow(preset=preset), id=preset) for preset in ("ultrafast", "fast", "medium")),
    pytest.param(FarnebackFlow(), id="farneback"),
]


def texture(height=72, width=96):
    noise = np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_shift_is_found(flow):
    """The second frame shows everything 3 pixels to the right and 2 higher."""
    assert isinstance(flow, OpticalFlow)
    picture = texture()
    first, second = picture[:-4, 6:], np.ascontiguousarray(picture[2:-2, 3:-3])
    found = flow(np.ascontiguousarray(first), second)
    assert found.shape == (*first.shape[:2], 2)
    assert found.dtype == np.float32
    inner = found[16:-16, 16:-16]
    np.testing.assert_allclose(np.median(inner, axis=(0, 1)), (3, -2), atol=0.15)


@pytest.mark.parametrize("flow", FLOWS)
def test_the_same_frames_give_the_same_bits(flow):
    first, second = texture(), np.ascontiguousarray(texture()[::-1])
    before = flow(first, second)
    flow(second, first)
    assert np.array_equal(flow(first, second), before)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (17, 16), (24, 352)])
@pytest.mark.parametrize("flow", FLOWS)
def test_the_smallest_frames(flow, size):
    frame = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8)
    found = flow(frame, frame)
    assert found.shape == (*size, 2)
    assert np.abs(found).max() < 0.1


def test_there_is_no_such_preset():
    with pytest.raises(InputError, match="one of ultrafast, fast, medium, and is 'slow'"):
        DISFlow(preset="slow")


class FakeRAFT:
    """Answers like torchvision's network, with a flow that tells what it was given."""

    def __init__(self):
        self.seen = []

    def load_state_dict(self, state):
        if "weight" not in state:
            raise RuntimeError("another network")

    def eval(self):
        return self

    def requires_grad_(self, _):
        return self

    def to(self, _):
        return self

    def __call__(self, first, second, num_flow_updates):
        self.seen.append((first, second, num_flow_updates))
        flow = torch.stack([torch.full_like(first[:, 0], 1.5), torch.full_like(first[:, 0], -2)], 1)
        return [torch.zeros_like(flow), flow]


@pytest.fixture
def torchvision(monkeypatch):
    made = []

    def raft_small(weights):
        made.append(weights)
        return FakeRAFT()

    module = types.ModuleType("torchvision.models.optical_flow")
    module.raft_small = raft_small
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


def test_raft(torchvision):
    flow = RAFTFlow(updates=3)
    assert torchvision == ["DEFAULT"]
    first = np.zeros((130, 141, 3), np.uint8)
    found = flow(first, first + 255)
    assert found.shape == (130, 141, 2)
    assert np.array_equal(found[0, 0], np.float32([1.5, -2]))
    ((one, other, updates),) = flow._network.seen
    assert one.shape == (1, 3, 136, 144)  # whole cells of 8 pixels
    assert (one.min(), other.max(), updates) == (-1, 1, 3)
    assert flow(np.zeros((9, 7, 3), np.uint8), np.zeros((9, 7, 3), np.uint8)).shape == (9, 7, 2)


def test_raft_with_a_file_of_weights(torchvision, tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "raft.pth")
    RAFTFlow(weights=tmp_path / "raft.pth")
    assert torchvision == [None]
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pth")
    for name in ("other.pth", "missing.pth"):
        with pytest.raises(InputError, match=r"weights of RAFT .* cannot be loaded; set flow.weights"):
            RAFTFlow(weights=tmp_path / name)


def test_raft_without_torchvision(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    monkeypatch.setitem(sys.modules, "torchvision.models.optical_flow", None)
    with pytest.raises(InputError, match="flow=raft needs a torchvision"):
        RAFTFlow()


def test_consistent_flows_lead_back():
    forward, backward = torch.zeros(2, 2, 6, 9)
    forward[0], backward[0] = 2, -2
    seen = consistent(forward, backward, 0.5)
    assert seen[:, :7].all()
    assert not seen[:, 7:].any()  # out of the picture
    backward[0, 3, 4] = -2.6
    seen = consistent(forward, backward, 0.5)
    assert not seen[3, 2]
    assert seen.sum() == 6 * 7 - 1
    kept = mask_inconsistent(forward, backward, 0.5)
    assert torch.equal(kept.isnan().any(0), ~seen)
    assert torch.equal(kept[:, seen], forward[:, seen])


def test_half_a_pixel_beyond_the_outer_centres_is_still_the_picture():
    forward, backward = torch.zeros(2, 2, 4, 4)
    forward[0, :, 3], forward[0, 0, 3] = 0.4, 0.6
    assert consistent(forward, backward, 1.0)[1:, 3].all()
    assert not consistent(forward, backward, 1.0)[0, 3]


def test_samples_are_bilinear_and_shy_of_nan():
    values = torch.tensor([[[0.0, 1, 2], [10, 11, torch.nan]]])
    x, y = torch.tensor([0.25, 1.0, 1.5, 9.0, torch.nan]), torch.tensor([0.5, 1.0, 1.0, -3.0, 0.0])
    torch.testing.assert_close(
        sample(values, x, y)[0], torch.tensor([5.25, 11, torch.nan, 2, torch.nan]), equal_nan=True
    )


def test_warping_brings_the_other_frame_here():
    values = torch.arange(12.0).view(1, 3, 4)
    flow = torch.zeros(2, 3, 4)
    flow[0] = 1
    assert torch.equal(warp(values, flow)[:, :, :3], values[:, :, 1:])


@pytest.mark.parametrize(("preset", "most"), [("ultrafast", 0.6), ("fast", 0.5), ("medium", 0.35)])
def test_rubber_whale(preset, most, shared):
    """Real pictures with small motion: no preset is off by much more than half a pixel."""
    folder = shared / "data" / "flow" / "middlebury_rubberwhale"
    first, second = (
        cv2.cvtColor(cv2.imread(str(folder / f"RubberWhale{number}.png")), cv2.COLOR_BGR2RGB)
        for number in (1, 2)
    )
    truth, known = read_flow(folder / "flow_gt.flo")
    found = torch.from_numpy(DISFlow(preset=preset)(first, second)).permute(2, 0, 1)
    assert (found - truth).norm(dim=0)[known[0]].mean() < most


def test_tensors_are_copied_for_methods_of_the_cpu_alone():
    """A method that takes tensors gets them as they are."""

    class ByTensors(DISFlow):
        def of_tensors(self, first, second):
            return (second - first).float()[..., :2]

    images = texture(), np.roll(texture(), 2, axis=1)
    tensors = [torch.from_numpy(image) for image in images]
    np.testing.assert_array_equal(flow_between(DISFlow(), *tensors), DISFlow()(*images))
    np.testing.assert_array_equal(flow_between(ByTensors(), *images), DISFlow()(*images))
    found = flow_between(ByTensors(), *tensors)
    assert torch.equal(found, (tensors[1] - tensors[0]).float()[..., :2])
