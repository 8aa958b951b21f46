"""One small real run: a scene that the loader reads, made again without being rendered again."""

import sys

import pytest

from rackfocus.cli import main
from rackfocus.data.raytraced import RaytracedScenes


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "render-scenes", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_a_scene_from_the_command_line(tmp_path, monkeypatch, capfd):
    pytest.importorskip("mitsuba", reason="Mitsuba (the extra `scenes`) is not installed")
    monkeypatch.chdir(tmp_path)
    arguments = ("train=3:4", "validation=null", "test=null", "clip=false", "width=48", "height=32")
    arguments = (*arguments, "samples_per_pixel=4", "variant=scalar_rgb")
    assert run(monkeypatch, *arguments) == 0
    assert "1 scenes in scenes" in capfd.readouterr().out
    assert len(RaytracedScenes("scenes", "train")) == 2
    made = (tmp_path / "scenes" / "train" / "0003" / "f2.exr").stat().st_mtime_ns
    assert run(monkeypatch, *arguments) == 0
    assert (tmp_path / "scenes" / "train" / "0003" / "f2.exr").stat().st_mtime_ns == made


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("train=5", "train=5 is not a range"),
        ("train='5:'", "needs an end"),
        ("width=0", "width"),
        ("blur_px=0", "blur_px"),
    ],
)
def test_mistakes(tmp_path, monkeypatch, capfd, setting, says):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "test=null", "validation=null", "clip=false", setting) == 2
    assert says in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []
