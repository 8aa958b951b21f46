"""A tiny real run of `rackfocus benchmark refocus`, and what `quality=fast` chooses."""

import csv
import sys

import pytest

from rackfocus.cli import main


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rackfocus", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code


def test_every_stage_is_timed_and_then_the_whole(raytraced, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    small = ("size=64x48", "pan_frames=3", "network_size_px=32", "cores=1", f"data.root={raytraced}")
    compare = "compare=['quality=fast','autofocus=general']"
    assert run(monkeypatch, "benchmark", "refocus", *small, compare) == 0
    told = capfd.readouterr().out
    assert "1 cores, on cpu" in told
    assert "With quality=fast autofocus=general a frame takes " in told
    (made,) = (tmp_path / "runs" / "benchmark").iterdir()
    with (made / "refocus.csv").open() as file:
        all_rows = list(csv.DictReader(file))
    assert list(dict.fromkeys(row["way"] for row in all_rows)) == ["as set", "quality=fast autofocus=general"]
    rows = {row["stage"]: row for row in all_rows if row["way"] != "as set"}
    *stages, apart, whole = rows
    assert stages == [
        "decode", "curves of light", "network", "flow and filter", "render", "curves of light, back",
        "encode",
    ]  # fmt: skip
    assert float(rows[apart]["cpu_s"]) == pytest.approx(sum(float(rows[stage]["cpu_s"]) for stage in stages))
    assert sum(float(rows[stage]["share"]) for stage in stages) == pytest.approx(1)
    assert float(rows[whole]["wall_s"]) > 0
    assert float(rows[whole]["peak_mb"]) >= 0


def test_the_autofocus_that_is_compared_is_that_of_its_settings(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    wrong = "compare=['autofocus=general','autofocus.stay_s=0']"
    assert run(monkeypatch, "benchmark", "refocus", wrong) == 2
    assert "stay_s must be above 0" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("chosen", "network_size_px", "window_frames"),
    [((), 384, 3), (("quality=fast",), 256, 1), (("quality=fast", "stabilizer=causal"), 256, 6)],
)
@pytest.mark.parametrize("command", ["refocus", "make-clip"])
def test_what_is_said_counts_before_the_quality(
    command, chosen, network_size_px, window_frames, monkeypatch, capfd
):
    assert run(monkeypatch, command, "a", "b", *chosen, "--cfg", "job") == 0
    told = capfd.readouterr().out
    assert f"network_size_px: {network_size_px}" in told
    assert f"window_frames: {window_frames}" in told


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("pan_frames=1", "pan_frames must be 2 or more"),
        ("cores=0", "cores must be 1 to"),
        ("source=missing.mp4", "missing.mp4"),
        ("device=cuda:99", "device=cuda:99 is not there"),
    ],
)
def test_mistakes(setting, says, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "benchmark", "refocus", setting) == 2
    assert says in capfd.readouterr().err
