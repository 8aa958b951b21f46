"""The queue of a folder."""

import json

import pytest

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.app.server.queue import FILE, Queue
from rackfocus.types import InputError


@pytest.fixture
def videos():
    return ["a.mp4", "b/c.mp4", "d.mp4"]


def open_queue(folder, videos):
    return Queue(OpenedFolder(folder), lambda: videos)


def test_states_are_kept(tmp_path, videos):
    queue = open_queue(tmp_path, videos)
    queue.sign(" Ada ")
    queue.mark("a.mp4", "done")
    queue.mark("d.mp4", "skipped", "nobody in it")
    queue.spend("b/c.mp4", 3.0)
    queue.spend("b/c.mp4", 3.5)
    queue.change("b/c.mp4", lens="polygon")
    again = open_queue(tmp_path, videos)
    assert again.annotator == "Ada"
    assert [(item.video, item.state, item.reason, item.annotator) for item in again.items] == [
        ("a.mp4", "done", "", "Ada"),
        ("b/c.mp4", "to do", "", "Ada"),
        ("d.mp4", "skipped", "nobody in it", "Ada"),
    ]
    assert again.item("b/c.mp4").seconds == 6.5
    assert again.item("b/c.mp4").lens == "polygon"
    assert again.following("d.mp4") == "b/c.mp4"
    assert again.following("b/c.mp4") is None


def test_new_and_vanished_videos_are_told(tmp_path, videos):
    queue = open_queue(tmp_path, videos)
    assert queue.refresh() == ()
    queue.mark("a.mp4", "done")
    videos.remove("a.mp4")
    videos.append("e.mp4")
    assert queue.refresh() == ("e.mp4 is new.", "a.mp4 has vanished.")
    assert queue.item("a.mp4").vanished
    videos.append("a.mp4")
    assert queue.refresh() == ("a.mp4 is back.",)
    assert queue.item("a.mp4").state == "done"


def test_two_servers_share_a_folder(tmp_path, videos):
    mine, theirs = open_queue(tmp_path, videos), open_queue(tmp_path, videos)
    mine.sign("Ada")
    theirs.sign("Bob")
    mine.mark("a.mp4", "done")
    theirs.mark("d.mp4", "skipped", "nobody in it")
    mine.spend("b/c.mp4", 7.0)
    theirs.refresh()
    for queue in (mine, theirs, open_queue(tmp_path, videos)):
        assert [(item.state, item.annotator, item.seconds) for item in queue.items] == [
            ("done", "Ada", 0.0), ("to do", "Ada", 7.0), ("skipped", "Bob", 0.0)]  # fmt: skip
    assert (mine.annotator, theirs.annotator) == ("Ada", "Bob")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_what_could_not_be_written_is_written_later(tmp_path, videos):
    folder = tmp_path / "videos"
    queue = Queue(OpenedFolder(folder), lambda: videos)
    queue.mark("a.mp4", "done")
    queue.mark("d.mp4", "done")
    assert [notice.text.rpartition(": ")[2] for notice in queue.notices.all] == [
        "what is done is not written down."
    ]
    folder.mkdir()
    queue.mark("b/c.mp4", "done")
    assert all(item.state == "done" for item in Queue(OpenedFolder(folder), lambda: videos).items)


def test_mistakes(tmp_path, videos):
    queue = open_queue(tmp_path, videos)
    with pytest.raises(InputError, match="why"):
        queue.mark("a.mp4", "skipped", " ")
    with pytest.raises(InputError, match="one of to do"):
        queue.mark("a.mp4", "finished")
    with pytest.raises(InputError, match="no video z"):
        queue.mark("z", "done")


QUEUE = '{"format": "rackfocus.queue", "version": 1, "annotator": "", "videos": %s}'


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "[" * 200_000,
        '{"format": "rackfocus.queue", "version": 2}',
        QUEUE % "[]",
        QUEUE % '{"a.mp4": {"state": "?"}}',
        QUEUE % '{"a.mp4": {"seconds": "many"}}',
        QUEUE % '{"a.mp4": {"seconds": Infinity}}',
        QUEUE % '{"a.mp4": {"reason": null}}',
        QUEUE % '{"a.mp4": {"automatic": 1}}',
        QUEUE % '{"a.mp4": {"rejected": [[1, 2]]}}',
    ],
)
def test_a_spoilt_file_is_kept_aside(tmp_path, videos, content):
    (tmp_path / FILE).write_text(content)
    queue = open_queue(tmp_path, videos)
    queue.mark("a.mp4", "done")
    assert (tmp_path / f"{FILE}.corrupt").read_text() == content
    assert json.loads((tmp_path / FILE).read_text())["videos"]["a.mp4"]["state"] == "done"
    assert "corrupt" in queue.notices.all[0].text
