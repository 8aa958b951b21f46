from dataclasses import dataclass

import numpy as np
import pytest
import torch

from rackfocus.data.gaze.focus_clip import Sampling
from rackfocus.focus.af_net import prediction
from rackfocus.focus.af_net.autofocus import AFNetAutofocus, peaks, subject
from rackfocus.focus.af_net.prediction import FrameSampler, Prediction, predictions
from rackfocus.focus.detectors.focus_region import FocusRegion
from rackfocus.focus.detectors.window import ClipWindow, Detector
from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import save_af_net
from rackfocus.types import InputError


@dataclass
class Picture:
    index: int
    time_s: float
    image: np.ndarray
    is_cut: bool = False


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(5)
    net = AFNet(units=3, unit_stride=3, width=8, feature_width=8, time_width=8)
    net(torch.rand(2, 9, 3, 32, 48))
    return net.eval()


def video(count, fps=30.0, size=(36, 64), cuts=()):
    generator = np.random.default_rng(3)
    images = generator.integers(0, 255, (count, *size, 3), np.uint8)
    return [Picture(at, at / fps, image, at in cuts) for at, image in enumerate(images)]


@pytest.mark.parametrize("fps", [5, 6, 10, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 120])
def test_the_clock_takes_the_frames_that_training_sampled(fps):
    clock = FrameSampler(fps)
    taken = tuple(at for at in range(400) if clock.takes(at / fps))
    assert taken == Sampling(window=20, stride=5).frames(400, fps)


def test_the_clock_follows_time_stamps_where_rates_vary():
    clock = FrameSampler(24.0)
    times = [0, 0.04, 0.08, 0.4, 0.45, 0.5, 0.51, 0.52, 0.9]
    assert [time for time in times if clock.takes(time)] == [0, 0.4, 0.5, 0.9]


@torch.inference_mode()
@pytest.mark.parametrize("block", [4, 7, 100])
def test_a_streamed_video_is_predicted_as_a_whole_one(block, network, monkeypatch):
    monkeypatch.setattr(prediction, "BLOCK", block)
    shown = video(40, fps=6.0)
    found = list(predictions(network, iter(shown), fps=6.0, longer_side_px=64))
    frames = torch.from_numpy(np.stack([each.image for each in shown])).permute(0, 3, 1, 2)[None] / 255
    whole = network(frames)
    assert [each.index for each in found] == list(range(40))
    assert [each.begins_shot for each in found] == [True] + [False] * 39
    chances = torch.tensor([each.probability for each in found])
    torch.testing.assert_close(chances, whole.target_logits[0].sigmoid(), rtol=0, atol=1e-6)
    for each in found:
        assert each.region.shape == (9, 16)
        assert each.region.sum() == pytest.approx(1, abs=1e-5)
    density = whole.region_logits[0, 20, 0].flatten().softmax(0).view(9, 4, 16, 4).sum((1, 3))
    torch.testing.assert_close(torch.from_numpy(found[20].region), density, rtol=0, atol=1e-6)


def test_a_shot_is_a_clip_of_its_own(network):
    shown = video(60, cuts=(33,))
    both = list(predictions(network, shown, fps=30.0, longer_side_px=64))
    assert [each.index for each in both if each.begins_shot] == [0, 33]
    first = list(predictions(network, shown[:33], fps=30.0, longer_side_px=64))
    assert [each.probability for each in both[: len(first)]] == pytest.approx(
        [each.probability for each in first]
    )


def test_peaks_are_the_largest_within_reach():
    times = np.arange(10) / 6
    values = np.array([0.9, 0.2, 0.6, 0.7, 0.65, 0.1, 0.3, 0.8, 0.4, 0.55])
    assert peaks(values, times, least=0.5, apart_s=0.4) == [0, 3, 7]
    assert peaks(values, times, least=0.5, apart_s=0.7) == [0, 7]
    assert peaks(values, times, least=0.95, apart_s=0.4) == []


def test_a_subject_is_where_the_density_is_most():
    region = np.zeros((6, 10))
    region[2, 3:6] = [0.2, 0.3, 0.2]
    region[5, 9] = 0.25
    x, y, box = subject(region, (100, 60))
    # Cells of ten pixels: columns 3 to 5, row 2.
    assert (x, y) == pytest.approx((44.5, 24.5))
    assert box == (30, 20, 59, 29)


def seen(*chances, at=(2, 3)):
    region = np.zeros((6, 10), np.float32)
    region[at] = 1
    return [Prediction(5 * k, k / 6, k == 0, chance, region) for k, chance in enumerate(chances)]


def test_targets_are_the_beginning_and_the_peaks_that_are_sure():
    finder = AFNetAutofocus(threshold=0.5, apart_s=0.4)
    chances = [0.9, 0.9, 0.1, 0.2, 0.8, 0.6, 0.1, 0.4, 0.1]
    targets = finder.targets(seen(*chances), size=(100, 60))
    # What is likely within apart_s of the beginning is the beginning.
    assert [target.t for target in targets] == [0, 20]
    assert {target.source for target in targets} == {"af-net"}
    assert (targets[1].x, targets[1].y) == pytest.approx((34.5, 24.5))
    assert targets[1].box == (30, 20, 39, 29)


def test_a_video_of_one_frame_has_one_target(network, tmp_path):
    save_af_net(network, tmp_path / "net.safetensors")
    finder = AFNetAutofocus(checkpoint=tmp_path / "net.safetensors")
    (target,) = finder.find(video(1), size=(64, 36), fps=30.0)
    assert target.t == 0
    assert finder.find([], size=(64, 36), fps=30.0) == ()


def test_the_shipped_network_says_that_it_does_not_know_real_videos(tmp_path):
    (sentence,) = AFNetAutofocus().warnings()
    assert "trained on ray-traced clips only" in sentence
    assert "autofocus=general" in sentence
    assert AFNetAutofocus(checkpoint=tmp_path / "net.safetensors").warnings() == ()


def test_the_focus_region_is_a_detector(network):
    detector = FocusRegion(network, longer_side_px=64)
    assert isinstance(detector, Detector)
    shown = video(24, cuts=(13,))
    window = ClipWindow(
        np.stack([each.image for each in shown]),
        np.array([each.time_s for each in shown]),
        np.array([each.is_cut for each in shown]),
    )
    maps = detector(window)
    assert maps.shape == (24, *window.map_size)
    assert (maps.max((1, 2)) == 1).all()
    # Frames 0 to 2 show what was sampled at 0, as do the first ones after the cut at 13.
    assert (maps[0] == maps[2]).all()
    assert (maps[13] != maps[12]).any()
    assert detector.missing(window) is None


@pytest.mark.parametrize(("setting", "value"), [("threshold", 1.0), ("apart_s", 0.0), ("longer_side_px", 8)])
def test_a_bad_setting_is_one_sentence(setting, value):
    with pytest.raises(InputError, match=setting):
        AFNetAutofocus(**{setting: value})
