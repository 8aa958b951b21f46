"""The scale of relative depth is held over a shot: exact values, wherever a video begins, in every place."""

import av
import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus.app.work.disparity import DisparityWorker
from rackfocus.app.work.frames import Frames
from rackfocus.app.work.priority import PriorityGate
from rackfocus.models.backends import CompositeEstimator, disparity_from_nearness, nearness_scale
from rackfocus.models.recorded.depth import RecordedDepth
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.pipelines.clip.arrays import DISPARITY
from rackfocus.pipelines.estimates import VideoEstimates
from rackfocus.pipelines.focusing.autofocus import open_footage
from rackfocus.pipelines.frame_estimator import FrameEstimator, is_not_blank, srgb_of
from rackfocus.pipelines.kept_estimates import STEPS
from rackfocus.pipelines.packed_maps import rounded
from rackfocus.video import Transfer, open_video
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer
from rackfocus.video.stabilizer.none import NoStabilizer

SIZE = 64, 48
HAND = range(3, 6)
"""The frames on which a near object covers the right third."""
CUT, FRAMES = 8, 11
STATIC = (slice(None), slice(0, 40))


class Red:
    """Nearness is the red channel."""

    def __call__(self, srgb):
        return srgb[:, :1]


class FrameByFrame:
    """The same estimator without what a video knows: every frame by itself, as before."""

    def __init__(self, assembled):
        self.assembled = assembled

    def __call__(self, srgb, *, network_size_px=None):
        return self.assembled(srgb, network_size_px=network_size_px)


def network():
    return CompositeEstimator(depth=Red(), hdr=lambda srgb: torch.zeros_like(srgb), disparity_range=0.1)


def pictures():
    """A static scene, a hand that comes in and goes, and another shot."""
    random = np.random.default_rng(5)
    still = random.integers(40, 120, (SIZE[1] // 8, SIZE[0] // 8, 3)).repeat(8, 0).repeat(8, 1)
    other = random.integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3)).repeat(8, 0).repeat(8, 1)
    for index in range(FRAMES):
        picture = (still if index < CUT else other).astype(np.uint8).copy()
        if index in HAND:
            picture[:, 44:, 0] = 255
        yield picture


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Without loss."""
    path = tmp_path_factory.mktemp("video") / "hand.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "bgr0"
        for picture in pictures():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def estimated(video, estimator, first=0, last=None, stabilizer=None):
    with open_video(video) as reader:
        estimates = VideoEstimates(reader, estimator, stabilizer or NoStabilizer(), None, SIZE)
        return [each.disparity[0] for each in estimates.frames(first, last, None)]


def test_what_stands_still_keeps_its_disparity(video):
    """To the bit, while the hand comes and goes; before, it changed by a third of the range."""
    held = estimated(video, network())
    assert all(torch.equal(frame[STATIC], held[0][STATIC]) for frame in held[:CUT])
    before = estimated(video, FrameByFrame(network()))
    change = max((frame[STATIC] - before[0][STATIC]).abs().max() for frame in before[:CUT])
    assert change > 0.3 * 0.1 * SIZE[0]
    # The hand itself is as near as disparity goes.
    assert held[3][:, 46:].eq(torch.tensor(-0.1 * SIZE[0]).half()).all()


def test_the_scale_is_that_of_the_first_frame_of_each_shot(video):
    held, alone = estimated(video, network()), estimated(video, FrameByFrame(network()))
    assert torch.equal(held[0], alone[0])
    assert torch.equal(held[CUT], alone[CUT])
    assert not torch.equal(held[HAND[0]], alone[HAND[0]])


@pytest.mark.parametrize("first", [1, 4, 6, CUT, CUT + 1])
def test_the_same_wherever_it_begins(video, first):
    """As a video that was stopped and goes on, or of which only some frames are asked for."""
    whole = estimated(video, network())
    part = estimated(video, network(), first, FRAMES)
    assert len(part) == FRAMES - first
    assert all(torch.equal(one, other) for one, other in zip(part, whole[first:], strict=True))


def test_autofocus_reads_what_is_rendered(video):
    """Filtered over time by the stabiliser that `refocus` takes."""
    whole = estimated(video, network(), stabilizer=look_ahead_stabilizer())
    assert not torch.equal(whole[HAND[0]], estimated(video, network())[HAND[0]])
    with open_footage(video, model=network()) as footage:
        maps = [shown.disparity for shown in footage.frames()]
    for found, rendered in zip(maps, whole, strict=True):
        np.testing.assert_array_equal(found, rounded(rendered, STEPS[DISPARITY]).numpy())


def test_the_page_knows_the_scale_in_any_order(video):
    whole = estimated(video, network())
    frames = Frames(video)
    disparities = DisparityWorker(
        frames, network, network_size_px=None, gate=PriorityGate(), estimated=lambda: None
    )
    disparities.rest(True)
    disparities.start()
    try:
        for index in (9, 4, 0, 10):
            found = disparities.small(index)
            np.testing.assert_allclose(found, whole[index].float().numpy(), atol=0.1)
    finally:
        disparities.close()
        frames.close()


def test_recorded_depth_reaches_every_place(video, tmp_path):
    """The near column of map `n` is column `4 n`; the page and autofocus ask in their own order."""
    for index in range(FRAMES):
        values = np.full((SIZE[1], SIZE[0]), 50, np.uint8)
        values[:10], values[:, 4 * index : 4 * index + 4] = 20, 200
        Image.fromarray(values).save(tmp_path / f"{index}.png")

    def recorded():
        return CompositeEstimator(depth=RecordedDepth(tmp_path), hdr=lambda srgb: torch.zeros_like(srgb))

    rendered = [frame.float().numpy() for frame in estimated(video, recorded())]
    assert [int(frame[20].argmin()) for frame in rendered] == [4 * index for index in range(FRAMES)]
    with open_footage(video, model=recorded(), stabilizer=NoStabilizer()) as footage:
        for shown in footage.frames():
            np.testing.assert_allclose(shown.disparity, rendered[shown.index], atol=STEPS[DISPARITY] / 2)
    frames = Frames(video)
    disparities = DisparityWorker(
        frames, recorded, network_size_px=None, gate=PriorityGate(), estimated=lambda: None
    )
    disparities.start()
    try:
        for index in (7, 0):
            np.testing.assert_allclose(disparities.small(index), rendered[index], atol=2e-3)
    finally:
        disparities.close()
        frames.close()


def test_a_shot_that_begins_in_the_dark(tmp_path):
    """Its scale is that of the first frame on which anything can be seen."""
    folder = tmp_path / "frames"
    folder.mkdir()
    lit = next(iter(pictures()))
    for index, light in enumerate((0.0, 0.01, 1.0, 0.5)):
        picture = av.VideoFrame.from_ndarray((lit * light).astype(np.uint8), format="rgb24")
        picture.to_image().save(folder / f"{index}.png")
    held = estimated(folder, network())
    alone = estimated(folder, FrameByFrame(network()))
    assert torch.equal(held[2], alone[2])
    assert not torch.equal(held[3], alone[3])
    assert not is_not_blank((lit * 0.01).astype(np.uint8))


def test_a_flat_frame_gives_no_scale():
    estimator = FrameEstimator(network(), None)
    assert estimator.scale(torch.full((1, 3, 8, 8), 0.5), index=0, time_s=0.0) is None
    assert estimator.scale(torch.rand(1, 3, 8, 8), index=0, time_s=0.0) is not None
    assert not FrameEstimator(FrameByFrame(network()), None).holds_scale


def test_a_held_scale_by_the_formula():
    """Of nearness 0..100 in the first frame 50 is in focus and 96 are the range."""
    ramp = torch.arange(101.0).view(1, 1, 1, 101)
    scale = nearness_scale(ramp)
    later = torch.full((1, 1, 10, 100), 74.0)
    expected = torch.full((1, 1, 10, 100), -24 / 96 * 0.03 * 100)
    torch.testing.assert_close(disparity_from_nearness(later, 0.03, scale), expected)
    assert disparity_from_nearness(later, 0.03).eq(0).all()


def test_pictures_as_models_take_them():
    image = np.full((2, 3, 3), 128, np.uint8)
    torch.testing.assert_close(srgb_of(image, Transfer.SRGB), torch.full((1, 3, 2, 3), 128 / 255))
    linear = srgb_to_linear(srgb_of(image, Transfer.BT709))
    assert linear.mean().item() == pytest.approx(((128 / 255 + 0.099) / 1.099) ** (1 / 0.45), abs=1e-4)
