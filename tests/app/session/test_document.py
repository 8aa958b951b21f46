"""The document, its file, and what other programs do to that."""

import errno
import json
import os

import pytest

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.app.session import document as documents
from rackfocus.app.session.annotation_file import AnnotationFile, find_annotation
from rackfocus.app.session.document import Document, Look
from rackfocus.focus.annotation.json_file import load_annotation, save_annotation
from rackfocus.types import FocusAnnotation, FocusTarget, InputError


@pytest.fixture
def told():
    return []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "walk.mp4.focus.json"


@pytest.fixture
def looks():
    return []


@pytest.fixture
def document(path, identity, told, looks):
    file = AnnotationFile(OpenedFolder(path.parent), path, told.append)
    return Document(file, file.load(identity), Look(), changed=lambda: None, keep_look=looks.append)


def user(t, x=10.0, **more):
    return FocusTarget(t, x, 20.0, **more)


def test_every_change_is_saved_and_undone_and_redone(document, path):
    document.put(user(3), "one")
    document.put(user(9), "two")
    document.set_f_number(2.8)
    document.set_pulls(duration_frames=5, easing="eased")
    document.delete((3, "user"))
    states = [document.annotation]
    assert load_annotation(path) == document.annotation
    undone = []
    while (what := document.undo()) is not None:
        undone.append(what)
        states.append(document.annotation)
        assert load_annotation(path) == document.annotation
    assert len(undone) == 5
    assert undone[-1] == "one"
    assert document.annotation.targets == ()
    assert not document.can_undo
    for state in reversed(states[:-1]):
        assert document.redo() is not None
        assert document.annotation == state
    assert document.redo() is None
    assert document.revision == 15


def test_a_change_after_undo_forgets_what_was_undone(document):
    document.put(user(3), "one")
    document.undo()
    document.put(user(4), "other")
    assert not document.can_redo
    assert [target.t for target in document.annotation.targets] == [4]


def test_a_dragged_slider_is_one_step(document, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(documents.time, "monotonic", lambda: now[0])
    for f_number in (2.8, 3.5, 4.0):
        document.set_f_number(f_number)
        now[0] += 0.5
    now[0] += 2
    document.set_f_number(8)
    document.undo()
    assert document.f_number == 4.0
    document.undo()
    assert document.f_number == 2.0
    assert document.annotation.aperture is None


def test_suggestions_are_accepted_and_rejected(document):
    document.suggest(
        "action", [user(2, source="action", why="acts"), user(8, source="action"), user(12, source="action")]
    )
    document.put(user(8, x=30.0), "mine")
    assert document.accept((2, "action")) == (2, "user")
    assert document.target((2, "user")).why == ""
    with pytest.raises(InputError, match="target of yours at frame 8"):
        document.accept((8, "action"))
    document.reject((12, "action"))
    assert {(each.t, each.source) for each in document.annotation.targets} == {
        (2, "user"), (8, "user"), (8, "action")}  # fmt: skip
    document.accept_all()
    assert [(each.t, each.x, each.source) for each in document.annotation.targets] == [
        (2, 10.0, "user"), (8, 30.0, "user")]  # fmt: skip
    with pytest.raises(InputError, match="any more"):
        document.reject((12, "action"))
    document.suggest("action", [])
    document.end((2, "user"), 5)
    assert document.target((2, "user")).until == 5


def test_what_was_rejected_does_not_come_back(document, looks):
    def found(t, x, source="action"):
        return FocusTarget(t, x, 20.0, source=source)

    assert document.suggest("action", [found(2, 10.0), found(14, 100.0), found(28, 10.0)]) == 3
    document.reject((14, "action"))
    document.put(user(20, x=30.0), "mine")
    document.delete((20, "user"))
    assert looks[-1].rejected == ((14, 100.0, 20.0),)
    # Half a second later and 16 pixels (a tenth of the diagonal) aside is the same, from whatever source.
    assert document.suggest("action", [found(2, 10.0), found(21, 116.0), found(28, 10.0)]) == 2
    assert document.suggest("conversation", [found(14, 100.0, "conversation")]) == 0
    assert document.suggest("action", [found(22, 100.0), found(14, 116.1)]) == 2
    document.reject_all()
    assert document.suggest("action", [found(22, 100.0), found(14, 116.1)]) == 0
    assert document.annotation.targets == ()
    # Undone as one step, with what was rejected.
    assert document.undo() == "reject all suggestions"
    assert looks[-1].rejected == ((14, 100.0, 20.0),)
    assert document.suggest("action", [found(22, 100.0)]) == 1
    document.delete((22, "action"))
    assert document.suggest("action", [found(22, 100.0)]) == 0


def test_what_is_not_in_the_annotation_is_kept_elsewhere(document, looks, path):
    document.set_lens("polygon")
    document.set_tracker("csrt")
    assert looks[-1] == Look("polygon", "csrt")
    document.undo()
    document.undo()
    assert looks[-1] == Look()
    assert document.annotation == load_annotation(path)


@pytest.mark.parametrize(
    "content", ["{", '{"format": "rackfocus.focus", "version": 99}', "[]", "[" * 200_000]
)
def test_a_spoilt_file_is_kept_aside(path, identity, told, content):
    path.write_text(content)
    path.with_name(path.name + ".corrupt").write_text("an earlier one")
    file = AnnotationFile(OpenedFolder(path.parent), path, told.append)
    assert file.load(identity) == FocusAnnotation(identity)
    file.save(FocusAnnotation(identity, (user(1),)))
    assert path.with_name(path.name + ".corrupt1").read_text() == content
    assert path.with_name(path.name + ".corrupt").read_text() == "an earlier one"
    assert load_annotation(path).targets == (user(1),)
    assert "kept as walk.mp4.focus.json.corrupt1" in told[0]


def test_what_another_program_wrote_is_kept_aside(document, path, told, identity):
    document.put(user(3), "mine")
    save_annotation(path, FocusAnnotation(identity, (user(7),)))
    document.put(user(5), "mine, too")
    assert [target.t for target in load_annotation(path).targets] == [3, 5]
    assert [target.t for target in load_annotation(path.with_name(path.name + ".changed")).targets] == [7]
    assert "another program" in told[0]
    path.unlink()
    document.put(user(6), "again")
    assert len(told) == 1
    assert [target.t for target in load_annotation(path).targets] == [3, 5, 6]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(document, path):
    path.parent.chmod(0o500)
    document.put(user(3), "mine")
    path.parent.chmod(0o700)
    assert not document.saved


def test_a_file_that_cannot_be_written(document, path, told, monkeypatch):
    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", refused)
        document.put(user(3), "mine")
        document.put(user(4), "mine")
    assert not document.saved
    assert [path.name for path in path.parent.iterdir()] == []
    assert len(told) == 1
    assert "cannot be written (Read-only file system)" in told[0]
    assert "in memory" in told[0]
    document.put(user(5), "mine")
    assert document.saved
    assert len(load_annotation(path).targets) == 3


def test_a_spoilt_file_that_cannot_be_renamed_is_not_written_over(path, identity, told, monkeypatch):
    path.write_text("{")

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.rename", refused)
    file = AnnotationFile(OpenedFolder(path.parent), path, told.append)
    file.load(identity)
    file.save(FocusAnnotation(identity, (user(1),)))
    assert path.read_text() == "{"
    assert not file.saved
    assert "in memory" in told[0]


def test_the_annotation_that_a_data_set_has_is_found(tmp_path, identity):
    video = tmp_path / "video" / "walk.mp4"
    video.parent.mkdir()
    usual, opened = video.with_name("walk.mp4.focus.json"), OpenedFolder(tmp_path)
    assert find_annotation(video, identity, opened) == usual
    other = tmp_path / "annotations" / "test" / "0001.json"
    other.parent.mkdir(parents=True)
    save_annotation(other, FocusAnnotation(identity))
    (tmp_path / "rackfocus-queue.json").write_text(json.dumps({"format": "rackfocus.queue"}))
    assert find_annotation(video, identity, opened) == other
    other.write_text(other.read_text()[:-30])
    assert find_annotation(video, identity, opened) == other
    usual.write_text("{")
    assert find_annotation(video, identity, opened) == usual


def test_a_copy_of_a_video_has_an_annotation_of_its_own(tmp_path, identity):
    walk, copy = tmp_path / "walk.mp4", tmp_path / "copy.mp4"
    for video in (walk, copy):
        video.touch()
    opened = OpenedFolder(tmp_path)
    theirs = find_annotation(walk, identity, opened)
    save_annotation(theirs, FocusAnnotation(identity))
    assert find_annotation(copy, identity, opened) == tmp_path / "copy.mp4.focus.json"
    walk.unlink()
    assert find_annotation(copy, identity, opened) == theirs  # it was renamed
