"""`rackfocus evaluate` on a tiny set of each kind, with a tiny network, in this process: that is faster."""

import csv
import logging

import cv2
import numpy as np
import pytest
from hydra.core.global_hydra import GlobalHydra

from rackfocus.cli.evaluate import images
from rackfocus.data.hdr_picture import HDR_SUFFIXES
from rackfocus.models.checkpoints import save_model


@pytest.fixture
def rackfocus_evaluate(tmp_path, tiny_network, monkeypatch):
    """Runs the command in a folder of its own; gives the exit code and the folder of the run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(tmp_path / "no_weights"))
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "no_cache"))
    monkeypatch.setattr("sys.argv", ["rackfocus"])
    save_model(tiny_network, tmp_path / "tiny.safetensors")

    def command(*arguments):
        GlobalHydra.instance().clear()
        folder = tmp_path / "run"
        code = images.main(
            [
                "checkpoint=tiny.safetensors",
                "longer_side_px=96",
                f"hydra.run.dir={folder}",
                *map(str, arguments),
            ]
        )
        return code, folder

    handlers = logging.getLogger().handlers.copy()
    yield command
    for handler in set(logging.getLogger().handlers) - set(handlers):  # Hydra's, of a file and of stdout
        logging.getLogger().removeHandler(handler)
        handler.close()


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def picture(path, seed, blur=0.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(40, 200, (160, 160, 3)).astype(np.uint8)
    pixels = cv2.GaussianBlur(pixels, (0, 0), blur) if blur else pixels
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def sets(tmp_path):
    """One sample of each kind in the layouts of the suite."""
    root = tmp_path / "data"
    picture(root / "aperture" / "a_f16.png", 1)
    picture(root / "aperture" / "a_f2.png", 1, blur=2)
    picture(root / "depth" / "cones_left.png", 2)
    steps = np.zeros((160, 160), np.uint8)
    steps[:, :60], steps[:, 60:] = 10, 40
    cv2.imwrite(str(root / "depth" / "cones_gt.png"), steps)
    (root / "hdr").mkdir()
    light = np.random.default_rng(3).random((60, 80, 3), np.float32) ** 4 * 9
    cv2.imwrite(str(root / "hdr" / "lamp.hdr"), light)
    assert ".hdr" in HDR_SUFFIXES
    return root


SUITE = """
aperture:
  trees:
    _target_: rackfocus.evaluation.images.photographs.RegisteredApertures
    root: {root}/aperture
depth:
  cones:
    _target_: rackfocus.data.measured.middlebury.Middlebury
    root: {root}/depth
hdr:
  lamps:
    _target_: rackfocus.data.measured.hdr_images.HDRImages
    root: {root}/hdr
    camera:
      _target_: rackfocus.data.measured.virtual_camera.VirtualCamera
      curves:
        _target_: rackfocus.data.measured.virtual_camera.SRGBCurve
"""


def test_a_suite_of_every_kind(rackfocus_evaluate, sets, tmp_path, capsys):
    (tmp_path / "conf" / "suite").mkdir(parents=True)
    (tmp_path / "conf" / "suite" / "mine.yaml").write_text(SUITE.format(root=sets))
    code, folder = rackfocus_evaluate(
        "suite=mine", f"hydra.searchpath=[file://{tmp_path}/conf]", "baseline=[one_plane,no_hdr]"
    )
    assert code == 0, capsys.readouterr().err
    records = rows(folder / "records.csv")
    assert [(row["data_set"], row["method"]) for row in records] == [
        ("aperture/trees", "input, not blurred"),
        ("aperture/trees", "tiny.safetensors"),
        ("aperture/trees", "one plane"),
        ("depth/cones", "one plane"),
        ("depth/cones", "tiny.safetensors"),
        ("depth/cones", "one plane"),
        ("hdr/lamps", "clipped input"),
        ("hdr/lamps", "tiny.safetensors"),
        ("hdr/lamps", "no HDR"),
    ]
    blurred = {row["method"]: float(row["psnr"]) for row in records if row["data_set"] == "aperture/trees"}
    assert blurred["one plane"] > blurred["input, not blurred"] + 3  # all of it is blurred alike
    assert {row["data_set"] for row in rows(folder / "summary.csv")} == {
        "aperture/trees",
        "depth/cones",
        "hdr/lamps",
    }
    made = {path.name for path in folder.iterdir()}
    assert {"aperture_trees.jpg", "depth_cones.jpg", "hdr_lamps.jpg", "config.yaml"} <= made
    assert {"histogram_depth_disparity_share.png", "histogram_aperture_psnr.png"} <= made
    told = capsys.readouterr().out
    assert all(kind in told for kind in ("aperture: rendering", "depth: disparity", "hdr: light", "No LPIPS"))


def test_one_set_of_the_group_data(rackfocus_evaluate, sets, capsys):
    code, folder = rackfocus_evaluate("data=middlebury", f"data.root={sets / 'depth'}", "network_size_px=48")
    assert code == 0, capsys.readouterr().err
    assert [(row["data_set"], row["image"]) for row in rows(folder / "records.csv")] == [
        ("middlebury", "depth/cones")
    ] * 2


def test_a_picture_whose_mask_is_empty_has_no_scores(rackfocus_evaluate, tmp_path, capsys):
    for number, name in enumerate("ab"):
        picture(tmp_path / "data" / f"{name}.png", number)
        mask = np.zeros((160, 160), np.uint8)
        mask[40:90, 30:100] = 255 * number
        cv2.imwrite(str(tmp_path / "data" / f"{name}_mask.png"), mask)
    code, folder = rackfocus_evaluate("data=silhouettes", "data.root=data", "network_size_px=48")
    assert code == 0, capsys.readouterr().err
    assert [bool(row["isolation"]) for row in rows(folder / "records.csv")] == [False, True]


def test_a_picture_whose_truth_is_nowhere_known_has_no_scores(rackfocus_evaluate, sets, capsys):
    picture(sets / "depth" / "art_left.png", 4)
    cv2.imwrite(str(sets / "depth" / "art_gt.png"), np.zeros((160, 160), np.uint8))
    code, folder = rackfocus_evaluate("data=middlebury", f"data.root={sets / 'depth'}", "network_size_px=48")
    assert code == 0, capsys.readouterr().err
    found = [(row["image"], bool(row["disparity_share"])) for row in rows(folder / "records.csv")]
    assert found == [("depth/art", False)] * 2 + [("depth/cones", True)] * 2


def test_a_picture_that_cannot_be_read_leaves_the_records_of_those_before(rackfocus_evaluate, sets, tmp_path):
    (sets / "depth" / "dolls_left.png").write_bytes(b"no picture")
    cv2.imwrite(str(sets / "depth" / "dolls_gt.png"), np.ones((160, 160), np.uint8))
    code, _ = _exit_code(rackfocus_evaluate, ("data=middlebury", f"data.root={sets / 'depth'}"))
    assert code == 2
    assert {row["image"] for row in rows(tmp_path / "run" / "records.csv")} == {"depth/cones"}


def test_pictures_without_truth(rackfocus_evaluate, tmp_path, capsys):
    picture(tmp_path / "photographs" / "b.png", 1)
    picture(tmp_path / "photographs" / "more" / "a.jpg", 2)
    (tmp_path / "photographs" / "notes.txt").touch()
    code, folder = rackfocus_evaluate("data=pictures", "data.root=photographs", "baseline=[one_plane,no_hdr]")
    out, err = capsys.readouterr()
    assert code == 0, err
    records = rows(folder / "records.csv")
    assert [(row["image"], row["method"]) for row in records] == [
        (name, method)
        for name in ("b.png", "more/a.jpg")
        for method in ("tiny.safetensors", "one plane", "no HDR")
    ]
    for row in records:
        scores = {key: value for key, value in row.items() if value and key not in ("image", "method")}
        assert set(scores) == {"data_set", "seconds"}
        assert float(row["seconds"]) > 0
    assert [row["method"] for row in rows(folder / "summary.csv")] == [
        "tiny.safetensors",
        "one plane",
        "no HDR",
    ]
    assert cv2.imread(str(folder / "pictures.jpg")).shape[1] > 3 * 300  # the input, and what predicts
    assert "pictures: time" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("data=middlebury", "data.root=nowhere"), "nowhere is no folder"),
        (("data=pictures", "data.root=run"), "run holds no picture such as a.jpg"),
        (("suite=photographs", "suite.root=nowhere"), "nowhere/aperture/realbokeh is no folder"),
        (("suite=photographs",), "'suite.root' has to be given"),
        (("baseline=[expandnet]",), "expandnet.pth are missing"),
        (("split=nothing",), "raytraced has no split 'nothing'"),
        (("longer_side_px=8",), "longer_side_px must be 64 or more"),
    ],
)
def test_what_is_missing_is_one_sentence(rackfocus_evaluate, arguments, says, capsys):
    code, _ = _exit_code(rackfocus_evaluate, arguments)
    assert code == 2
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert says in sentence


def _exit_code(command, arguments):
    """A job's mistake leaves through `sys.exit`, one of the configuration as a return code."""
    try:
        return command(*arguments)
    except SystemExit as stop:
        return stop.code, None
