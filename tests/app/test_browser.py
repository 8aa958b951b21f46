"""The page in a real browser, on a server of its own that can be killed: what a person does, end to end."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import rackfocus
from rackfocus.focus.annotation.json_file import annotated_video
from rackfocus.types import FocusAnnotation, FocusTarget

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'rackfocus[test]'"
)
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"),
    # Its pipes and its event loop are closed by the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

RACKFOCUS = [sys.executable, "-c", "from rackfocus.cli import main; main()"]
SMALL = ["network_size_px=96"]
WAIT_MS = 300_000
sync_api.expect.set_options(timeout=WAIT_MS)


def run(
    *arguments: object, timeout: float = 300, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RACKFOCUS, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`rackfocus annotate` as a process of its own."""

    def __init__(self, path: Path, *settings: str) -> None:
        self.path, self.settings = path, settings
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self.log = (self.path.parent / f"server-{self.port}.log").open("w+")
        settings = [f"port={self.port}", "open=false", *SMALL, *self.settings]
        self.process = subprocess.Popen(
            [*RACKFOCUS, "annotate", str(self.path), *settings], stdout=self.log, stderr=self.log
        )
        for _ in range(3000):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self.process.poll() is None, self.said
            time.sleep(0.1)
        raise AssertionError(self.said)

    @property
    def said(self) -> str:
        return Path(self.log.name).read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser) -> Iterator["sync_api.Page"]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme="dark")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # What goes wrong in a component's handler is only told here.
    page.on("console", lambda told: wrong.append(told.text) if re.match(r"\w*Error: ", told.text) else None)
    yield page
    context.close()
    assert not wrong, wrong


@pytest.fixture
def serve() -> Iterator["type[Server]"]:
    servers: list[Server] = []

    def start(path: Path, *settings: str) -> Server:
        servers.append(Server(path, *settings))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.kill()


@pytest.fixture
def video(raytraced, tmp_path) -> Path:
    """The demo clip with a sound, in a folder of its own."""
    folder = tmp_path / "videos"
    folder.mkdir()
    return with_sound(raytraced / "clip" / "clip.mp4", folder / "clip.mp4")


def with_sound(source: Path, target: Path) -> Path:
    rate, tone = 16_000, 440
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        (pictures,) = given.streams.video
        copied = made.add_stream_from_template(pictures)
        track = made.add_stream("aac", rate=rate, layout="mono")
        seconds = float(pictures.frames / pictures.average_rate)
        for packet in given.demux(pictures):
            if packet.dts is not None:
                packet.stream = copied
                made.mux(packet)
        moments = np.arange(round(seconds * rate)) / rate
        wave = np.sin(2 * np.pi * tone * moments) * np.sin(2 * np.pi * moments) ** 2
        for at in range(0, wave.size, 1024):
            piece = (wave[None, at : at + 1024] * 9000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), at
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    return target


def opened(page, address: str) -> None:
    page.goto(address)
    shown(page, 0)


def shown(page, frame: int) -> None:
    """Wait until the picture of a frame is on the canvas."""
    page.wait_for_function(
        "frame => document.querySelector('.rf-picture canvas')?.dataset.shown?.includes(`/${frame}.jpg`)",
        arg=frame,
    )


def pixels(page) -> bytes:
    return page.evaluate("document.querySelector('.rf-picture canvas').toDataURL('image/png')")


def drag_box(page, box: tuple[float, float, float, float]) -> None:
    """Drag over the picture; in shares of its size."""
    at = page.locator(".rf-picture").bounding_box()
    left, top, right, bottom = box
    page.mouse.move(at["x"] + left * at["width"], at["y"] + top * at["height"])
    page.mouse.down()
    page.mouse.move(at["x"] + (left + right) / 2 * at["width"], at["y"] + bottom * at["height"])
    page.mouse.move(at["x"] + right * at["width"], at["y"] + bottom * at["height"])
    page.mouse.up()


def seek(page, frame: int) -> None:
    field = page.get_by_role("spinbutton", name="frame", exact=True)
    field.fill(str(frame))
    field.press("Enter")
    shown(page, frame)


def diamonds(page, kind: str = "strong") -> list[int]:
    script = "kind => [...document.querySelectorAll(`.rf-diamond.${kind}`)].map(one => Number(one.dataset.t))"
    return sorted(page.evaluate(script, kind))


def until(page, holds: Callable[[], bool], told: Callable[[], object]) -> None:
    """Wait until something holds; `told` says what was there instead."""
    for _ in range(WAIT_MS // 100):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError(told())


def has_diamonds(page, *frames: int, kind: str = "strong") -> None:
    until(page, lambda: diamonds(page, kind) == sorted(frames), lambda: diamonds(page, kind))


def annotation_of(video: Path) -> FocusAnnotation:
    (path,) = video.parent.glob("*.focus.json")
    return rackfocus.load_annotation(path)


def message(page, words: str) -> None:
    sync_api.expect(
        page.locator(".rf-message, .rf-opening").filter(has_text=re.compile(words))
    ).to_be_visible()


def test_a_target_by_a_drag_survives_a_kill(page, serve, video):
    server = serve(video)
    opened(page, server.url)
    seek(page, 10)
    page.keyboard.press("ArrowRight")
    shown(page, 11)
    page.keyboard.press("Shift+ArrowRight")
    shown(page, 21)
    page.keyboard.press("Shift+ArrowLeft")
    shown(page, 11)

    drag_box(page, (0.1, 0.2, 0.35, 0.8))
    has_diamonds(page, 11)
    (target,) = annotation_of(video).targets
    assert (target.t, target.source) == (11, "user")
    np.testing.assert_allclose(target.box, (38, 51, 134, 204), atol=2)

    page.keyboard.press("ArrowRight")
    sync_api.expect(page.locator(".rf-followed")).to_be_visible()
    page.wait_for_function("document.querySelector('.rf-curve').getAttribute('d').length > 20")

    page.keyboard.press("ArrowLeft")
    shown(page, 11)
    page.wait_for_function("!document.querySelector('.rf-notice')")
    shallow = pixels(page)
    for _ in range(4):
        page.keyboard.press("]")
    sync_api.expect(page.locator(".rf-f-number")).not_to_have_text("f/2")
    page.wait_for_function(
        "before => document.querySelector('.rf-picture canvas').toDataURL() !== before", arg=shallow
    )

    page.keyboard.press("Delete")
    has_diamonds(page)
    page.keyboard.press("Control+z")
    has_diamonds(page, 11)

    before = annotation_of(video)
    server.kill()
    page.goto("about:blank")  # else it loads itself again, at its frame, when there is a server
    server.start()
    opened(page, server.url)
    has_diamonds(page, 11)
    assert annotation_of(video) == before
    assert before.aperture > 2


@pytest.mark.slow
def test_a_folder_from_the_queue_to_the_final_video(page, serve, video, tmp_path):
    shutil.copy(video, video.with_name("other.mp4"))
    server = serve(video.parent)
    page.goto(server.url)
    page.get_by_label("Annotator").fill("Ann")
    page.get_by_role("link", name=re.compile("clip.mp4")).click()
    shown(page, 0)

    at = page.locator(".rf-picture").bounding_box()
    page.mouse.click(at["x"] + 0.5 * at["width"], at["y"] + 0.5 * at["height"])
    has_diamonds(page, 0)
    seek(page, 20)
    drag_box(page, (0.55, 0.3, 0.75, 0.7))
    has_diamonds(page, 0, 20)
    drag_box(page, (0.65, 0.5, 0.7, 0.55))  # within the box: moves it

    def middle() -> float:
        left, _, right, _ = annotation_of(video).targets[1].box
        return (left + right) / 2

    until(page, lambda: abs(middle() - 0.7 * 384) < 3, middle)
    drag_diamond(page, 20, 30)
    has_diamonds(page, 0, 30)

    find_focus(page, "conversation")
    find_focus(page, "action")
    find_focus(page, "af_net")
    weak = diamonds(page, "weak")
    if weak:
        page.get_by_role("button", name="Reject all").click()
        has_diamonds(page, kind="weak")
        page.keyboard.press("Control+z")
        has_diamonds(page, *weak, kind="weak")
    expect_curve(page, 47)

    for kind, ending in [("Annotation", ".json"), ("Focus targets", ".csv"), ("Focus track", ".json"),
                         ("Focus of every frame", ".csv"), ("Markers", ".otio")]:  # fmt: skip
        page.get_by_role("button", name="files").click()
        with page.expect_download() as download:
            page.get_by_text(f"Export: {kind}").click()
        assert download.value.suggested_filename.endswith(ending)
        download.value.save_as(tmp_path / f"{kind}{ending}")
    assert rackfocus.load_annotation(tmp_path / "Annotation.json") == annotation_of(video)

    page.get_by_role("button", name="Render").click()
    page.get_by_role("button", name="Play", exact=True).click(timeout=300_000)
    page.wait_for_function("document.querySelector('.rf-result video')?.currentTime > 0.3")
    assert page.evaluate("document.querySelector('.rf-result video').videoWidth") == 384
    page.get_by_role("button", name="Close").click()

    made = annotation_of(video)
    page.get_by_role("button", name="Done, next").click()
    page.wait_for_url("**/video/other.mp4*")
    server.kill()
    server.start()
    page.goto(server.url)
    sync_api.expect(page.locator(".rf-entry").first).to_contain_text("done")
    sync_api.expect(page.locator(".rf-entry").first).to_contain_text("Ann")
    server.kill()
    assert annotation_of(video) == made

    video.with_name("other.mp4").unlink()
    (annotation,) = video.parent.glob("*.focus.json")
    out = tmp_path / "out.mp4"
    fast = ("stabilizer=none", "network_size_px=96", "codec.preset=ultrafast")
    done = run("refocus", video, out, f"focus.annotation={annotation}", *fast)
    assert done.returncode == 0, done.stderr
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 48
    done = run("evaluate", "table=table_1", f"folder={video.parent}", "network_size_px=96", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (table,) = tmp_path.glob("runs/evaluate/*/table.csv")
    assert f"\n{video.parent.name},look-ahead," in table.read_text()  # one alone is called as its folder


def drag_diamond(page, before: int, after: int) -> None:
    at = page.locator(f'.rf-diamond[data-t="{before}"]').first.bounding_box()
    row = page.locator(".rf-row-focus rect").bounding_box()
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y)
    page.mouse.move(row["x"] + after * row["width"] / 48, y)
    page.mouse.up()


def find_focus(page, source: str) -> None:
    """Run an autofocus to its end, which says what it found, if anything."""
    page.get_by_label("Source").click()
    page.get_by_role("option", name=source.replace("_", " ")).click()
    page.get_by_role("button", name="Find focus").click()
    told = page.locator(".rf-job").first
    sync_api.expect(told).to_have_text(re.compile(f"Looking.*{source}"))
    sync_api.expect(told).not_to_have_text(re.compile("Looking"), timeout=300_000)
    assert not re.search("failed", told.text_content()), told.text_content()


def expect_curve(page, frame: int) -> None:
    """Wait until it is known where focus lies, up to a frame."""
    page.wait_for_function(
        """frame => {
             const row = document.querySelector('.rf-row-focus rect').getBBox();
             const curve = document.querySelector('.rf-curve').getBBox();
             return curve.x + curve.width > row.x + (frame / 48) * row.width - 2;
        }""",
        arg=frame,
        timeout=300_000,
    )


@pytest.mark.slow
def test_two_tabs_see_each_other(page, serve, video):
    server = serve(video)
    opened(page, server.url)
    other = page.context.new_page()
    opened(other, server.url)
    seek(page, 5)
    drag_box(page, (0.2, 0.2, 0.4, 0.6))
    has_diamonds(other, 5)
    seek(other, 5)
    other.keyboard.press("Delete")
    has_diamonds(page)


@pytest.mark.slow
def test_all_by_keyboard(page, serve, video):
    opened(page, serve(video).url)
    page.keyboard.press("End")
    shown(page, 47)
    page.keyboard.press("Home")
    page.keyboard.press("n")
    has_diamonds(page, 0)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("n")
    has_diamonds(page, 0, 10)
    before = annotation_of(video).targets[1].x
    page.keyboard.press("Alt+ArrowRight")
    until(page, lambda: annotation_of(video).targets[1].x > before, lambda: before)
    for _ in range(6):  # faster than the server answers
        page.keyboard.press(".")
    has_diamonds(page, 0, 16)
    for _ in range(5):
        page.keyboard.press(",")
    has_diamonds(page, 0, 11)
    shown(page, 11)
    page.keyboard.press("ArrowUp")
    shown(page, 0)
    page.keyboard.press("Space")
    page.wait_for_function("Number(document.querySelector('.rf-transport input').value) > 5")
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    page.keyboard.press("Delete")
    has_diamonds(page, 11)
    page.keyboard.press("Control+z")
    has_diamonds(page, 0, 11)
    page.keyboard.press("Control+Shift+z")
    has_diamonds(page, 11)
    page.keyboard.press("?")
    sync_api.expect(page.get_by_text("ten frames on")).to_be_visible()


@pytest.mark.slow
def test_what_was_clicked_gives_the_keys_back(page, serve, video):
    opened(page, serve(video).url)
    drag_box(page, (0.2, 0.2, 0.4, 0.6))
    has_diamonds(page, 0)

    slider = page.locator(".rf-aperture").bounding_box()
    y = slider["y"] + slider["height"] / 2
    page.mouse.move(slider["x"] + 0.9 * slider["width"], y)
    page.mouse.down()
    page.mouse.move(slider["x"] + 0.5 * slider["width"], y)
    page.mouse.move(slider["x"] + 0.02 * slider["width"], y - 30)
    page.mouse.up()
    sync_api.expect(page.locator(".rf-f-number")).to_have_text("f/1")
    page.keyboard.press("ArrowRight")
    shown(page, 1)
    page.keyboard.press("Control+z")
    sync_api.expect(page.locator(".rf-f-number")).to_have_text("f/2")

    page.get_by_label("Lens shape").click()
    page.get_by_role("option", name="polygon").click()
    until(page, lambda: page.locator(".q-menu").count() == 0, lambda: "the list stays open")
    page.keyboard.press("ArrowRight")
    shown(page, 2)

    page.get_by_text("outline focus").click()
    until(
        page,
        lambda: page.evaluate("document.activeElement === document.body"),
        lambda: "the switch keeps the keys",
    )

    takes = page.get_by_label("Takes")
    takes.fill("")
    takes.press("Tab")
    sync_api.expect(takes).to_have_value("10")
    takes.fill("9999")
    takes.press("Tab")
    until(page, lambda: annotation_of(video).pulls.duration_frames == 600, lambda: annotation_of(video).pulls)

    page.keyboard.press("Home")
    page.get_by_role("button", name="files").click()
    page.get_by_text("Export: Annotation").wait_for()
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    until(page, lambda: page.locator(".q-menu").count() == 0, lambda: "the menu stays open")
    has_diamonds(page, 0)
    page.wait_for_function("!document.querySelector('.rf-progress').textContent", timeout=120_000)


@pytest.mark.slow
def test_the_pointer_gets_what_a_person_means(page, serve, video):
    targets = [FocusTarget(10, 100.0, 100.0, source=source) for source in ("user", "action", "af-net")]
    written = FocusAnnotation(annotated_video(video), tuple(targets))
    rackfocus.save_annotation(video.with_name("clip.mp4.focus.json"), written)
    opened(page, serve(video.parent).url + "/video/clip.mp4")
    has_diamonds(page, 10)
    drag_diamond(page, 10, 20)
    has_diamonds(page, 20)
    has_diamonds(page, 10, 10, kind="weak")

    chosen = set()
    for _ in range(3):
        at = page.locator('.rf-diamond[data-t="10"]').first.bounding_box()
        page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
        page.wait_for_timeout(500)
        chosen.add(page.locator(".rf-panel .rf-two-lines").text_content())
    assert chosen == {"Frame 10, suggested by action.", "Frame 10, suggested by af-net."}

    page.get_by_role("button", name="Side by side").click()
    seek(page, 30)
    drag_box(page, (0.4, 0.2, 0.6, 0.6))  # from the left picture into the right one
    has_diamonds(page, 20, 30)
    left, _, right, _ = annotation_of(video).targets[-1].box
    assert (left, right) == (pytest.approx(0.8 * 384, abs=2), 383)

    undo = page.get_by_role("button", name="this video is to do again")
    sync_api.expect(undo).to_be_hidden()
    page.get_by_role("button", name="Skip").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Skip").click()
    sync_api.expect(dialog).to_contain_text("Say why.")
    dialog.get_by_label("Reason").fill("a test")
    dialog.get_by_role("button", name="Skip").click()
    message(page, "This was the last one")
    sync_api.expect(page.locator(".rf-entry")).to_contain_text("skipped, a test")
    undo.click()
    sync_api.expect(page.locator(".rf-entry")).to_contain_text("to do")


@pytest.mark.slow
def test_files_come_in_and_are_compared(page, serve, video, tmp_path):
    opened(page, serve(video).url)
    drag_box(page, (0.2, 0.2, 0.4, 0.6))
    has_diamonds(page, 0)
    seek(page, 20)
    drag_box(page, (0.6, 0.2, 0.8, 0.6))
    has_diamonds(page, 0, 20)
    theirs = annotation_of(video)
    rackfocus.save_annotation(tmp_path / "theirs.json", theirs)
    (tmp_path / "empty.csv").touch()
    drag_diamond(page, 20, 24)
    has_diamonds(page, 0, 24)

    def hand_in(kind: str, name: str) -> None:
        page.get_by_role("button", name="files").click()
        page.get_by_text(kind).click()
        page.locator(".q-uploader input[type=file]").set_input_files(tmp_path / name)

    hand_in("Compare with another annotator", "theirs.json")
    message(page, r"1 changes of focus are in both, 0 only here.* are 5\.0 frames")
    hand_in("Import targets", "empty.csv")
    message(page, r"empty.csv cannot be read as a table \(it has no column")
    has_diamonds(page, 0, 24)
    hand_in("Import targets", "theirs.json")
    has_diamonds(page, 0, 20)
    assert annotation_of(video) == theirs


@pytest.mark.slow
def test_who_is_speaking_is_suggested(page, serve, shared, tmp_path, monkeypatch):
    """On a real talker, in a program stream."""
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    folder = tmp_path / "talkers"
    folder.mkdir()
    video = folder / "bbaf2n.mpg"
    shutil.copyfile(shared / "data" / "video" / "grid_talkers" / video.name, video)
    opened(page, serve(video).url)
    find_focus(page, "conversation")
    until(page, lambda: diamonds(page, "weak"), lambda: page.locator(".rf-job").first.text_content())
    page.get_by_role("button", name="Accept all").click()
    until(page, lambda: diamonds(page), lambda: "no target was accepted")
    for target in annotation_of(video).targets:
        assert target.source == "user"
        assert 90 < target.x < 220, target  # his face
        assert 60 < target.y < 230, target


@pytest.mark.slow
def test_what_cannot_be_opened_is_told_on_the_page(page, serve, video):
    folder = video.parent
    (folder / "notes.mp4").write_text("not a video")
    (folder / "outside.mp4").symlink_to("/etc/hostname")
    annotation = folder / "clip.mp4.focus.json"
    annotation.write_text('{"format": "rackfocus.focus", "targets": [')
    server = serve(folder)
    page.goto(f"{server.url}/video/notes.mp4")
    message(page, "notes.mp4")
    for outside in ("outside.mp4", "..%2F..%2Fetc%2Fpasswd", "missing.mp4"):
        page.goto(f"{server.url}/video/{outside}")
        message(page, "There is no video")

    opened(page, f"{server.url}/video/clip.mp4")
    message(page, "kept")
    drag_box(page, (0.2, 0.2, 0.4, 0.6))
    has_diamonds(page, 0)
    kept = [path for path in folder.iterdir() if "focus.json" in path.name and path != annotation]
    assert [path.read_text() for path in kept] == ['{"format": "rackfocus.focus", "targets": [']

    video.unlink()
    field = page.get_by_role("spinbutton", name="frame", exact=True)
    field.fill("40")
    field.press("Enter")
    message(page, "clip.mp4")


@pytest.mark.slow
def test_where_nothing_can_be_written_work_goes_on(page, serve, video, tmp_path):
    out = tmp_path / "out"
    opened(page, serve(video, f"out={out}").url)
    shutil.rmtree(out)
    drag_box(page, (0.2, 0.2, 0.4, 0.6))
    message(page, "cannot be written")
    has_diamonds(page, 0)
    sync_api.expect(page.get_by_text("not saved")).to_be_visible()


@pytest.mark.slow
def test_other_addresses_need_the_token(page, serve, video):
    server = serve(video, "host=0.0.0.0")
    page.goto(server.url)
    sync_api.expect(page.locator("body")).to_contain_text("token")
    page.goto(f"{server.url}/?token=wrong")
    sync_api.expect(page.locator("body")).to_contain_text("token")
    for _ in range(100):
        found = re.search(r"token=(\S+)", server.said)
        if found:
            break
        time.sleep(0.1)
    opened(page, f"{server.url}/?token={found[1]}")


@pytest.mark.slow
def test_what_cannot_be_served_is_told_in_the_terminal(serve, video, tmp_path):
    server = serve(video)
    taken = run("annotate", video, f"port={server.port}", "open=false")
    assert (taken.returncode, "Port" in taken.stderr) == (2, True), taken.stderr
    (tmp_path / "notes.mp4").write_text("not a video")
    wrong = run("annotate", tmp_path / "notes.mp4", "open=false")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


CONTRAST, APART = (Path(__file__).with_name(name).read_text() for name in ("contrast.js", "apart.js"))


@pytest.mark.slow
def test_everything_fits_and_can_be_read(page, serve, video):
    """With RACKFOCUS_SCREENSHOTS=folder, and RACKFOCUS_CLIP=video to be seen in them, pictures are kept."""
    keep = Path(os.environ.get("RACKFOCUS_SCREENSHOTS", video.parent.parent))
    if "RACKFOCUS_CLIP" in os.environ:
        with_sound(Path(os.environ["RACKFOCUS_CLIP"]), video)
    shutil.copy(video, video.with_name("other.mp4"))
    wrong: dict[str, list[str]] = {}

    def picture(name: str) -> None:
        for size in ((1920, 1080), (1280, 720)):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.mouse.move(size[0] - 3, size[1] - 3)
                page.wait_for_timeout(800)
                path = keep / f"{name}_{scheme}_{size[0]}x{size[1]}.jpg"
                page.screenshot(path=path, type="jpeg", quality=80)
                wrong[path.stem] = [*page.evaluate(CONTRAST), *page.evaluate(APART)]

    server = serve(video.parent, "network_size_px=288")
    opened(page, f"{server.url}/video/clip.mp4")
    drag_box(page, (0.73, 0.32, 0.86, 0.86))
    has_diamonds(page, 0)
    seek(page, 24)
    drag_box(page, (0.15, 0.32, 0.32, 0.86))
    has_diamonds(page, 0, 24)
    picture("target")
    find_focus(page, "action")
    page.wait_for_function("!document.querySelector('.rf-progress').textContent", timeout=300_000)
    seek(page, 30)
    picture("tracked")
    page.get_by_text("automatic", exact=True).click()
    page.keyboard.press("o")
    page.wait_for_timeout(3000)
    assert "peaking" in page.locator(".rf-picture canvas").get_attribute("data-shown")
    picture("outlined")
    page.keyboard.press("o")
    for view in ("Disparity", "Side by side"):
        page.get_by_role("button", name=view).click()
        page.wait_for_timeout(1500)
        picture(view.lower().replace(" ", "_"))
    page.get_by_role("button", name="Render").click()
    page.get_by_role("button", name="Play", exact=True).wait_for(timeout=300_000)
    picture("rendered")
    page.keyboard.press("?")
    picture("keyboard")
    page.goto(server.url)
    page.locator(".rf-entry").first.wait_for()
    picture("queue")
    assert {name: found for name, found in wrong.items() if found} == {}
