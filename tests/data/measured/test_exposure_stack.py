import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus.data.measured.exposure_stack import ExposureStacks, merge_exposures, read_exposure
from rackfocus.data.measured.virtual_camera import SigmoidCurve, SRGBCurve
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.types import InputError

TIMES = [1 / 1000, 1 / 125, 1 / 30, 1 / 8, 1 / 2]
CURVES = [SRGBCurve(), SigmoidCurve()]


def known_scene():
    """Light over 14 stops: smooth shapes and a little texture, as far as 8 bits go."""
    y, x = np.mgrid[0:96, 0:128] / 96.0
    stops = 7 * np.sin(5 * x + 2 * np.sin(3 * y)) + 0.2 * np.random.default_rng(0).normal(size=x.shape)
    light = np.exp2(stops)[None] * np.array([1.0, 0.8, 0.6])[:, None, None]
    return torch.from_numpy(light).float() * 4


def expose(light, curve, time_s):
    encoded = curve.encode((light * time_s).clamp(0, 1))
    return torch.round(encoded * 255).to(torch.uint8).numpy().transpose(1, 2, 0).copy()


def stops_off(merged, light, codes):
    """Of what neither the shortest exposure clips nor the longest swallows; the common scale taken out."""
    seen = torch.from_numpy((codes[0] < 245) & (codes[-1] > 10)).permute(2, 0, 1)
    ratio = (merged.clamp_min(1e-9) / light).log2()[seen]
    return (ratio - ratio.median()).abs().quantile(torch.tensor([0.5, 0.99])).tolist()


@pytest.mark.parametrize("curve", CURVES)
def test_a_known_scene_comes_back_and_better_than_by_opencv(curve):
    light, times = known_scene(), np.float32(TIMES)
    for quality, limits, robertson_limit in ((None, (0.01, 0.07), 0.1), (95, (0.06, 0.4), 1.0)):
        codes = [expose(light, curve, time_s) for time_s in TIMES]
        if quality:
            codes = [cv2.imdecode(cv2.imencode(".jpg", code, [1, quality])[1], 1) for code in codes]
        ours = stops_off(merge_exposures(codes, TIMES), light, codes)
        assert ours[0] < limits[0]
        assert ours[1] < limits[1]
        response = cv2.createCalibrateDebevec().process(codes, times)
        debevec = cv2.createMergeDebevec().process(codes, times, response)
        response = cv2.createCalibrateRobertson().process(codes, times)
        robertson = cv2.createMergeRobertson().process(codes, times, response)
        debevec_off, robertson_off = (
            stops_off(torch.from_numpy(merged.transpose(2, 0, 1).copy()), light, codes)
            for merged in (debevec, robertson)
        )
        assert robertson_off[1] > max(robertson_limit, 2 * ours[1])
        if quality is None:
            assert debevec_off[1] > 1.3 * ours[1]


def test_what_no_exposure_holds_keeps_a_bound():
    light = known_scene()
    light[:, :8, :8] = 1e6
    light[:, 8:16, :8] = 0.0
    codes = [expose(light, SRGBCurve(), time_s) for time_s in TIMES]
    merged = merge_exposures(codes, TIMES)
    assert torch.isfinite(merged).all()
    assert torch.all(merged >= 0)
    trusted = torch.from_numpy(codes[0] < 240).permute(2, 0, 1)
    assert merged[:, :8, :8].min() > 0.9 * merged[trusted].max()
    assert merged[:, 8:16, :8].max() < 3 * merged[:, 16:].min()


def write_photograph(path, codes, time_s, *, f_number=None, speed=None):
    exif = Image.Exif()
    tags = exif.get_ifd(0x8769)
    if time_s is not None:
        tags[33434] = time_s
    if f_number is not None:
        tags[33437] = f_number
    if speed is not None:
        tags[34855] = speed
    Image.fromarray(codes).save(path, quality=95, subsampling=0, exif=exif)


@pytest.fixture
def stack(tmp_path):
    folder = tmp_path / "room"
    folder.mkdir()
    for number, time_s in enumerate(reversed(TIMES)):
        write_photograph(folder / f"{number}.jpg", expose(known_scene(), SRGBCurve(), time_s), time_s)
    return folder


def test_the_middle_exposure_and_the_light_on_its_scale(stack):
    for root in (stack, stack.parent):
        samples = ExposureStacks(root)
        assert len(samples) == 1
    sample = samples[0]
    assert sample.name == "room"
    light = known_scene() / 30
    kept = (sample.image > 0.25) & (sample.image < 0.9)
    assert (sample.radiance / light)[kept].log2().abs().median() < 0.05
    assert (srgb_to_linear(sample.image) / sample.radiance)[kept].log2().abs().median() < 0.06
    assert torch.equal(sample.clipped, sample.image > 247.5 / 255)
    bright = sample.clipped & (light < 20)
    assert (sample.radiance / light)[bright].log2().abs().median() < 0.05
    with pytest.raises(IndexError):
        samples[1]


def test_exposure_counts_speed_and_aperture(tmp_path):
    path = tmp_path / "a.jpg"
    codes = np.zeros((8, 8, 3), np.uint8)
    write_photograph(path, codes, 0.25, f_number=2.0, speed=400)
    assert read_exposure(path) == pytest.approx(0.25 * 400 / 4)
    write_photograph(path, codes, 0.25)
    assert read_exposure(path) == pytest.approx(0.25 * 100)


def test_bad_input(stack):
    with pytest.raises(InputError, match="nowhere"):
        ExposureStacks(stack / "nowhere")
    (stack.parent / "empty").mkdir()
    with pytest.raises(InputError, match="empty holds no exposure stack"):
        ExposureStacks(stack.parent / "empty")
    picture = expose(known_scene(), SRGBCurve(), TIMES[1])
    write_photograph(stack / "3.jpg", picture, None)
    with pytest.raises(InputError, match=r"3\.jpg does not tell its exposure time"):
        ExposureStacks(stack)[0]
    write_photograph(stack / "3.jpg", picture[:32], TIMES[1])
    with pytest.raises(InputError, match=r"3\.jpg is 128x32"):
        ExposureStacks(stack)[0]
    write_photograph(stack / "3.jpg", picture, TIMES[1])
    whole = (stack / "3.jpg").read_bytes()
    for content in (whole[: len(whole) // 2], b"spoilt"):
        (stack / "3.jpg").write_bytes(content)
        with pytest.raises(InputError, match=r"3\.jpg"):
            ExposureStacks(stack)[0]
    for number in range(5):
        write_photograph(stack / f"{number}.jpg", picture, 0.5)
    with pytest.raises(InputError, match="room holds no two exposures"):
        ExposureStacks(stack)[0]


def test_real_stack(shared):
    folder = shared / "data" / "hdr" / "room_stack"
    exposures = [read_exposure(path) for path in sorted(folder.glob("*.jpg"))]
    times = [2, 0.5, 1 / 8, 1 / 30, 1 / 125, 1 / 1000, 1 / 4000]
    assert exposures == pytest.approx([time * 200 / 4.5**2 for time in times])
    sample = ExposureStacks(folder)[0]
    assert sample.radiance.shape == (3, 427, 640)
    assert sample.radiance.max() > 200
    assert 0.01 < sample.clipped.float().mean() < 0.05
    assert sample.radiance[sample.clipped].quantile(0.01) > 1
    assert sample.radiance[~sample.clipped].quantile(0.99) < 1.2
