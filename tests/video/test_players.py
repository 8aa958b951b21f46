"""What is written plays in a browser: it knows the size, and draws the colours."""

import functools
import shutil
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from rackfocus.video import VideoWriter, open_video
from rackfocus.video.codecs import H264

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'rackfocus[test]'"
)
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"),
    # Its pipes and its event loop are closed by the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SCRIPT = """async name => {
    const video = document.createElement("video");
    video.muted = true;
    video.src = name;
    await new Promise((done, failed) => {
        video.onloadeddata = done;
        video.onerror = () => failed(video.error.message);
    });
    await video.play();
    await new Promise(done => video.requestVideoFrameCallback(done));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const drawing = canvas.getContext("2d");
    drawing.drawImage(video, 0, 0);
    const middle = drawing.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return [canvas.width, canvas.height, ...middle];
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[[str], list[int]]]:
    """Width, height, red, green, blue and opacity, as the browser has them, of a video in `tmp_path`."""
    (tmp_path / "page.html").write_text("<!doctype html><title>A video</title>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/page.html")
        yield lambda name: page.evaluate(SCRIPT, name)
        browser.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, (64, 48)),
        ({"size": (85, 47), "pixel_format": "yuv444p"}, (86, 48)),
        ({"size": (85, 47), "pixel_format": "yuv444p", "rotation": 90}, (48, 86)),
        ({"pixel_format": "yuv420p10le", "tags": (1, 9, 16, 9)}, (64, 48)),
        ({"pts": range(0, 12000, 1001), "time_base": Fraction(1, 30000), "last": 1001}, (64, 48)),
    ],
)
def test_the_default_codec_plays(
    tmp_path: Path,
    make_video: Callable[..., Path],
    shown: Callable[[str], list[int]],
    given: dict[str, Any],
    size: tuple[int, int],
) -> None:
    source = make_video(tmp_path / "v.mov", audio=[("pcm_s16le", 8000, "mono")], **given)
    colour = torch.tensor([0.8, 0.5, 0.2])
    with (
        open_video(source) as reader,
        VideoWriter(tmp_path / "o.mp4", reader, codec=H264(preset="ultrafast")) as writer,
    ):
        for frame in reader.frames():
            writer.write(frame, colour[:, None, None].expand_as(frame.encoded))
    width, height, *codes = shown("o.mp4")
    assert (width, height) == size
    assert codes == pytest.approx([204, 128, 51, 255], abs=8)
