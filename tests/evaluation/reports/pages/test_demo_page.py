import base64

import pytest

from rackfocus.evaluation.reports.pages.demo_page import Curve, clip_timeline, training_curve, write_page


def test_a_curve_tells_its_ends_and_stays_in_its_box(tmp_path):
    rows = [f"{step},{100 - step}," for step in range(50)]
    (tmp_path / "metrics.csv").write_text(
        "\n".join(["step,train/loss,validation/loss", *rows, "50,,7"]) + "\n"
    )
    curve = training_curve(tmp_path / "metrics.csv")
    points = [tuple(map(float, point.split(","))) for point in curve.path.split()]
    assert curve.steps == 50
    assert (curve.first, curve.last) == (98.0, 53.0)
    assert curve.top == pytest.approx(100)
    assert points[0] == (0.0, 0.0)
    assert points[-1][0] == 640.0
    assert all(0 <= y <= 200 for _, y in points)
    assert points[-1][1] > points[0][1]


@pytest.mark.slow
def test_the_timeline_of_a_clip_shows_what_was_found_and_what_is_true(raytraced, tmp_path):
    track, event = clip_timeline(raytraced / "clip", tmp_path / "focus.png")
    assert (tmp_path / "focus.png").read_bytes().startswith(b"\x89PNG")
    assert len(track.focal_disparity) == 48
    (walker,) = [target for target in track.targets if target.t > 0]
    assert abs(walker.t - event.t) <= 8
    assert walker.source == "action"


def test_the_page_holds_its_pictures(tmp_path):
    for name, content in {"clip.mp4": b"video", "focus.png": b"picture"}.items():
        (tmp_path / name).write_bytes(content)
    page = tmp_path / "index.html"
    write_page(
        page,
        scenes={},
        summaries=[],
        curve=Curve("0,0 1,1", 2, 1.0, 1.0, 1.0),
        psnr_before=20.0,
        psnr_after=21.5,
        videos={"input": tmp_path / "clip.mp4"},
        timeline=tmp_path / "focus.png",
        facts={"seed": "3"},
    )
    text = page.read_text()
    for content in (b"video", b"picture"):
        assert base64.b64encode(content).decode() in text
    assert "21.50 dB" in text
