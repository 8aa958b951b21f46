"""Tiny real runs of `rackfocus evaluate video`."""

import csv
import math
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def videos(tmp_path, monkeypatch):
    """Two refocused videos with their truth, and the sharp one of the first with its masks."""
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path / "no_weights"))
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "no_cache"))
    random = np.random.default_rng(0)
    wide = cv2.GaussianBlur(random.integers(0, 256, (48, 96, 3)).astype(np.uint8), (0, 0), 1.0)
    mask = np.zeros((48, 64), np.uint8)
    mask[10:30, 20:50] = 255
    for number in range(3):
        frame = wide[:, 2 * number : 2 * number + 64]
        for name, picture in (
            ("ours/bear", cv2.GaussianBlur(frame, (0, 0), 1.5)),
            ("ours/camel", frame),
            ("truth/bear", cv2.GaussianBlur(frame, (0, 0), 2.0)),
            ("truth/camel", cv2.GaussianBlur(frame, (0, 0), 0.5)),
            ("sharp", frame),
            ("masks", mask),
        ):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), picture)


def rows():
    with Path("run/video.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("videos")
def test_a_folder_of_videos_beside_the_truth(call, capsys):
    assert call("evaluate", "video", "video=ours", "truth=truth", "flow=dis", "hydra.run.dir=run") == 0
    printed = capsys.readouterr().out
    assert "No video FID: The weights i3d_torchscript.pt are missing" in printed
    assert "No LPIPS" in printed
    bear, camel, mean = rows()
    assert (bear["video"], camel["video"], mean["video"]) == ("bear", "camel", "mean")
    assert (bear["frames"], mean["frames"]) == ("3", "6")
    assert float(mean["psnr"]) == pytest.approx((float(bear["psnr"]) + float(camel["psnr"])) / 2)
    assert mean["flow"] == "DIS"
    assert mean["video_fid"] == mean["lpips"] == mean["vepi"] == ""


@pytest.mark.usefixtures("videos")
def test_edges_of_the_subject_of_one_video(call):
    given = ("video=ours/bear", "sharp=sharp", "masks=masks", "flow=dis", "hydra.run.dir=run")
    assert call("evaluate", "video", *given) == 0
    (bear,) = rows()
    assert 0 < float(bear["vepi"]) < 1
    assert 0.9 < float(bear["vepi_smoothness"]) <= 1
    assert bear["psnr"] == ""
    assert not math.isnan(float(bear["warped_error"]))


@pytest.mark.usefixtures("videos")
def test_without_torchvision_the_motion_is_by_dis(call, capsys, monkeypatch):
    def refuse(**_):
        raise rackfocus_video.InputError("there is no torchvision.")

    import rackfocus.cli.evaluate.video as rackfocus_video

    monkeypatch.setattr(rackfocus_video, "RAFTFlow", refuse)
    assert call("evaluate", "video", "video=ours/bear", "hydra.run.dir=run") == 0
    assert "No RAFT, DIS in its place: there is no torchvision." in capsys.readouterr().out
    assert rows()[0]["flow"] == "DIS"


@pytest.mark.usefixtures("videos")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((), "'video' has to be given"),
        (("video=nowhere",), "nowhere is missing"),
        (("video=ours", "truth=sharp"), "has no counterpart named bear in truth"),
        (("video=ours/bear", "flow=swift"), "flow"),
    ],
)
def test_mistakes(call, given, says, capsys):
    assert call("evaluate", "video", *given, "hydra.run.dir=run") == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error
