"""Small real runs: a folder of videos to a data set, its annotations to a table and back, two annotators."""

import shutil
import sys

import av
import numpy as np
import pytest

from rackfocus.cli import main
from rackfocus.data.gaze.vaf import Vaf
from rackfocus.focus.annotation.json_file import annotated_video, load_annotation, save_annotation
from rackfocus.types import FocusAnnotation, FocusTarget


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def made(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["rackfocus", "vaf", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code

    return made


@pytest.fixture
def videos(tmp_path):
    """Two videos of a second each, with different noise, and something that is none."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for name, seed in (("a", 1), ("b", 2)):
        picture = np.random.default_rng(seed).integers(0, 256, (48, 64, 3)).astype(np.uint8)
        with av.open(str(folder / f"{name}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for _ in range(10):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
    (folder / "c.mov").write_bytes(b"")
    return folder


def annotate(video, *targets):
    save_annotation(video.with_suffix(".json"), FocusAnnotation(annotated_video(video), targets))
    return video.with_suffix(".json")


@pytest.mark.usefixtures("videos")
def test_from_videos_to_training_clips(run, tmp_path, capfd):
    settings = ["selection.shortest_s=0.5", "selection.test_share=0", "selection.validation_share=0"]
    assert run("build", "videos", "--out", "mine", *settings) == 0
    out = capfd.readouterr().out
    assert "c.mov because it cannot be read" in out
    assert "mine: 2 train; 1 left out, all told in mine/videos.csv" in out
    assert "rackfocus annotate mine" in out
    annotate(tmp_path / "mine" / "train" / "a.mp4", FocusTarget(0, 1, 1), FocusTarget(5, 30, 20))
    clips = Vaf("mine", "mine", "train", longer_side_px=32)
    assert [int(clip.is_new_target.sum()) for clip in clips] == [1]


def test_there_and_back_and_between_two(run, videos, tmp_path, capfd):
    name = annotate(videos / "a.mp4", FocusTarget(0, 10, 10), FocusTarget(5, 30, 20, (25, 15, 35, 25))).name
    (tmp_path / "other").mkdir()
    shutil.copy(videos / "a.mp4", tmp_path / "other")
    annotate(tmp_path / "other" / "a.mp4", FocusTarget(0, 10, 10), FocusTarget(7, 30, 20))
    assert run("export", "videos", "--out", "all.csv", "annotator=Ada") == 0
    assert "all.csv: 2 targets of 1 videos" in capfd.readouterr().out
    assert run("import", "all.csv", "--out", "back") == 0
    assert load_annotation(tmp_path / "back" / name) == load_annotation(videos / name)
    assert run("import", "all.csv", "--out", "other") == 2
    assert "a.json is there and says something else" in capfd.readouterr().err
    assert run("agreement", "videos", "other", "--out", "agreement.csv") == 0
    assert "mean of 1" in capfd.readouterr().out
    rows = (tmp_path / "agreement.csv").read_text().splitlines()
    assert rows[0] == "video,|Δd|,|Δxy|,|Δt|,matched,only A,only B"
    assert rows[1] == "a.json,,0,6,1,0,0"


@pytest.mark.slow
def test_focus_of_two_annotators_is_compared_in_their_videos(run, videos, tmp_path):
    (videos / "disparity").mkdir()
    for frame in range(10):
        np.save(videos / "disparity" / f"{frame:04}.npy", np.tile(np.arange(64.0), (48, 1)))
    annotate(videos / "a.mp4", FocusTarget(0, 10, 24, (8, 22, 12, 26)))
    (tmp_path / "other").mkdir()
    shutil.copy(videos / "a.mp4", tmp_path / "other")
    annotate(tmp_path / "other" / "a.mp4", FocusTarget(0, 40, 24, (38, 22, 42, 26)))
    assert run("agreement", "videos", "other", "videos=videos", "--out", "agreement.csv") == 0
    apart = float((tmp_path / "agreement.csv").read_text().splitlines()[1].split(",")[1])
    assert apart == pytest.approx(30 / (64 / 384), rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["bild", "videos"],
            "There is no `rackfocus vaf bild`; choose one of build, export, import, agreement.",
        ),
        (["build", "videos"], "`rackfocus vaf build` needs --out, a folder to build."),
        (["export", "videos", "more", "--out", "x"], "takes one argument; 'more' is one too many."),
        (["agreement", "videos"], "takes two folders, one of each annotator"),
        (["export", "--out", "x"], "'source' has to be given"),
    ],
)
def test_mistakes(run, capfd, arguments, says):
    assert run(*arguments) == 2
    error = capfd.readouterr().err
    assert says in error
    assert len(error.strip().splitlines()) == 1
