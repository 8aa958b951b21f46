"""From video to focus track, with detectors that are known, and whatever a video may lack."""

import numpy as np
import pytest
from PIL import Image

import rackfocus
from rackfocus import FocusTarget, FocusTrack, InputError
from rackfocus.focus.af_net.autofocus import AFNetAutofocus
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing import analysis, streaming
from rackfocus.pipelines.focusing.autofocus import annotation_of, autofocus, follow, open_footage
from rackfocus.pipelines.focusing.footage import Footage, FrameDisparityStore, small_map
from rackfocus.pipelines.focusing.streaming import streaming_autofocus, streaming_tracks

SIZE = (96, 64)
LEFT, RIGHT = (24, 32), (72, 32)


class Bright:
    """Sees what is bright, and may lack something."""

    def __init__(self, lacks=None):
        self.lacks = lacks

    def __call__(self, window):
        rows, columns = window.map_size
        assert (rows, columns) == (64, 96)
        return (window.frames.min(axis=3) > 200).astype(np.float32)

    def missing(self, window):  # noqa: ARG002
        return self.lacks


def picture(at, seed=0):
    """A patch with texture, at a point or nowhere."""
    image = np.random.default_rng(seed).integers(20, 110, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    if at is not None:
        x, y = at
        image[y - 9 : y + 9, x - 9 : x + 9] = np.random.default_rng(x).integers(215, 255, (18, 18, 3))
    return image


def stills(folder, pictures):
    folder.mkdir()
    for index, image in enumerate(pictures):
        Image.fromarray(image).save(folder / f"{index:04d}.png")
    return folder


def halves(index=0):  # noqa: ARG001
    disparity = np.full((SIZE[1], SIZE[0]), -3.0, np.float32)
    disparity[:, SIZE[0] // 2 :] = 5.0
    return disparity


def scene(**settings):
    return SceneSpecific({"bright": Bright()}, **settings)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """The patch is on the left, and from frame 24 on the right."""
    pictures = [picture(LEFT)] * 24 + [picture(RIGHT)] * 24
    return stills(tmp_path_factory.mktemp("videos") / "jump", pictures)


def test_focus_arrives_before_the_subject(video):
    calls = []
    track = rackfocus.autofocus(
        video, scene(), disparity=halves, fps=12, progress=lambda *call: calls.append(call)
    )
    assert isinstance(track, FocusTrack)
    assert [target.t for target in track.targets] == [0, 24]
    (first, second) = track.targets
    assert abs(first.x - LEFT[0]) < 9
    assert abs(second.x - RIGHT[0]) < 9
    assert second.box == (63, 23, 80, 40)
    np.testing.assert_allclose(track.focal_disparity, np.interp(np.arange(48), [12, 22], [-3, 5]), atol=1e-3)
    assert track.points.shape == (48, 2)
    assert track.warnings == ()
    assert calls == [(done, 96) for done in range(1, 97)]


def test_a_user_outranks_what_is_found(video):
    user = FocusTarget(10, *RIGHT, until=30)
    track = autofocus(video, scene(), disparity=halves, fps=12, targets=[user], puller=FocusPuller(0, 0))
    assert user in track.targets
    np.testing.assert_allclose(track.focal_disparity[[9, 10, 29]], [-3, 5, 5])


@pytest.mark.parametrize("given", ["array", "folder", "function"])
def test_disparity_is_given_in_several_ways(video, tmp_path, given):
    ways = {"array": np.stack([halves()] * 48), "folder": tmp_path, "function": halves}
    for index in range(48):
        np.save(tmp_path / f"{index:03d}.npy", halves())
    track = autofocus(video, scene(), disparity=ways[given], fps=12)
    np.testing.assert_allclose(track.focal_disparity[[0, 47]], [-3, 5])


def test_too_little_disparity_is_one_sentence(video, tmp_path):
    with pytest.raises(InputError, match="for 3 frames"):
        autofocus(video, scene(), disparity=np.zeros((3, 4, 6)))
    with pytest.raises(InputError, match="holds no"):
        autofocus(video, scene(), disparity=tmp_path)
    np.save(tmp_path / "0.npy", halves())
    with pytest.raises(InputError, match="for 1 frames"):
        autofocus(video, scene(), disparity=tmp_path)


def test_disparity_is_estimated_where_none_is_known(video, tiny_network):
    track = autofocus(video, scene(), model=tiny_network, fps=12, last=6)
    assert track.focal_disparity.shape == (6,)
    assert np.isfinite(track.focal_disparity).all()


def test_windows_are_stitched_without_a_seam(video, monkeypatch):
    whole = autofocus(video, scene(), disparity=halves, fps=12)
    monkeypatch.setattr(analysis, "WINDOW_S", 0.9)
    monkeypatch.setattr(analysis, "OVERLAP_S", 0.3)
    apart = autofocus(video, scene(), disparity=halves, fps=12)
    assert apart.targets == whole.targets
    assert (apart.focal_disparity == whole.focal_disparity).all()


def test_the_windows_of_a_video_share_the_voices_that_are_known(video, monkeypatch):
    windows = []

    class Recorded(Bright):
        def __call__(self, window):
            windows.append(window)
            return super().__call__(window)

    recorded = SceneSpecific({"bright": Recorded()})
    monkeypatch.setattr(analysis, "WINDOW_S", 0.9)
    monkeypatch.setattr(analysis, "OVERLAP_S", 0.3)
    autofocus(video, recorded, disparity=halves, fps=12)
    count = len(windows)
    assert count > 3
    assert all(window.voices is windows[0].voices for window in windows)
    autofocus(video, recorded, disparity=halves, fps=12)
    assert all(window.voices is windows[count].voices is not windows[0].voices for window in windows[count:])


@pytest.mark.parametrize(("window", "overlap"), [(0.9, 0.3), (0.5, 0.45), (9.0, 1.0), (0.01, 0.0)])
def test_each_frame_counts_once(video, monkeypatch, window, overlap):
    monkeypatch.setattr(analysis, "WINDOW_S", window)
    monkeypatch.setattr(analysis, "OVERLAP_S", overlap)
    with open_footage(video, disparity=halves, fps=12) as footage:
        seen = []
        for frames, keep in analysis._overlapping(footage.pictures()):
            assert len(frames) <= window * 12 + 2
            seen += [frames[at].index for at in keep]
    assert seen == list(range(48))


POOR = {
    "one frame": [picture(LEFT)],
    "nothing there": [picture(None)] * 12,
    "black": [np.zeros((64, 96, 3), np.uint8)] * 12,
    "a cut in the middle": [picture(LEFT)] * 10 + [255 - picture(RIGHT, 5) // 3] * 10,
    "leaves and returns": [picture((16 + 4 * step, 32)) for step in range(12)]
    + [picture(None)] * 20
    + [picture((70 - 4 * step, 32)) for step in range(10)],
}


@pytest.mark.parametrize("kind", POOR)
def test_every_frame_has_focus_whatever_is_missing(tmp_path, kind):
    source = stills(tmp_path / "video", POOR[kind])
    poor = SceneSpecific({"bright": Bright("There is no sound.")})
    track = autofocus(source, poor, disparity=halves, fps=12)
    count = len(POOR[kind])
    assert track.points.shape == (count, 2)
    assert track.focal_disparity.shape == track.confidence.shape == (count,)
    assert np.isfinite(track.points).all()
    assert np.isfinite(track.focal_disparity).all()
    assert "There is no sound." in track.warnings
    assert track.targets[0].t == 0
    if kind in ("nothing there", "black"):
        assert any("Nothing to focus on" in each for each in track.warnings)
    online = streaming_autofocus(source, poor, buffer_s=0.5, disparity=halves, fps=12)
    assert online.focal_disparity.shape == (count,)
    assert np.isfinite(online.focal_disparity).all()


def test_what_a_network_does_not_know_is_a_warning(video):
    track = autofocus(video, "af_net", disparity=halves, fps=12)
    (told,) = AFNetAutofocus().warnings()
    assert track.warnings[0] == told


def test_another_set_counts_where_the_first_sees_nothing(video):
    class Blind(Bright):
        def __call__(self, window):
            return np.zeros_like(super().__call__(window))

    found = autofocus(video, scene(), disparity=halves, fps=12)
    blind = SceneSpecific({"blind": Blind("It is dark.")}, otherwise={"bright": Bright("It is dark.")})
    track = autofocus(video, blind, disparity=halves, fps=12)
    assert track.targets == found.targets
    (dark, instead) = track.warnings
    assert (dark, "it looked for bright instead" in instead) == ("It is dark.", True)
    unused = SceneSpecific({"bright": Bright()}, otherwise={"blind": Blind("It is dark.")})
    assert autofocus(video, unused, disparity=halves, fps=12).warnings == ()


def test_what_only_some_of_the_video_lacks_is_told_so(video, monkeypatch):
    monkeypatch.setattr(analysis, "WINDOW_S", 1.0)
    monkeypatch.setattr(analysis, "OVERLAP_S", 0.3)

    class Sometimes(Bright):
        def missing(self, window):
            return "Nobody speaks." if window.times_s[0] == 0 else None

    track = autofocus(video, SceneSpecific({"bright": Sometimes()}), disparity=halves, fps=12)
    assert any(each.startswith("Nobody speaks. (in 1 of ") for each in track.warnings)


def test_a_mode_that_is_not_there():
    with pytest.raises(InputError, match="choose one of action, conversation"):
        autofocus("nowhere.mp4", "sports")


@pytest.mark.parametrize("settings", [{"longer_side_px": 0}, {"network_size_px": 1.5}, {"last": 0}])
def test_settings_of_no_sense(video, settings):
    with pytest.raises(InputError):
        autofocus(video, scene(), disparity=halves, **settings)


def test_footage_is_reduced_and_points_come_back_in_pixels_of_the_video(tmp_path):
    large = [np.kron(picture(LEFT), np.ones((3, 3, 1), np.uint8))] * 6
    source = stills(tmp_path / "video", large)
    with open_footage(
        source, disparity=lambda _: np.kron(halves(), np.ones((3, 3))), longer_side_px=96
    ) as seen:
        assert seen.size == SIZE
        assert seen.scale_to_source == 3
        shown = next(iter(seen.frames()))
        assert (shown.image == picture(LEFT)).all()
    track = autofocus(source, scene(), disparity=halves, longer_side_px=96, fps=12)
    assert abs(track.targets[0].x - 3 * LEFT[0]) < 27


def test_known_frames_come_back(video):
    with open_footage(video, disparity=halves) as footage, FrameDisparityStore() as known:
        for shown in footage.frames():
            known.append(shown)
        again = list(footage.frames(known))
    assert [each.index for each in again] == list(range(48))
    assert all((each.disparity == small_map(halves())).all() for each in again)
    assert [each.is_cut for each in again] == known.is_cut


def test_targets_can_be_followed_alone(video):
    with open_footage(video, disparity=halves, fps=12) as footage:
        assert isinstance(footage, Footage)
        track = follow(footage, [FocusTarget(0, *LEFT)])
        annotation = annotation_of(footage, FocusPuller(7))
    assert track.focal_disparity[0] == pytest.approx(-3)
    assert (annotation.video.frames, annotation.video.width, annotation.pulls.duration_frames) == (48, 96, 7)


def test_streaming_knows_the_later_the_more_it_buffers(video):
    with open_footage(video, disparity=halves, fps=12) as footage:
        tracks = streaming_tracks(footage, scene(), [0.0, 0.5, 2.0], hop_s=0.1)
    arrivals = [track.targets[1].t for track in tracks]
    assert arrivals[0] > arrivals[1] >= arrivals[2] == 24
    whole = autofocus(video, scene(), disparity=halves, fps=12)
    np.testing.assert_allclose(tracks[2].focal_disparity, whole.focal_disparity, atol=0.01)


@pytest.mark.parametrize("buffer_s", [0.0, 0.5, pytest.param(1.0, marks=pytest.mark.slow)])
def test_what_comes_after_the_buffer_changes_nothing(video, tmp_path, buffer_s):
    """Causality: the two videos are the same up to frame 27."""
    pictures = [picture(LEFT)] * 24 + [picture(RIGHT)] * 4 + [picture((40, 20), 9)] * 20
    other = stills(tmp_path / "other", pictures)

    def apart(index):
        return halves() if index < 28 else halves() + 9

    one = streaming_autofocus(video, scene(), buffer_s=buffer_s, disparity=halves, fps=12)
    two = streaming_autofocus(other, scene(), buffer_s=buffer_s, disparity=apart, fps=12)
    sure = 28 - round(buffer_s * 12)
    assert (one.focal_disparity[:sure] == two.focal_disparity[:sure]).all()
    assert (one.points[:sure] == two.points[:sure]).all()
    assert (one.focal_disparity != two.focal_disparity).any()


def test_streaming_filters_no_estimate_by_later_frames(video, tiny_network, monkeypatch):
    opened = []

    def open_and_keep(*args, **settings):
        opened.append(settings["stabilizer"].look_ahead_frames)
        return open_footage(*args, **settings)

    monkeypatch.setattr(streaming, "open_footage", open_and_keep)
    streaming_autofocus(video, scene(), model=tiny_network, fps=12, last=3)
    assert opened == [0]


def test_streaming_settings_of_no_sense(video):
    for settings in ({"buffer_s": -1}, {"hop_s": 0}):
        with pytest.raises(InputError):
            streaming_autofocus(video, scene(), disparity=halves, **settings)
