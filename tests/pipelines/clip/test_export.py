"""What other programs get of a clip."""

import json
from fractions import Fraction

import cv2
import numpy as np
import OpenEXR
import pytest
import torch

from rackfocus import InputError
from rackfocus.optics.radiometry import bt709_to_linear
from rackfocus.pipelines.clip.exr import PRIMARIES, export_exr
from rackfocus.pipelines.clip.png import encode_disparity, export_png, steps_for
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.scenes.files import read_disparity


def test_exr_holds_scene_light_and_disparity(tmp_path, write_video, make):
    make(write_video(tmp_path / "in.mp4", pts=range(30)), tmp_path / "in.rvr", first=25)
    clip = RefocusableClip.open(tmp_path / "in.rvr")
    assert export_exr(clip, tmp_path / "out") == 5
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["export.json", *(f"in.{frame:06d}.exr" for frame in range(25, 30))]
    with clip.open_source() as reader:
        (frame,) = reader.frames(27, 28)
    with OpenEXR.File(str(tmp_path / "out" / "in.000027.exr")) as file:
        header, channels = file.header(), file.channels()
        radiance = bt709_to_linear(frame.encoded) * torch.exp(50 * clip.log_exposure(27))
        assert clip.log_exposure(27).max() > 0
        assert np.array_equal(channels["RGB"].pixels, radiance.permute(1, 2, 0).half().numpy())
        assert channels["Z"].pixels.dtype == np.float32
        assert np.array_equal(channels["Z"].pixels, clip.disparity(27)[0].numpy())
        assert header["framesPerSecond"] == Fraction(24)
        code = header["timeCode"]
        assert (code.hours, code.minutes, code.seconds, code.frame) == (0, 0, 1, 3)
        assert header["chromaticities"] == pytest.approx(PRIMARIES[1])
        assert "disparity, not distance" in header["comments"]


def test_an_export_goes_on(tmp_path, clip, contents):
    opened = RefocusableClip.open(clip)
    for export, suffix in ((export_exr, "exr"), (export_png, "png")):
        folder = tmp_path / suffix
        export(opened, folder)
        whole = contents(folder)
        (folder / f"in.000002.{suffix}").unlink()
        (folder / f"in.000004.{suffix}").rename(folder / f"in.000004.{suffix}.partial")
        export(opened, folder)
        assert contents(folder) == whole


def test_of_two_exports_at_once_the_second_is_told(tmp_path, clip):
    opened, refused = RefocusableClip.open(clip), []

    def progress(done, _total):
        if done == 2:
            with pytest.raises(InputError, match="out is being written by another run"):
                export_exr(opened, tmp_path / "out")
            refused.append(done)

    export_png(opened, tmp_path / "out", progress=progress)
    assert refused == [2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "in.rvr", "out"]


def test_png_codes(tmp_path, clip, source):
    source.unlink()  # It is not needed.
    opened = RefocusableClip.open(clip)
    assert export_png(opened, tmp_path / "out") == 6
    note = json.loads((tmp_path / "out" / "export.json").read_text())
    assert (note["steps"], note["disparity_px"]) == (256, "(code - 32768) / 256")
    codes = cv2.imread(str(tmp_path / "out" / "in.000003.png"), cv2.IMREAD_UNCHANGED)
    disparity = opened.disparity(3)[0].numpy()
    assert codes.dtype == np.uint16
    assert np.abs((codes.astype(float) - 32768) / 256 - disparity).max() <= 1 / 512
    # The ray-traced scenes' own coding.
    assert np.abs(read_disparity(tmp_path / "out" / "in.000003.png") - disparity).max() <= 1 / 512


@pytest.mark.parametrize(
    ("least", "largest", "steps"),
    [(0, 0, 256), (-128, 127, 256), (-128.1, 0, 128), (0, 128, 128), (-9, 384, 64)],
)
def test_steps(least, largest, steps):
    assert steps_for(least, largest) == steps
    codes = encode_disparity(torch.tensor([[least, 0.0, largest]]), steps)
    assert codes.tolist() == [[32768 + round(least * steps), 32768, 32768 + round(largest * steps)]]


def test_where_an_export_cannot_go(tmp_path, clip, source, make):
    opened = RefocusableClip.open(clip)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "note").touch()
    for folder, sentence in ((tmp_path / "taken", "is not empty"), (source, "cannot be made a folder")):
        with pytest.raises(InputError, match=sentence):
            export_png(opened, folder)
    export_png(opened, tmp_path / "out")
    with pytest.raises(InputError, match="holds another export"):
        export_exr(opened, tmp_path / "out")
    make(source, tmp_path / "b.rvr")
    with pytest.raises(InputError, match="holds another export"):
        export_png(RefocusableClip.open(tmp_path / "b.rvr"), tmp_path / "out")
