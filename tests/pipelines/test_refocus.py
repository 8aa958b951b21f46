"""From video to video, and every mistake on the way as one sentence."""

import sys
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from rackfocus import RGBDHDR, InputError, Lens, refocus
from rackfocus.cli import main
from rackfocus.focus.focus_track import PointFocus, TrackedFocus
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.models.checkpoints import save_model
from rackfocus.models.rgbd_hdr import RGBDHDRNet
from rackfocus.optics import Renderer, render
from rackfocus.optics.radiometry import bt709_to_linear, linear_to_bt709
from rackfocus.pipelines.estimates import EstimatedFrame
from rackfocus.pipelines.outputs import DisparityMap, Peaking, Rendered, SideBySide
from rackfocus.pipelines.rendering import Rendering, disparity_near
from rackfocus.types import (
    AnnotatedVideo,
    FocusAnnotation,
    FocusKeyframe,
    FocusKeyframes,
    FocusTarget,
    FocusTrack,
)
from rackfocus.video import Frame, Transfer


class Known(RGBDHDRNet):
    """A network that says that the left half is near and the right half far."""

    def __init__(self, *, near=-4.0, far=4.0):
        super().__init__(base_width=4, levels=1)
        self.near, self.far = near, far

    def forward(self, srgb, *, network_size_px=None):  # noqa: ARG002
        height, width = srgb.shape[-2:]
        disparity = torch.full((len(srgb), 1, height, width), self.near)
        disparity[..., width // 2 :] = self.far
        return RGBDHDR(disparity, torch.zeros_like(srgb))


def write_video(path, *, frames=6, size=(64, 48), rate=12, still=False):
    """Stripes that move a pixel a frame; or blocks that stand still and can be followed."""
    blocks = np.random.default_rng(0).choice([40, 220], (size[1] // 4, size[0] // 4)).astype(np.uint8)
    blocks = np.kron(blocks, np.ones((4, 4), np.uint8))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "10"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        x = np.arange(size[0])
        for index in range(frames):
            row = np.where((x + index) // 4 % 2 == 0, 220, 40).astype(np.uint8)
            plane = blocks if still else row[None]
            picture = np.broadcast_to(plane[:, :, None], (size[1], size[0], 3))
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"))
            )
        container.mux(stream.encode(None))
    return path


def read_video(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def sharpness(picture):
    return np.abs(np.diff(picture[..., 1].astype(float), axis=1)).mean()


def test_what_has_the_focus_is_sharp_and_the_rest_is_not(tmp_path):
    source = write_video(tmp_path / "in.mp4")
    calls = []
    written = refocus(
        source, tmp_path / "out.mp4", focus=(10, 24), model=Known(), progress=lambda *call: calls.append(call)
    )
    before, after = read_video(source), read_video(tmp_path / "out.mp4")
    assert written == len(after) == 6
    assert calls == [(done, 6) for done in range(1, 7)]
    assert after[0].shape == before[0].shape
    for one, other in zip(before, after, strict=True):
        assert sharpness(other[:, :24]) > 0.6 * sharpness(one[:, :24])
        assert sharpness(other[:, 44:]) < 0.3 * sharpness(one[:, 44:])


def test_focusing_on_the_other_side_turns_it_round(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=1)
    refocus(source, tmp_path / "out.mp4", focus=(54, 24), model=Known())
    picture = read_video(tmp_path / "out.mp4")[0]
    assert sharpness(picture[:, 44:]) > 2 * sharpness(picture[:, :20])


def test_a_stopped_down_lens_and_a_disparity(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=1)
    for name, f_number in (("wide", 2), ("narrow", 16)):
        refocus(source, tmp_path / f"{name}.mp4", focus=-4.0, f_number=f_number, model=Known())
    wide, narrow = (read_video(tmp_path / f"{name}.mp4")[0] for name in ("wide", "narrow"))
    assert sharpness(narrow[:, 40:]) > 2 * sharpness(wide[:, 40:])


def halves(near, far, *, index=0, size=(20, 30)):
    """A frame of noise of which the left half has one disparity and the right half another."""
    generator = torch.Generator().manual_seed(index)
    encoded = torch.rand(3, *size, generator=generator).half()
    disparity = torch.full((1, *size), near)
    disparity[..., size[1] // 2 :] = far
    frame = Frame(index, index, 1, Fraction(1, 24), encoded, Transfer.BT709)
    return EstimatedFrame(frame, disparity.half(), torch.zeros(3, *size).half())


def rendered(frames, **settings):
    plain = {"focusing": PointFocus((25, 10)), "lens": Lens(), "f_numbers": None}
    rendering = Rendering(**plain | {"renderer": Renderer(), "output": Rendered()} | settings)
    return [each for _, each in rendering.pictures(frames, scale_from_source=1.0, start_s=0.0)]


def test_an_image_by_the_formula():
    shown = halves(-3.0, 5.0)
    disparity = torch.full((1, 1, 20, 30), (-3.0 - 5) / 2)
    disparity[..., 15:] = 0
    expected = linear_to_bt709(render(bt709_to_linear(shown.frame.encoded.float()[None]), disparity))
    torch.testing.assert_close(rendered([shown], lens=Lens(f_number=4))[0], expected[0], atol=5e-5, rtol=0)


def test_what_can_be_shown_of_it():
    shown = halves(-3.0, 5.0)
    plain, beside = rendered([shown])[0], rendered([shown], output=SideBySide())[0]
    torch.testing.assert_close(beside, torch.cat([shown.frame.encoded.float(), plain], 2))
    colours = rendered([shown], output=DisparityMap(range_px=8), lens=Lens(f_number=4))[0]
    assert colours.shape == (3, 20, 30)
    torch.testing.assert_close(colours[:, 5, 20], torch.full((3,), 0.92))  # in focus
    red, _, blue = colours[:, 5, 3]
    assert red > blue  # four pixels in front
    red, _, blue = rendered([shown], output=DisparityMap(), focusing=PointFocus((3, 3)))[0][:, 5, 20]
    assert blue > red  # behind
    with pytest.raises(InputError, match="range_px"):
        DisparityMap(range_px=0)


def test_what_is_in_focus_has_a_line_around_it():
    shown = halves(-3.0, 5.0)
    plain, outlined = rendered([shown])[0], rendered([shown], output=Peaking())[0]
    green = torch.tensor([0.1, 1.0, 0.35])[:, None]
    torch.testing.assert_close(outlined[:, :, 15], green.expand(3, 20))
    others = [column for column in range(30) if column != 15]
    torch.testing.assert_close(outlined[:, :, others], plain[:, :, others])
    # At f/40 a blur radius of 0.4 is in focus, too; the border of the frame is no edge.
    narrow = {"lens": Lens(f_number=40)}
    torch.testing.assert_close(
        rendered([shown], output=Peaking(), **narrow)[0], rendered([shown], **narrow)[0]
    )
    with pytest.raises(InputError, match="sharp_px must be above 0, and is 0"):
        Peaking(sharp_px=0)


def track(*focal):
    count = len(focal)
    return FocusTrack((), np.zeros((count, 2)), np.array(focal, float), np.ones(count))


def test_a_track_says_what_is_in_focus_and_past_its_end_its_last_frame_does():
    seen = []

    class CachedDataset(Renderer):
        def forward(self, linear_rgb, disparity, log_exposure=None, *, lens=None):  # noqa: ARG002
            seen.append(-4.0 - disparity[0, 0, 3, 3].item())
            return linear_rgb

    frames = [halves(-4.0, 4.0, index=index) for index in range(1, 5)]
    rendered(frames, focusing=TrackedFocus(track(9, 1, 2.5, -3)), renderer=CachedDataset())
    assert seen == pytest.approx([1, 2.5, -3, -3], abs=1e-2)


class Middle:
    """A detector that sees the right half from frame 3 on, and the left one before."""

    def __call__(self, window):
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        half = window.map_size[1] // 2
        later = window.times_s >= 24 / 12
        maps[~later, :, : half - 4], maps[later, :, half + 4 :] = 1, 1
        return maps

    def missing(self, window):  # noqa: ARG002
        return "There is nothing to be heard."


def annotated(video, *targets):
    return FocusAnnotation(AnnotatedVideo(video.name, "0" * 64, 64, 48, 48, 12.0), targets)


def test_autofocus_finds_what_is_sharp(tmp_path, caplog):
    source, target = write_video(tmp_path / "in.mp4", frames=48, still=True), tmp_path / "out.mp4"
    calls = []
    refocus(
        source,
        target,
        autofocus=SceneSpecific({"middle": Middle()}),
        model=Known(),
        autofocus_progress=lambda *call: calls.append(call),
    )
    after = read_video(target)
    for picture in (after[0], after[10]):
        assert sharpness(picture[:, :24]) > 2 * sharpness(picture[:, 44:])
    for picture in (after[24], after[47]):
        assert sharpness(picture[:, 44:]) > 2 * sharpness(picture[:, :20])
    assert calls == [(done, 144) for done in range(1, 145)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]
    assert "nothing to be heard" in caplog.text


@pytest.mark.parametrize("found", [True, False])
def test_the_network_runs_once_a_frame(tmp_path, found):
    """For finding focus, following it and rendering."""
    source = write_video(tmp_path / "in.mp4", frames=12, still=True)
    runs = []

    class Counted(Known):
        def forward(self, srgb, *, network_size_px=None):
            runs.append(srgb.shape)
            return super().forward(srgb, network_size_px=network_size_px)

    how = (
        {"autofocus": SceneSpecific({"middle": Middle()})}
        if found
        else {"focus": annotated(source, FocusTarget(0, 10, 24))}
    )
    refocus(source, tmp_path / "out.mp4", model=Counted(), scale=0.5, **how)
    assert runs == [(1, 3, 24, 32)] * 12


def test_a_target_that_cannot_be_written_is_told_before_anything_is_estimated(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=2)
    calls = []
    how = {"focus": annotated(source, FocusTarget(0, 10, 24)), "autofocus_progress": calls.append}
    with pytest.raises(InputError, match="of no kind of video"):
        refocus(source, tmp_path / "out.txt", model=Known(), **how)
    assert calls == []


def test_a_user_outranks_autofocus(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=30, still=True)
    by_user = annotated(source, FocusTarget(0, 10, 24))
    refocus(
        source,
        tmp_path / "out.mp4",
        focus=by_user,
        autofocus=SceneSpecific({"middle": Middle()}),
        model=Known(),
    )
    picture = read_video(tmp_path / "out.mp4")[29]
    assert sharpness(picture[:, :24]) > 2 * sharpness(picture[:, 44:])


def test_focus_is_said_only_once(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=1)
    for focus in ((3.0, 4.0), 2.0, track(0.0)):
        with pytest.raises(InputError, match="only once"):
            refocus(source, tmp_path / "out.mp4", focus=focus, autofocus="action", model=Known())
    with pytest.raises(InputError, match="no focus target"):
        refocus(source, tmp_path / "out.mp4", focus=annotated(source), model=Known())


@pytest.mark.parametrize(
    ("how", "says"),
    [
        # Each half is flat. Focus goes on after two seconds.
        ({"focus": (10, 24)}, "Frames 0 to 5: f/1.4. Its subject is whole even at the widest aperture."),
        (
            {"autofocus": SceneSpecific({"middle": Middle()})},
            "f/8. It would take f/120 to keep those who take",
        ),
    ],
)
def test_an_automatic_aperture_is_chosen_before_rendering(tmp_path, caplog, how, says):
    source = write_video(tmp_path / "in.mp4", frames=6 if "focus" in how else 48, still=True)
    runs, f_numbers = [], []

    class Counted(Known):
        def forward(self, srgb, *, network_size_px=None):
            runs.append(srgb.shape)
            return super().forward(srgb, network_size_px=network_size_px)

    class Noted(Renderer):
        def forward(self, linear_rgb, disparity, log_exposure=None, *, lens=None):
            f_numbers.append(lens.f_number)
            return super().forward(linear_rgb, disparity, log_exposure, lens=lens)

    with caplog.at_level("INFO"):
        frames = refocus(
            source, tmp_path / "out.mp4", f_number="auto", model=Counted(), renderer=Noted(), **how
        )
    assert says in caplog.text
    assert len(runs) == frames
    assert {round(each, 6) for each in f_numbers} == {1.4 if "focus" in how else 8.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


@pytest.mark.parametrize("focus", [None, 2.0, track(0.0, 0.0)])
def test_an_automatic_aperture_needs_a_subject(tmp_path, focus):
    source = write_video(tmp_path / "in.mp4", frames=2)
    with pytest.raises(InputError, match="f_number=auto"):
        refocus(source, tmp_path / "out.mp4", focus=focus, f_number="auto", model=Known())
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_the_f_number_follows_its_keyframes():
    track = FocusKeyframes((FocusKeyframe(0, f_number=2), FocusKeyframe(2, f_number=8)))
    frames, seen = [halves(-4.0, 4.0, index=index) for index in range(4)], []

    class CachedDataset(Renderer):
        def forward(self, linear_rgb, disparity, log_exposure=None, *, lens=None):  # noqa: ARG002
            seen.append(lens.f_number)
            return linear_rgb

    rendered(frames, f_numbers=track, renderer=CachedDataset())
    assert seen == pytest.approx([2, 4, 8, 8])


def test_the_focus_is_read_from_a_neighbourhood():
    disparity = torch.zeros(1, 100, 100)
    disparity[..., 50, 50] = 99  # an outlier decides nothing
    assert disparity_near(disparity, (50.0, 50.0)) == 0
    disparity[..., :, 98:] = 7
    assert disparity_near(disparity, (99.4, 0.0)) == 7


def test_a_range_of_frames_and_a_scale(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=10)
    assert refocus(source, tmp_path / "out.mp4", model=Known(), first=3, last=7, scale=0.5) == 4
    pictures = read_video(tmp_path / "out.mp4")
    assert [picture.shape for picture in pictures] == [(24, 32, 3)] * 4


@pytest.mark.parametrize("point", [(64, 3), (3, 48), (-1, 3), (3, -0.6)])
def test_a_point_outside_the_frame(tmp_path, point):
    source = write_video(tmp_path / "in.mp4", frames=1)
    with pytest.raises(InputError, match="outside the frame of 64 x 48 pixels"):
        refocus(source, tmp_path / "out.mp4", focus=point, model=Known())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"scale": 0}, "scale"),
        ({"scale": 2}, "scale"),
        ({"network_size_px": 0}, "network_size_px"),
        ({"first": 99}, "no frame 99"),
        ({"first": 4, "last": 4}, "range"),
        ({"focus": float("nan")}, "finite"),
        ({"f_number": 0}, "f_number"),
        ({"model": "nowhere.safetensors"}, "no checkpoint"),
    ],
)
def test_settings_out_of_range(tmp_path, settings, says):
    source = write_video(tmp_path / "in.mp4", frames=2)
    with pytest.raises(InputError, match=says):
        refocus(source, tmp_path / "out.mp4", **{"model": Known(), **settings})
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_a_network_gone_wrong_leaves_nothing(tmp_path):
    source = write_video(tmp_path / "in.mp4", frames=2)
    with pytest.raises(InputError, match="NaN"):
        refocus(source, tmp_path / "out.mp4", model=Known(far=float("nan")))
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_the_command(tmp_path, tiny_network, monkeypatch, capfd):
    source = write_video(tmp_path / "a video, (1).mp4", frames=3)
    save_model(tiny_network, tmp_path / "tiny.safetensors")
    arguments = ("checkpoint=tiny.safetensors", "focus.x=20", "focus.y=10", "lens.f_number=2.8", "frames=0:2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rackfocus", "refocus", str(source), "ö ut.mp4", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert "ö ut.mp4: 2 frames" in capfd.readouterr().out
    assert len(read_video(tmp_path / "ö ut.mp4")) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a video, (1).mp4",
        "tiny.safetensors",
        "ö ut.mp4",
    ]


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ((), 0, "Frames 0 to 2: f/"),
        (("--preview",), 2, "A preview chooses no aperture; give lens.f_number a number such as 2.8."),
    ],
)
def test_the_command_chooses_an_aperture(tmp_path, tiny_network, monkeypatch, capfd, more, code, says):
    write_video(tmp_path / "in.mp4", frames=3)
    save_model(tiny_network, tmp_path / "tiny.safetensors")
    arguments = ("checkpoint=tiny.safetensors", "focus.x=20", "focus.y=10", "lens.f_number=auto", *more)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rackfocus", "refocus", "in.mp4", "out.mp4", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == code
    assert says in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "mistake", ["missing", "empty", "text", "truncated", "zero-size", "f-number", "outside", "key"]
)
def test_mistakes_are_one_sentence_and_leave_no_output(tmp_path, mistake, monkeypatch, capfd):
    source = tmp_path / "in.mp4"
    settings = {"f-number": ["lens.f_number=0"], "outside": ["focus.x=64", "focus.y=1"], "key": ["fokus.x=1"]}
    if mistake == "empty":
        source.touch()
    elif mistake == "text":
        source.write_text("no video\n" * 50)
    elif mistake == "zero-size":
        source = tmp_path / "frames"
        source.mkdir()
        (source / "0001.png").touch()
    elif mistake != "missing":
        write_video(source, frames=30)
    if mistake == "truncated":
        source.write_bytes(source.read_bytes()[: source.stat().st_size * 2 // 3])
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    arguments = ["refocus", source.name, "out.mp4", *settings.get(mistake, [])]
    monkeypatch.setattr(sys, "argv", ["rackfocus", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    errors = capfd.readouterr().err
    sentences = [line for line in errors.splitlines() if line.strip()]
    assert len(sentences) == 1, errors
    assert sentences[0].startswith("rackfocus refocus: ")
    assert sentences[0].endswith(".")
    assert sorted(tmp_path.rglob("*")) == before
