"""What is served, and how the command says what is wrong."""

import os
import socket
import sys

import cv2
import numpy as np
import pytest

from rackfocus.app.server.server import serve
from rackfocus.cli import main
from rackfocus.types import InputError

fastapi = pytest.importorskip("fastapi")
pytest.importorskip("httpx")


@pytest.fixture
def client(workspace):
    from fastapi.testclient import TestClient

    from rackfocus.app.server.media import media_routes

    app = fastapi.FastAPI()
    app.include_router(media_routes(workspace))
    with TestClient(app) as opened:
        yield opened


def test_media(client, workspace):
    session = workspace.session("walk.mp4")
    rev = session.picture_rev(3, "input")
    got = client.get(f"/frame/walk.mp4/3.jpg?view=input&rev={rev}")
    assert got.headers["content-type"] == "image/jpeg"
    assert got.content == session.frame_jpeg(3, "input")
    assert "max-age" in got.headers["cache-control"]
    assert client.get("/frame/walk.mp4/3.jpg?view=input").headers["cache-control"] == "no-store"
    part = client.get("/source/walk.mp4", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")


def test_a_video_has_a_small_picture(client, workspace, folder):
    got = client.get("/thumbnail/walk.mp4.jpg")
    assert got.headers["content-type"] == "image/jpeg"
    picture = cv2.imdecode(np.frombuffer(got.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (90, 120, 3)
    whole = cv2.imdecode(np.frombuffer(workspace.session("walk.mp4").frame_jpeg(0, "input"), np.uint8), 1)
    small = cv2.resize(whole, (120, 90), interpolation=cv2.INTER_AREA)
    assert np.abs(picture.astype(float) - small).mean() < 4
    assert workspace.thumbnail("walk.mp4") is workspace.thumbnail("walk.mp4")
    (folder / "walk.mp4").write_bytes(b"no video")
    os.utime(folder / "walk.mp4", ns=(1, 1))
    assert client.get("/thumbnail/walk.mp4.jpg").status_code == 404


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/thumbnail/none.mp4.jpg", "no video none.mp4"),
        ("/thumbnail/..%2F..%2Fetc%2Fpasswd.jpg", "no video"),
        ("/frame/walk.mp4/300.jpg?view=input", "no frame 300"),
        ("/frame/walk.mp4/3.jpg?view=sepia", "no view"),
        ("/frame/none.mp4/3.jpg?view=input", "no video none.mp4"),
        ("/source/..%2F..%2Fetc%2Fpasswd", "no video"),
        ("/source//etc/passwd", "no video"),
        ("/result/walk.mp4", "not rendered yet"),
    ],
)
def test_mistakes_are_sentences(client, address, sentence):
    got = client.get(address)
    assert got.status_code == 404
    assert sentence in got.text


@pytest.mark.parametrize(
    ("settings", "says"),
    [([], "not a video"), (["device=cuda:99"], "device=cuda:99 is not there")],
)
def test_the_command_says_what_is_wrong(folder, monkeypatch, capfd, settings, says):
    (folder / "broken.mp4").write_bytes(b"no video")
    monkeypatch.setattr(sys, "argv", ["rackfocus", "annotate", str(folder / "broken.mp4"), *settings])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert says in capfd.readouterr().err


def test_an_address_that_cannot_be_had(workspace):
    pytest.importorskip("nicegui")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} of 127.0.0.1 cannot be had"):
            serve(workspace, port=port, ready=print)
    with pytest.raises(InputError, match="no address of this machine"):
        serve(workspace, host="no.such.host.invalid", ready=print)


def test_without_the_toolkit_it_says_how_to_get_it(workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with pytest.raises(InputError, match=r"pip install 'rackfocus\[app\]'"):
        serve(workspace, ready=print)
