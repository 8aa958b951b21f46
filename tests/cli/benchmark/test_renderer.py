"""One small real run, gone on with; and mistakes."""

import shutil
import sys

import pytest

from rackfocus.cli import main


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "benchmark", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_a_small_benchmark(tmp_path, monkeypatch, capfd, raytraced):
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    shutil.copytree(raytraced / "test" / "1201", tmp_path / "scenes" / "test" / "1201")
    output = tmp_path / "out"
    arguments = [
        "renderer",
        f"data.root={tmp_path / 'scenes'}",
        f"folder={output}",
        "sizes=[64x48]",
        "radii=[2]",
    ]
    arguments += ["methods=[ours,opencv-preblur]", "backward=false", "repeats=1", "cores=1"]
    assert run(monkeypatch, *arguments) == 0
    out = capfd.readouterr().out
    assert "OpenCV pre-blur" in out
    assert "No LPIPS: The weights lpips_alex.safetensors are missing" in out
    made = {path.name for path in output.iterdir()}
    assert made >= {
        "records.csv",
        "quality.csv",
        "table.md",
        "scaling.png",
        "sheet.jpg",
        "lens_shapes.png",
        "environment.txt",
    }
    lines = (output / "records.csv").read_text().splitlines()
    assert [line.split(",")[:5] for line in lines[1:]] == [
        ["ours", "False", "64", "48", "2"],
        ["opencv-preblur", "False", "64", "48", "2"],
    ]
    assert run(monkeypatch, *arguments) == 0
    assert (output / "records.csv").read_text().splitlines() == lines


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["network"], "no `rackfocus benchmark network`"),
        ([], "Say what `rackfocus benchmark` is to do"),
        (["renderer", "methods=[ours,gimp]"], "no method 'gimp'"),
        (["renderer", "methods=[gegl]"], "must name 'ours'"),
        (["renderer", "sizes=[huge]"], "no size 'huge'"),
        (["renderer", "radii=[0]"], "radii must be more than 0"),
        (["renderer", "repeats=0"], "repeats must be more than 0"),
        (["renderer", "cores=100000"], "cores must be 1 to"),
        (["renderer", "truth=nowhere"], "nowhere"),
    ],
)
def test_mistakes(arguments, says, tmp_path, monkeypatch, capfd, raytraced):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments, f"data.root={raytraced}") == 2
    err = capfd.readouterr().err
    assert says in err
    assert len(err.strip().splitlines()) == 1
