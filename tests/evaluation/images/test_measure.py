"""What is measured follows from the samples: one tiny set of each kind."""

import math

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.apertures.aperture import ApertureFolder
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.evaluation_samples import (
    Camera,
    DisparitySample,
    FlowSample,
    HDRSample,
    PictureToFocus,
    PosedClip,
    SilhouetteSample,
    VideoSample,
)
from rackfocus.evaluation.images.baselines import Backends, ConstantDepth, Network, NoHDR
from rackfocus.evaluation.images.depth import reduce
from rackfocus.evaluation.images.examination import Conditions
from rackfocus.evaluation.images.measure import evaluation_dataset, measure
from rackfocus.evaluation.images.photographs import NamedPhotographs, RegisteredApertures
from rackfocus.evaluation.images.raytraced import examine_scene, network_method, unblurred
from rackfocus.metrics.hdr import log_mse
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError

CONDITIONS = Conditions(longer_side_px=96)


class Listed(Dataset):
    def __init__(self, *samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


@pytest.fixture
def image(generator):
    return torch.nn.functional.interpolate(torch.rand(1, 3, 9, 12, generator=generator), (72, 96))[0]


def disparity_sample(image, unit="1/m"):
    disparity = torch.linspace(0.2, 3, 96).expand(1, 72, 96).clone()
    disparity[:, 20:50, 30:60] = 4
    valid = torch.ones(1, 72, 96, dtype=torch.bool)
    valid[:, :5] = False
    return DisparitySample("room", image, torch.where(valid, disparity, 0.0), valid, unit)


def luminance(srgb):
    return srgb.mean(1, keepdim=True)


def test_disparity_after_alignment(image, tiny_network):
    sample = disparity_sample(image)

    def perfect(srgb):
        return 3 * sample.disparity[None].expand(len(srgb), -1, -1, -1) + 1

    methods = [
        Network("tiny", tiny_network),
        Backends("perfect", depth=perfect),
        Backends("light", hdr=NoHDR()),
    ]
    found = measure("depth/x", Listed(sample), methods, CONDITIONS)
    plane, tiny, best = found.records
    assert [record.method for record in found.records] == ["one plane", "tiny", "perfect"]
    assert (plane.disparity_share, plane.whdr, plane.boundary_f1) == (pytest.approx(1), 0.5, 0)
    assert (best.disparity_share, best.whdr, best.boundary_f1) == (pytest.approx(0, abs=1e-5), 0, 1)
    assert best.abs_rel == pytest.approx(0, abs=1e-4)
    assert 0 < tiny.disparity_share <= 1
    assert math.isnan(tiny.psnr)
    assert list(found.rows[0].pictures)[:2] == ["input", "truth"]
    assert len(found.rows[0].pictures) == 5


def test_relative_disparity_has_no_depth(image):
    found = measure(
        "d", Listed(disparity_sample(image, "relative")), [Backends("l", depth=luminance)], CONDITIONS
    )
    assert all(math.isnan(record.abs_rel) for record in found.records)


def test_stereo_pixels_scale_with_the_picture(image):
    small = reduce(disparity_sample(image, "stereo px"), 48)
    assert tuple(small.image.shape) == (3, 36, 48)
    assert small.disparity.max() == 2
    assert reduce(disparity_sample(image), 48).disparity.max() == 4
    assert small.valid.float().mean() == pytest.approx(67 / 72, abs=0.02)


def test_a_clip_counts_by_its_first_frame(image):
    sample = disparity_sample(image)
    depth = torch.where(sample.valid, 1 / sample.disparity.clamp_min(0.1), 0.0)
    camera = Camera(torch.eye(3), torch.eye(4))
    clip = PosedClip(
        "clip",
        torch.stack([image, 0 * image]),
        torch.stack([depth, depth]),
        torch.stack([sample.valid] * 2),
        (camera,) * 2,
    )
    method = [Backends("light", depth=luminance)]
    of_clip, of_sample = (measure("d", Listed(s), method, CONDITIONS).records for s in (clip, sample))
    assert [record.whdr for record in of_clip] == [record.whdr for record in of_sample]


def test_a_silhouette(image, tiny_network):
    mask = torch.zeros(1, 72, 96, dtype=torch.bool)
    mask[:, 20:50, 30:60] = True

    def knows(srgb):
        return mask[None].float().expand(len(srgb), -1, -1, -1)

    methods = [
        Network("tiny", tiny_network),
        Backends("knows", depth=knows),
        Backends("flat", depth=ConstantDepth()),
        Backends("light", hdr=NoHDR()),
    ]
    found = measure("silhouettes/x", Listed(SilhouetteSample("x", image, mask)), methods, CONDITIONS)
    tiny, best, flat = found.records
    assert [record.method for record in found.records] == ["tiny", "knows", "flat"]
    assert (best.boundary_f1, best.order, best.isolation, best.sharp) == (1, 1, 1, 1)
    assert best.soft == 1  # 3 % of 96 px are 29 px at 720 lines
    assert (flat.boundary_f1, flat.order, flat.isolation, flat.sharp, flat.soft) == (0, 0.5, 0.5, 1, 0)
    assert 0 <= tiny.order <= 1
    assert math.isnan(best.disparity_share)
    assert list(found.rows[0].pictures)[:2] == ["input", "subject"]
    assert len(found.rows[0].pictures) == 5


def test_edges_of_the_background_are_not_judged():
    image, mask = torch.rand(3, 720, 900), torch.zeros(1, 720, 900, dtype=torch.bool)
    mask[:, 200:500, 100:400] = True

    def also_a_far_post(srgb):
        nearness = mask[None].float()
        nearness[..., 700:720] = 0.7
        return nearness.expand(len(srgb), -1, -1, -1)

    sample = SilhouetteSample("x", image, mask)
    (record,) = measure("s", Listed(sample), [Backends("b", depth=also_a_far_post)], Conditions(900)).records
    assert record.boundary_f1 == 1


def test_a_video(image):
    sample = VideoSample("v", torch.stack([image, image, 1 - image]))
    methods = [Backends("light", depth=luminance), Backends("flat", depth=ConstantDepth())]
    light, flat = measure(
        "video/x", Listed(sample), [*methods, Backends("h", hdr=NoHDR())], CONDITIONS
    ).records
    maps = luminance(sample.images)
    assert light.frame_change == pytest.approx(
        ((1 - 2 * maps[0]).abs().mean() / 2 / maps.std()).item(), rel=1e-3
    )
    assert flat.frame_change == 0


def test_a_picture_to_look_at_has_no_record(image, tiny_network):
    def sides(srgb):
        x = torch.arange(srgb.shape[-1]) / srgb.shape[-1]
        return (x < 0.5).float().expand_as(srgb[:, :1])

    methods = [Network("tiny", tiny_network), Backends("sides", depth=sides), Backends("l", hdr=NoHDR())]
    found = measure("real/x", Listed(PictureToFocus("x", image, (20.0, 40.0))), methods, CONDITIONS)
    assert found.records == []
    disparities, refocused = (row.pictures for row in found.rows)
    assert list(disparities) == ["input", "tiny", "sides"]
    assert list(refocused) == ["the cross is in focus", "tiny", "sides"]
    change = np.abs(refocused["sides"].astype(int) - disparities["input"]).max(axis=(0, 2))
    assert change[:40].max() <= 1  # the point lies on the left side
    assert change[60:].max() > 20


def test_light(image, tiny_network):
    radiance = srgb_to_linear(image) * 3
    srgb = linear_to_srgb(radiance.clamp(0, 1))
    sample = HDRSample("lamp", srgb, radiance, radiance >= 1)
    clipped, tiny = measure(
        "hdr", Listed(sample), [Network("tiny", tiny_network), Backends("depth", depth=luminance)], CONDITIONS
    ).records
    assert (clipped.method, tiny.method) == ("clipped input", "tiny")
    assert clipped.hdr_log_mse == pytest.approx(
        log_mse(radiance.clamp(0, 1)[None], radiance[None]).item(), rel=1e-4
    )
    assert clipped.pu21_psnr > 0
    assert math.isnan(clipped.disparity_share)


def write(path, linear):
    codes = (linear_to_srgb(linear.clamp(0, 1)) * 255).round().byte().permute(1, 2, 0).numpy()
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.ascontiguousarray(codes[..., ::-1]))


@pytest.fixture
def photographs(tmp_path, generator):
    """Textures in focus on the left and blurred on the right, the wide apertures 1.5 times brighter."""
    deep = 0.1 + 0.4 * torch.rand(3, 160, 224, generator=generator)
    for f_number in (2.0, 4.0):
        shot = deep.permute(1, 2, 0).numpy().copy()
        shot[:, 120:] = cv2.GaussianBlur(shot, (0, 0), 6 / f_number)[:, 120:]
        write(tmp_path / "set" / f"tree_f{f_number}.png", 1.5 * torch.from_numpy(shot).permute(2, 0, 1))
    write(tmp_path / "set" / "tree_f16.png", deep)
    return tmp_path / "set"


def test_photographs_are_registered_and_searched(photographs):
    def sides(srgb):
        x = torch.arange(srgb.shape[-1]) / srgb.shape[-1]
        return -(x > 120 / 224).float().expand_as(srgb[:, :1])

    data_set = RegisteredApertures(photographs)
    assert len(data_set) == 2
    found = measure(
        "aperture/x", data_set, [Backends("sides", depth=sides), Backends("l", hdr=NoHDR())], Conditions(224)
    )
    base = [record for record in found.records if record.method == "input, not blurred"]
    sides_ = [record for record in found.records if record.method == "sides"]
    assert [record.target for record in base] == ["f/2", "f/4"]
    assert len(found.records) == 4
    assert all(b.psnr + 3 < s.psnr for b, s in zip(base, sides_, strict=True))
    assert sides_[0].blur_px > sides_[1].blur_px > 0
    assert {record.image for record in found.records} == {"tree_f16"}


def test_each_photograph_of_triplets_counts_once(photographs):
    triplets = ApertureFolder(photographs, "all")
    assert [sample.target for sample in evaluation_dataset(triplets)] == ["f/2", "f/4"]
    named = NamedPhotographs(photographs, "tree_f16.png", ["tree_f4.0.png"])
    assert (len(named), named[0].target) == (1, "tree_f4.0")


def test_a_triplet_in_memory_is_two_photographs(image):
    linear = srgb_to_linear(image)
    pair, triplet = (FocusSample("x", image, linear, linear, aperture_ratio=ratio) for ratio in (1.0, 0.5))
    assert [r.target for r in measure("x", Listed(pair), [], CONDITIONS).records] == ["shallow"]
    assert [r.target for r in measure("x", Listed(triplet), [], CONDITIONS).records] == [
        "shallow",
        "adjusted",
    ]


def test_scenes_come_whole_and_once(raytraced, tiny_network):
    scenes = RaytracedScenes(raytraced, "validation")
    whole = evaluation_dataset(scenes)
    assert 2 * len(whole) == len(scenes)
    methods = [unblurred(), network_method("tiny", tiny_network)]
    found = examine_scene(whole[0], methods, CONDITIONS, data_set="scenes")
    assert [record.data_set for record in found.records] == ["scenes"] * 6
    assert [list(row.pictures)[:2] for row in found.rows[:2]] == [
        ["input", "photograph"],
        ["true disparity", "tiny"],
    ]


def test_progress_and_how_many_pictures(image):
    seen = []
    sets = Listed(*[disparity_sample(image)] * 5)
    found = measure(
        "d", sets, [], CONDITIONS, sheet_samples=2, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(i, 5) for i in range(1, 6)]
    assert len(found.records) == 5
    assert len(found.rows) == 2


def test_what_has_no_truth_is_one_sentence(image):
    flow = FlowSample(
        "x", image, image, torch.zeros(2, 72, 96), *[torch.ones(1, 72, 96, dtype=torch.bool)] * 2
    )
    with pytest.raises(InputError, match="sintel gives samples of FlowSample"):
        measure("sintel", Listed(flow), [], CONDITIONS)
