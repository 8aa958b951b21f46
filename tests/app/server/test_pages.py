"""The pages as a program sees them that runs no scripts: headers, and how many of them stay in memory."""

import asyncio
import time
import warnings

import pytest

from rackfocus.app.server.auth import LOCAL, AuthMiddleware
from rackfocus.app.server.workspace import Workspace
from rackfocus.app.work.notices import Notices, error_text
from rackfocus.types import InputError

fastapi = pytest.importorskip("fastapi")
nicegui = pytest.importorskip("nicegui")
pytest.importorskip("httpx")


@pytest.fixture(scope="module")
def client(tmp_path_factory, a_video, tools):
    """Once, for NiceGUI has one server a process."""
    from fastapi.testclient import TestClient

    from rackfocus.app.page.pages import mount
    from rackfocus.app.server.media import media_routes

    folder = tmp_path_factory.mktemp("videos")
    (folder / "walk.mp4").write_bytes(a_video.read_bytes())
    workspace = Workspace.open(folder, tools=tools)
    app = fastapi.FastAPI()
    app.include_router(media_routes(workspace))
    with warnings.catch_warnings():
        mount(app, workspace)
        safe = AuthMiddleware(app, token=None, port=8080, hosts=LOCAL)
        with TestClient(safe, base_url="http://127.0.0.1:8080") as opened:
            opened.workspace = workspace
            yield opened
    workspace.close()


def test_pages_that_no_browser_connects_to_are_few(client):
    from rackfocus.app.page.waiting import MOST

    for path in ("/", "/video/walk.mp4", "/video/none.mp4"):
        for _ in range(MOST):
            assert client.get(path).status_code == 200
    assert client.get("/nothing/there").status_code == 404
    waiting = nicegui.Client.instances
    assert len(waiting) == MOST
    assert {page.page.path for page in waiting.values()} == {"/video/{name:path}"}
    for page in waiting.values():
        page.created = time.time() - 61
    nicegui.Client.prune_instances()
    assert not waiting
    client.portal.call(asyncio.sleep, 0.1)
    assert not client.workspace._sessions, "a video that nobody sees was opened"


def test_what_is_served_tells_who_may_frame_it_and_answers_head(client):
    source = client.get("/source/walk.mp4")
    for path in ("/", "/video/walk.mp4", "/source/walk.mp4", "/frame/walk.mp4/3.jpg?view=input"):
        for method in ("GET", "HEAD"):
            got = client.request(method, path)
            assert got.status_code == 200
            assert got.headers["content-security-policy"] == "frame-ancestors 'none'"
    told = client.head("/source/walk.mp4")
    assert told.content == b""
    assert told.headers["content-length"] == str(len(source.content))
    assert client.head("/result/walk.mp4").status_code == 404


def test_errors_do_not_tell_where_files_lie(client):
    for path in ("/frame/walk.mp4/300.jpg", "/frame/none.mp4/3.jpg", "/result/walk.mp4", "/source/none.mp4"):
        got = client.get(path)
        assert got.status_code == 404
        assert str(client.workspace.root.parent) not in got.text
    notices = Notices(lambda: None)
    notices.tell("/srv/films/a.mp4 cannot be written (24 frames/s); choose out=/srv/b.")
    assert notices.all[0].text == "a.mp4 cannot be written (24 frames/s); choose out=b."
    assert error_text(InputError("'/a/b/c d.mp4' lies in ~/x and on http://h/x/y.")) == (
        "'c d.mp4' lies in ~/x and on http://h/x/y."
    )
    assert "/srv" not in error_text(FileNotFoundError(2, "No such file", "/srv/films/a.mp4"))
