"""A session on a small video: tracking, pictures, jobs, what is taken along, what goes wrong."""

import csv
import io
import json
import os

import cv2
import numpy as np
import pytest

import rackfocus
from rackfocus.app.server.workspace import Workspace
from rackfocus.app.session.tools import Tools
from rackfocus.app.work.frames import DISPARITY, TRACKING
from rackfocus.app.work.jobs import DONE, FAILED
from rackfocus.app.work.preview import VIEWS
from rackfocus.app.work.tracking import Tracking
from rackfocus.focus.annotation.keyframes import load_keyframes
from rackfocus.focus.following import Following
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.trackers.opencv import KCF
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.focus.trackers.tracker import Tracked
from rackfocus.types import FocusTarget, InputError

FRAMES = 30
PATCH = (10.0, 40.0, 31.0, 69.0)


def on_patch(index):
    left, top, right, bottom = PATCH
    return left + 2 * index, top, right + 2 * index, bottom


def middle(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def picture(data):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def followed(session, tracker):
    """The document's targets as the library follows them."""
    following = Following(
        session.document.annotation.targets, tracker=tracker, puller=FocusPuller(), scale_from_source=1.0
    )
    for index in range(FRAMES):
        image, is_cut = session._frames.image(index, TRACKING), session._frames.is_cut(index, TRACKING)
        following.push(image, session._disparities.small(index), index > 0 and is_cut)
    return following.finish()


def test_the_track_is_that_of_autofocus(session, until):
    session.document.suggest("action", [FocusTarget(3, *middle(on_patch(3)), source="action")])
    session.gestures.add(8, *middle(on_patch(8)), on_patch(8))
    key = session.gestures.add(20, 100.0, 20.0)
    session.document.end(key, 26)
    until(lambda: session.track.complete and session.track.revision == session.document.revision)
    track = session.track
    wanted = followed(session, RecoveringTracker(KCF()))
    np.testing.assert_allclose(track.points, wanted.points)
    np.testing.assert_allclose(track.confidence, wanted.confidence)
    np.testing.assert_allclose(track.held, wanted.focal_disparity)
    np.testing.assert_allclose(track.depth, wanted.depth)
    assert track.cuts == wanted.cuts == ()
    assert track.counting == {(3, "action"), (8, "user"), (20, "user")}
    assert [(span.key[0], span.start, span.end) for span in track.spans] == [
        (3, 0, 3), (3, 3, 8), (8, 8, 20), (20, 20, 26), (3, 26, 30)]  # fmt: skip
    assert abs(track.points[18, 0] - middle(on_patch(18))[0]) < 4
    # A pull arrives 2 frames before its target and takes 10, or half of that where the one before is near.
    assert track.pulls == ((0, 1), (1, 6), (8, 18), (19, 24))


class Interrupted:
    """Loses its subject in frames 10 and 11 after the start, and finds it elsewhere."""

    def start(self, image, box):  # noqa: ARG002
        self.box, self.frames = box, 0

    def follow(self, image, *, is_cut=False):  # noqa: ARG002
        self.frames += 1
        if self.frames in (10, 11):
            return Tracked(self.box, 0.0)
        moved = 40 if self.frames == 12 else 2
        self.box = tuple(np.add(self.box, (moved, 0, moved, 0)))
        return Tracked(self.box, 0.9)


def test_a_subject_that_is_found_again_is_followed_back_as_autofocus_does(session, until):
    session._tracking._trackers = lambda name: Interrupted()  # noqa: ARG005
    session.gestures.add(3, *middle(on_patch(3)), on_patch(3))
    until(lambda: session.track.complete and session.track.revision == session.document.revision)
    wanted = followed(session, Interrupted())
    assert (session.track.confidence[[13, 14]] == 0.9).all()
    np.testing.assert_allclose(session.track.points, wanted.points)
    np.testing.assert_allclose(session.track.held, wanted.focal_disparity)
    np.testing.assert_allclose(session.track.depth, wanted.depth)


def test_only_what_changed_is_followed_again(session, until, monkeypatch):
    session.gestures.add(0, *middle(on_patch(0)), on_patch(0))
    session.gestures.add(15, 100.0, 20.0)
    until(lambda: session.track.complete)
    begun = []
    begin = Tracking._begun
    monkeypatch.setattr(
        Tracking, "_begun", lambda self, target, *rest: begun.append(target.t) or begin(self, target, *rest)
    )
    session.document.set_pulls(duration_frames=4)
    assert session.gestures.move((15, "user"), 20) == (20, "user")
    until(lambda: session.track.revision == session.document.revision and session.track.complete)
    assert begun == [20]
    session.document.undo()
    until(lambda: session.track.revision == session.document.revision and session.track.complete)
    assert begun == [20, 15]
    session.document.delete((15, "user"))
    until(lambda: session.track.revision == session.document.revision and session.track.complete)
    assert begun == [20, 15]


def test_a_target_moved_in_time_stays_on_its_subject(session, until):
    key = session.gestures.add(2, *middle(on_patch(2)), on_patch(2))
    until(lambda: session.track.spans and session.track.spans[-1].done == FRAMES)
    moved = session.document.target(session.gestures.move(key, 12))
    assert abs(moved.x - middle(on_patch(12))[0]) < 4
    assert abs(moved.box[0] - on_patch(12)[0]) < 4
    session.gestures.add(5, 10.0, 10.0)
    with pytest.raises(InputError, match="at frame 5"):
        session.gestures.move((12, "user"), 5)
    session.gestures.reshape((12, "user"), 50.0, 50.0, (40, 40, 60, 60))
    assert session.document.target((12, "user")).box == (40.0, 40.0, 60.0, 60.0)
    with pytest.raises(InputError, match="must lie in the video"):
        session.gestures.add(3, 500.0, 10.0)


def test_pictures_show_what_the_document_says(session, until):
    pictures = {view: picture(session.frame_jpeg(4, view)) for view in VIEWS}
    assert pictures["input"].shape == (96, 128, 3)
    assert pictures["side_by_side"].shape == (96, 256, 3)
    assert np.abs(pictures["input"] - session._frames.image(4, DISPARITY).astype(float)).mean() < 4
    rev, before = session.picture_rev(4), session.versions["picture"]
    session.document.set_f_number(0.02)
    assert session.picture_rev(4) != rev
    assert session.picture_rev(4, "input") == session.picture_rev(4, "input")
    assert session.versions["picture"] > before
    wide = picture(session.frame_jpeg(4))
    assert np.abs(wide - pictures["refocused"].astype(float)).mean() > 0.1
    session.look(4)
    until(
        lambda: all(
            session._shot(index, "refocused") in session._preview._cache for index in range(4, FRAMES)
        )
    )
    with pytest.raises(InputError, match="no frame 30"):
        session.frame_jpeg(30)
    with pytest.raises(InputError, match="no view"):
        session.frame_jpeg(3, "sepia")
    session.document.set_lens("fisheye")
    with pytest.raises(InputError, match="no lens"):
        session.frame_jpeg(3)


def test_an_automatic_f_number_is_that_of_the_video(session, until, caplog):
    session.gestures.add(0, *middle(on_patch(0)), on_patch(0))
    session.document.set_f_number(5.6)
    until(lambda: session.track.complete and session.track.revision == session.document.revision)
    rev = session.picture_rev(4)
    session.document.set_automatic(True)
    until(lambda: session.track.complete and session.track.revision == session.document.revision)
    [only] = session.apertures
    assert (only.first, only.stop) == (0, FRAMES)
    assert session._shot(4, "refocused").lens.f_number == only.f_number
    assert (session.picture_rev(4) == rev) == (only.f_number == 5.6)
    assert [each["f_number"] for each in json.loads(session.export("track").data)["keyframes"]] == (
        [only.f_number] * FRAMES
    )
    with caplog.at_level("INFO"):
        session.render(scale=0.25)
        until(lambda: session.jobs.state["render"].state == DONE)
    assert f"Frames 0 to {FRAMES - 1}: f/{only.f_number:g}. {only.why}" in caplog.text
    session.document.set_automatic(False)
    assert set(session.f_numbers) == {5.6}


def test_what_is_in_focus_is_outlined(session):
    session.document.set_f_number(1000.0)
    plain, outlined = (
        picture(session.frame_jpeg(4, view)).astype(float) for view in ("refocused", "peaking")
    )
    # All of the frame is in focus: there is no edge.
    assert np.abs(plain - outlined).max() < 3


def test_sound_shots_and_progress_are_found_in_the_background(session, until):
    until(lambda: session.waveform is not None and not session.progress)
    wave = session.waveform
    assert len(wave.low) * wave.seconds_each == pytest.approx(2.0, abs=0.01)
    assert wave.high[-200:].mean() > wave.high[200:400].mean() > 0
    assert np.all(wave.low <= wave.high)
    assert session.cuts == ()
    assert {"progress", "waveform"} <= set(session.versions)


def test_autofocus_lays_suggestions_and_renders(session, until, folder):
    mine = session.gestures.add(5, *middle(on_patch(5)), on_patch(5))
    session.autofocus("action")
    with pytest.raises(InputError, match="Wait for it"):
        session.autofocus("action")
    until(lambda: session.jobs.state["autofocus"].state == DONE)
    targets = session.document.annotation.targets
    assert {target.source for target in targets} == {"user", "action"}
    assert session.document.undo() == "suggest by action"
    assert session.document.annotation.targets == (session.document.target(mine),)
    session.render(scale=0.5)
    until(lambda: session.jobs.state["render"].state not in ("running",))
    job = session.jobs.state["render"]
    assert (job.state, job.result) == (DONE, "/result/walk.mp4")
    assert session.result == folder / "rackfocus-results" / "walk.mp4"
    assert session.result.stat().st_size > 1000
    with pytest.raises(InputError, match="no autofocus"):
        session.autofocus("sports")


def test_a_job_is_cancelled_and_a_mistake_becomes_a_sentence(session, until):
    with pytest.raises(InputError, match="no focus target"):
        session.render()
    session.gestures.add(0, 20.0, 20.0)
    session.render()
    session.jobs.cancel("render")
    until(lambda: session.jobs.state["render"].state == "cancelled")
    session.render(scale=3.0)
    until(lambda: session.jobs.state["render"].state == FAILED)
    assert "scale must lie" in session.jobs.state["render"].text


def test_what_is_taken_along(session, until, tmp_path):
    session.gestures.add(4, *middle(on_patch(4)), on_patch(4))
    session.document.set_f_number(2.8)
    with pytest.raises(InputError, match="no export"):
        session.export("xml")
    until(lambda: session.track.complete)
    annotation = session.export("annotation")
    (tmp_path / annotation.name).write_bytes(annotation.data)
    assert rackfocus.load_annotation(tmp_path / "walk.focus.json") == session.document.annotation
    track = session.export("track")
    (tmp_path / track.name).write_bytes(track.data)
    keyframes = load_keyframes(tmp_path / "walk.track.json").keyframes
    np.testing.assert_allclose([each.disparity for each in keyframes], session.track.held, atol=1e-4)
    assert keyframes[0].f_number == 2.8
    rows = list(csv.DictReader(io.StringIO(session.export("frames").data.decode())))
    assert len(rows) == FRAMES
    assert float(rows[7]["x"]) == pytest.approx(session.track.points[7, 0], abs=1e-3)

    session.document.delete((4, "user"))
    assert session.load(annotation.data, annotation.name) == "1 targets came in from walk.focus.json."
    assert [target.t for target in session.document.annotation.targets] == [4]
    assert session.document.undo() == "import walk.focus.json"
    for data, name, why in ((b"{", "a.json", "cannot be read as JSON"), (b"", "../../b", "cannot be read")):
        with pytest.raises(InputError, match=why):
            session.load(data, name)
    other = json.loads(annotation.data)
    other["video"]["sha256"] = "1" * 64
    with pytest.raises(InputError, match="another video"):
        session.load(json.dumps(other).encode(), "a.json")


def test_markers_for_editing_programs(session, until):
    otio = pytest.importorskip("opentimelineio")
    session.gestures.add(4, 20.0, 50.0)
    session.document.suggest("action", [FocusTarget(9, 30.0, 50.0, source="action")])
    until(lambda: session.track.complete)
    line = otio.adapters.read_from_string(session.export("otio").data.decode(), "otio_json")
    [clip] = line.find_clips()
    [marker] = clip.markers
    assert (marker.marked_range.start_time.value, marker.marked_range.start_time.rate) == (4, 15)
    assert marker.metadata["rackfocus"]["x"] == 20.0
    assert clip.duration().value == FRAMES
    assert clip.media_reference.target_url == "walk.mp4"


def test_csv_and_agreement_with_another_annotator(session):
    pytest.importorskip("rackfocus.focus.annotation.csv_table")
    pytest.importorskip("rackfocus.evaluation.autofocus.agreement")
    session.gestures.add(0, 20.0, 50.0)
    session.gestures.add(14, 20.0, 50.0)
    data = session.export("targets").data
    session.gestures.move((14, "user"), 17)
    assert "1 changes of focus are in both, 0 only here, 0 only in b.csv" in session.agreement(data, "b.csv")
    session.load(data, "b.csv")
    assert [target.t for target in session.document.annotation.targets] == [0, 14]


def test_a_killed_server_loses_nothing(session, folder, tools):
    session.gestures.add(4, 20.0, 50.0, (10, 40, 30, 60))
    session.document.set_lens("disk")
    session.document.set_automatic(True)
    session.document.suggest("action", [FocusTarget(9, 30.0, 50.0, source="action")])
    session.document.reject((9, "action"))
    session.spend(7.0)
    again = Workspace.open(folder, tools=tools)
    try:
        other = again.session("walk.mp4")
        assert other.document.annotation == session.document.annotation
        [item] = again.items
        assert (item.seconds, item.targets) == (7.0, 1)
        assert other.document.automatic
        assert other.document.suggest("action", [FocusTarget(10, 31.0, 50.0, source="action")]) == 0
    finally:
        again.close()


def test_a_video_that_vanishes_while_open(session, folder):
    session.frame_jpeg(0, "input")
    (folder / "walk.mp4").unlink()
    session._frames.close()
    with pytest.raises(InputError, match="any more"):
        session.frame_jpeg(9, "input")
    assert session.notices[-1].kind == "error"


def test_a_video_that_is_replaced_while_open(workspace, folder, write_walk, until):
    session = workspace.session("walk.mp4")
    session.gestures.add(0, 20.0, 50.0)
    until(lambda: session.track.complete)
    other = write_walk(folder / "other.tmp.mp4", frames=12)
    other.replace(folder / "walk.mp4")
    assert session.replaced
    session.render()
    until(lambda: session.jobs.state["render"].state == FAILED)
    assert "another file now" in session.jobs.state["render"].text
    anew = workspace.opened("walk.mp4")
    assert anew is workspace.opened("walk.mp4")
    assert anew.video.frames == 12
    assert anew.document.annotation.targets == ()
    assert "kept as walk.mp4.focus.json.corrupt" in anew.notices[-1].text


def test_names_of_which_no_address_can_be_made_are_left_out(folder, tools):
    for name in (b"\xff.mp4", b"back\\slash.mp4", b"new\nline.mp4"):
        (folder / os.fsdecode(name)).write_bytes((folder / "walk.mp4").read_bytes())
    workspace = Workspace.open(folder, tools=tools)
    try:
        assert workspace.videos == ("walk.mp4",)
        assert len(workspace.notices) == 3
        assert all("rename it" in notice.text for notice in workspace.notices)
    finally:
        workspace.close()


def test_what_is_opened(folder, tmp_path_factory, tools):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.mp4").write_bytes((folder / "walk.mp4").read_bytes())
    (folder / "link.mp4").symlink_to(outside / "secret.mp4")
    (folder / "inner").symlink_to(outside)
    (folder / "rackfocus-results").mkdir()
    (folder / "rackfocus-results" / "walk.mp4").write_bytes(b"")
    (folder / "broken.mp4").write_bytes(b"no video")
    workspace = Workspace.open(folder, out=folder / "out", tools=tools)
    try:
        assert workspace.videos == ("broken.mp4", "walk.mp4")
        for name in (
            "link.mp4",
            "../outside/secret.mp4",
            str(outside / "secret.mp4"),
            "inner/secret.mp4",
            "x.mp4",
        ):
            with pytest.raises(InputError, match="no video"):
                workspace.session(name)
        with pytest.raises(InputError, match="not a video"):
            workspace.session("broken.mp4")
        session = workspace.session("walk.mp4")
        assert session is workspace.session("walk.mp4")
        session.gestures.add(0, 3.0, 4.0)
        assert session.document.path == folder / "out" / "walk.mp4.focus.json"
    finally:
        workspace.close()
    for path, why in ((folder / "x.mp4", "does not exist"), (folder / "out", "holds no video"),
                      (folder / "broken.mp4", "not a video")):  # fmt: skip
        with pytest.raises(InputError, match=why):
            Workspace.open(path, tools=tools)


def test_a_tool_that_cannot_be_had_is_told(folder, tools, until):
    def missing():
        raise InputError("Its weights are not there.")

    broken = Tools(
        network=tools.network, network_size_px=64, trackers={"kcf": missing}, autofocus={"deep": missing}
    )
    workspace = Workspace.open(folder / "walk.mp4", tools=broken)
    try:
        session = workspace.session("walk.mp4")
        session.gestures.add(0, 20.0, 50.0)
        until(lambda: session.notices)
        assert "frame 0 is not followed: Its weights" in session.notices[-1].text
        session.autofocus("deep")
        until(lambda: session.jobs.state["autofocus"].state == FAILED)
        session.render()
        until(lambda: session.jobs.state["render"].state == FAILED)
    finally:
        workspace.close()


def test_what_should_not_have_failed_is_told_and_the_rest_goes_on(folder, tools, until):
    """A defect in one frame or of one target ends no thread."""

    def network(picture, *, network_size_px):
        if failing:
            raise RuntimeError("no such kernel")
        return tools.network()(picture, network_size_px=network_size_px)

    def broken():
        raise RuntimeError("no such filter")

    failing = [True]
    trackers = {"kcf": broken, "sound": lambda: RecoveringTracker(KCF())}
    workspace = Workspace.open(
        folder / "walk.mp4", tools=Tools(network=lambda: network, network_size_px=64, trackers=trackers)
    )
    try:
        session = workspace.session("walk.mp4")
        with pytest.raises(InputError, match=r"should not have.*no such kernel"):
            session.frame_jpeg(5)
        failing.clear()
        session.frame_jpeg(5)
        session.gestures.add(0, 20.0, 50.0)
        until(lambda: any("not follow" in notice.text for notice in session.notices))
        assert "no such filter" in session.notices[-1].text
        session.document.set_tracker("sound")
        until(lambda: session.track.spans[-1].done == FRAMES)
    finally:
        workspace.close()
