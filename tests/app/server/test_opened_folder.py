"""Nothing outside of the opened folder is read or written, whatever links there are in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.app.server.queue import FILE
from rackfocus.app.server.workspace import RESULTS, Workspace
from rackfocus.app.work.jobs import FAILED
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.types import InputError

SECRET = b"not for them"


@pytest.fixture
def outside(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("outside")
    (place / "walk.mp4").write_bytes(SECRET)
    (place / "inner").mkdir()
    return place


@pytest.fixture
def opened(tmp_path) -> OpenedFolder:
    (tmp_path / "sub").mkdir()
    return OpenedFolder(tmp_path)


def unchanged(outside: Path) -> bool:
    """Whether nothing was written there."""
    files = {path.name: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    return files == {"walk.mp4": SECRET} and not any((outside / "inner").iterdir())


def test_a_file_is_written_and_read(opened, tmp_path):
    for path in (tmp_path / "a", tmp_path / "sub" / "b"):
        for content in (b"one", b"another"):
            opened.write(path, content)
            assert opened.read(path) == content
            assert [each.name for each in path.parent.iterdir() if each.is_file()] == [path.name]
    opened.rename(tmp_path / "sub" / "b", "c")
    opened.make(tmp_path / "new" / "newer")
    opened.make(tmp_path / "new" / "newer")
    (tmp_path / "link").symlink_to(tmp_path / "sub")
    opened.write(tmp_path / "link" / "c", b"by a link within")
    assert (tmp_path / "sub" / "c").read_bytes() == b"by a link within"
    with pytest.raises(FileNotFoundError):
        opened.read(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"nowhere/a cannot be written \(No such file or directory\)"):
        opened.write(tmp_path / "nowhere" / "a", b"")


def test_the_file_and_its_folder_are_on_the_disk(opened, tmp_path, monkeypatch):
    said, (sync, replace) = [], (os.fsync, os.replace)

    def synced(descriptor: int) -> None:
        said.append(Path(f"/dev/fd/{descriptor}").resolve())
        sync(descriptor)

    def replaced(*names: str, **folders: int) -> None:
        said.append("renamed")
        replace(*names, **folders)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr("os.replace", replaced)
    opened.write(tmp_path / "sub" / "a.json", b"{}")
    assert said == [tmp_path / "sub" / f".a.json.{os.getpid()}", "renamed", tmp_path / "sub"]


@pytest.mark.parametrize(
    "name", ["file", "folder/walk.mp4", "folder/inner/new", "dangling", "sub/../folder/walk.mp4"]
)
def test_a_link_out_of_it_is_not_followed(opened, tmp_path, outside, name):
    (tmp_path / "file").symlink_to(outside / "walk.mp4")
    (tmp_path / "folder").symlink_to(outside)
    (tmp_path / "dangling").symlink_to(outside / "new")
    path = tmp_path / name
    for forbidden in (opened.read, opened.make, opened.check_links, lambda path: opened.write(path, b"x")):
        with pytest.raises(InputError, match="leads out of the folder"):
            forbidden(path)
    with pytest.raises(InputError, match="leads out of the folder"):
        opened.check_links(tmp_path)
    assert unchanged(outside)


def test_a_link_that_comes_after_the_check_is_not_followed(opened, tmp_path, outside, monkeypatch):
    real = opened.real

    def swapped(path: Path) -> Path:
        found = real(path)
        (tmp_path / "sub").rename(tmp_path / "before")
        (tmp_path / "sub").symlink_to(outside)
        return found

    monkeypatch.setattr(opened, "real", swapped)
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        opened.read(tmp_path / "sub" / "walk.mp4")
    (tmp_path / "sub").unlink()
    (tmp_path / "before").rename(tmp_path / "sub")
    with pytest.raises(InputError, match="cannot be written"):
        opened.write(tmp_path / "sub" / "walk.mp4", b"x")
    assert unchanged(outside)


def test_a_draft_that_is_a_link_is_replaced(opened, tmp_path, outside):
    (tmp_path / f".a.{os.getpid()}").symlink_to(outside / "walk.mp4")
    opened.write(tmp_path / "a", b"mine")
    assert opened.read(tmp_path / "a") == b"mine"
    assert unchanged(outside)


def test_a_pipe_is_not_waited_for(opened, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        opened.read(tmp_path / "pipe")


@pytest.mark.parametrize("link", [RESULTS, f"{RESULTS}/walk.mp4", f"{RESULTS}/.walk.mp4.x"])
def test_results_are_neither_read_nor_written_by_a_link(workspace, folder, outside, until, link):
    fastapi = pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    from fastapi.testclient import TestClient

    from rackfocus.app.server.media import media_routes

    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(outside if link == RESULTS else outside / "walk.mp4")
    app = fastapi.FastAPI()
    app.include_router(media_routes(workspace))
    with TestClient(app) as client:
        got = client.get("/result/walk.mp4")
    assert got.status_code == 404
    assert SECRET not in got.content
    session = workspace.session("walk.mp4")
    session.gestures.add(0, 20.0, 50.0)
    session.render()
    until(lambda: session.jobs.state["render"].state == FAILED)
    assert "leads out of the folder" in session.jobs.state["render"].text
    assert unchanged(outside)


def test_annotation_and_queue_are_not_written_by_a_link(folder, outside, tools):
    for name in ("walk.mp4.focus.json", FILE):
        (folder / name).symlink_to(outside / "walk.mp4")
    (folder / "other.json").symlink_to(outside / "walk.mp4")
    workspace = Workspace.open(folder, tools=tools)
    try:
        session = workspace.session("walk.mp4")
        session.gestures.add(0, 20.0, 50.0)
        assert session.document.saved
        assert "leads out of the folder" in session.notices[0].text
        assert "kept as rackfocus-queue.json.corrupt" in workspace.notices[0].text
    finally:
        workspace.close()
    assert len(load_annotation(folder / "walk.mp4.focus.json").targets) == 1
    assert unchanged(outside)


def test_a_video_that_becomes_a_link_is_not_served(workspace, folder, outside):
    session = workspace.session("walk.mp4")
    (outside / "walk.mp4").unlink()
    (folder / "walk.mp4").rename(outside / "walk.mp4")
    (folder / "walk.mp4").symlink_to(outside / "walk.mp4")
    for forbidden in (session.open_source, session.check):
        with pytest.raises(InputError, match="leads out of the folder"):
            forbidden()


def test_drafts_of_processes_that_are_gone_are_cleared(folder, tools):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (folder / "sub").mkdir()
    left = [folder / f".{FILE}.{gone.pid}", folder / "sub" / f".a.mp4.focus.json.{gone.pid}"]
    others = [
        folder / f".{FILE}.{os.getppid()}",
        folder / f".notes.{gone.pid}",
        folder / f"a.focus.json.{gone.pid}",
        folder / ".a.focus.json.txt",
    ]
    for path in (*left, *others):
        path.touch()
    Workspace.open(folder, tools=tools).close()
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)
