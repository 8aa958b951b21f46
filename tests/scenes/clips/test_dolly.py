import json

import av
import numpy as np
import pytest

from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.scenes.clips import dolly
from rackfocus.scenes.files import read_disparity, read_hdr
from rackfocus.types import InputError


def test_the_walker_moves_and_nothing_else_does():
    first, later = dolly.make_clip_frame(0), dolly.make_clip_frame(24)
    steps = [
        np.mean(b.mesh.vertices, axis=0) - np.mean(a.mesh.vertices, axis=0)
        for a, b in zip(first.recipe.parts, later.recipe.parts, strict=True)
    ]
    moved = [
        part for part, step in zip(first.recipe.parts, steps, strict=True) if np.linalg.norm(step) > 1e-9
    ]
    assert len(moved) == len(first.walker)
    assert np.mean(steps[-1]) == pytest.approx(-1.4 / 3, abs=0.05)
    assert first.recipe.camera != later.recipe.camera


def test_the_event_of_the_embedded_clip_is_annotated(raytraced):
    about = json.loads((raytraced / "clip" / "clip.json").read_text())
    annotation = load_annotation(raytraced / "clip" / "annotation.json")
    opening, event = annotation.targets
    first, walker = about["frames"][0]["first"], about["event"]
    assert (opening.t, opening.x, opening.y, list(opening.box)) == (0, *first["point"], first["box"])
    assert (event.t, event.x, event.y, list(event.box)) == (
        walker["frame"],
        walker["x"],
        walker["y"],
        walker["box"],
    )
    assert annotation == dolly._annotation(raytraced / "clip" / "clip.mp4", about["frames"][0], walker)


@pytest.mark.usefixtures("flat_materials")
def test_clip_of_two_frames(tmp_path):
    pytest.importorskip("mitsuba", reason="rackfocus[scenes] is not installed")
    folder = tmp_path / "clip"
    arguments = {"frames": 2, "width": 48, "height": 32, "samples_per_pixel": 1, "truth_samples_per_pixel": 1}
    dolly.render_clip(folder, variant="scalar_rgb", **arguments)
    about = json.loads((folder / "clip.json").read_text())
    assert about["event"] is None  # the walker is still behind the kiosk
    assert len(about["frames"]) == 2
    assert about["frames"][0]["first"]["focal_disparity"] == pytest.approx(0.0, abs=0.05)
    x, y = about["frames"][0]["first"]["point"]
    disparity = read_disparity(folder / "disparity" / "0000.png")
    assert disparity.shape == (32, 48)
    assert abs(disparity[y, x]) < 0.2
    assert [read_hdr(folder / record["file"]).shape for record in about["truth"]] == [(32, 48, 3)] * 2
    with av.open(str(folder / "clip.mp4")) as container:
        assert not container.streams.audio
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [frame.shape for frame in frames] == [(32, 48, 3)] * 2
    written = (folder / "clip.json").stat().st_mtime_ns
    dolly.render_clip(folder, **arguments)
    assert (folder / "clip.json").stat().st_mtime_ns == written


@pytest.mark.parametrize("size", [{"width": 47, "height": 32}, {"width": 48, "height": 0}, {"frames": 0}])
def test_sizes_must_be_even(tmp_path, size):
    with pytest.raises(InputError, match="even"):
        dolly.render_clip(tmp_path / "clip", **size)
