import dataclasses
import functools
import json
import math
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch

from rackfocus.data.gaze.vaf import Vaf
from rackfocus.evaluation.autofocus.focus_clips import find_clips
from rackfocus.evaluation.autofocus.focus_table import LEFT_OUT
from rackfocus.evaluation.autofocus.table_2 import ACTION, ACTION_LAAF, AF_NET, CENTRE, OURS, VAF, Table2
from rackfocus.focus.af_net.autofocus import AFNetAutofocus
from rackfocus.focus.annotation.json_file import annotated_video, save_annotation
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.scenes.clips.events import CLIP_FORMAT
from rackfocus.scenes.files import write_disparity
from rackfocus.types import FocusAnnotation, FocusTarget

FRAMES, FPS, WIDTH, HEIGHT, EVENT = 40, 10, 96, 64, 25
HERE, THERE = (8, 20, 28, 44), (60, 16, 84, 48)
NEAR, FAR, WALL = 0.0, 3.0, 5.0


class Known(AFNetAutofocus):
    """Finds the event three frames late, and takes the eighth sampled frame for it."""

    def __init__(self) -> None:
        super().__init__(longer_side_px=32)

    @property
    def network(self):
        def predict(frames):
            logits = torch.zeros(frames.shape[:2])
            logits[:, 8] = 1
            return SimpleNamespace(target_logits=logits)

        return predict

    def find(self, pictures, *, size, fps, device):  # noqa: ARG002
        for _ in pictures:
            pass
        return (FocusTarget(0, 18, 32, HERE, "af-net"), FocusTarget(EVENT + 3, 72, 32, THERE, "af-net"))


class Blind:
    """Sees nothing."""

    def __call__(self, window):
        return np.zeros((len(window.frames), *window.map_size), np.float32)

    def missing(self, window):  # noqa: ARG002
        return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clip as the generator of scenes writes it: a second subject shows at the event."""
    root = tmp_path_factory.mktemp("clips")
    clip = root / "clips" / "acts_1000"
    (clip / "disparity").mkdir(parents=True)
    rng = np.random.default_rng(0)
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    disparity = np.full((HEIGHT, WIDTH), WALL, np.float32)
    people = {"first": {"box": HERE, "focal_disparity": NEAR, "point": [18, 32]}}
    notes = []
    with av.open(str(clip / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in range(FRAMES):
            for when, (left, top, right, bottom), value in ((0, HERE, NEAR), (EVENT, THERE, FAR)):
                if frame == when:
                    shape = (bottom - top, right - left, 3)
                    picture[top:bottom, left:right] = rng.integers(0, 256, shape)
                    disparity[top:bottom, left:right] = value
            if frame == EVENT:
                people = people | {"second": {"box": THERE, "focal_disparity": FAR, "point": [72, 32]}}
            notes.append({"frame": frame, "people": people})
            write_disparity(clip / "disparity" / f"{frame:04d}.png", disparity)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    (clip / "clip.json").write_text(json.dumps({"format": CLIP_FORMAT, "fps": FPS, "frames": notes}))
    targets = (FocusTarget(0, 18, 32, box=HERE), FocusTarget(EVENT, 72, 32, box=THERE))
    save_annotation(clip / "annotation.json", FocusAnnotation(annotated_video(clip / "clip.mp4"), targets))
    (root / "vaf" / "test").mkdir(parents=True)
    for name in ("clip.mp4", "annotation.json"):
        (root / "vaf" / "test" / name).hardlink_to(clip / name)
    return root


@pytest.fixture(scope="module")
def table(folder) -> Table2:
    return Table2(
        vaf=functools.partial(Vaf, root=folder / "none", annotations=folder / "vaf", split="test"),
        folder=str(folder / "clips"),
        action_names=["acts_*"],
        af_net=Known(),
        action=SceneSpecific({"blind": Blind()}),
    )


@pytest.fixture(scope="module")
def rows(table, tmp_path_factory):
    made = table.rows(tmp_path_factory.mktemp("pictures"), lambda _done, _total: None)
    return {(row["set"], row["method"]): row for row in made}


def test_by_clips(rows):
    # The video's 24 sampled frames make two clips, from the first and the fifth on; the event is frame 25.
    # AF-Net says frame 13 in one and frame 20 in the other: 36 and 15 frames of 30 a second.
    for name in (VAF, ACTION):
        assert rows[name, AF_NET]["|Δt|"] == pytest.approx((36 + 15) / 2)
        assert rows[name, AF_NET]["timely"] == 0.5
        assert rows[name, AF_NET]["clips"] == 2
        assert rows[name, "motion peak"]["|Δt|"] == rows[name, "motion rise"]["|Δt|"] == 0
        assert 0 < rows[name, "chance"]["timely"] < 1
    assert rows[ACTION, ACTION_LAAF]["clips"] == 0
    assert "|Δd|" not in rows[VAF, AF_NET]


def test_over_frames(rows, table):
    (clip,) = find_clips(table.folder)
    truth = clip.true_focus(table.puller)
    late = rows[ACTION, AF_NET]
    assert late["|Δt| matched"] == 9
    assert (late["recall"], late["precision"]) == (1, 1)
    assert late["|Δd|"] == pytest.approx(3 * (FAR - NEAR) / FRAMES / (WIDTH / 384), rel=0.05)
    assert rows[ACTION, CENTRE]["|Δd|"] == pytest.approx(
        np.abs(WALL - truth).mean() / (WIDTH / 384), rel=1e-3
    )
    assert rows[ACTION, ACTION_LAAF]["recall"] == 0


def test_the_summary_ends_with_the_papers_numbers(rows, table):
    summary = table.summary(list(rows.values()))
    means = {(row["set"], row["method"]): row for row in summary if row["video"] == "mean of 1"}
    # What has action is among ours, too.
    assert means[OURS, AF_NET]["|Δd|"] == means[ACTION, AF_NET]["|Δd|"] == rows[ACTION, AF_NET]["|Δd|"]
    assert means[VAF, AF_NET]["|Δt|"] == pytest.approx(25.5)
    assert math.isnan(means[VAF, AF_NET]["|Δd|"])
    assert means[ACTION, AF_NET]["recall"] == 1
    paper = [row for row in summary if row["video"] == "the paper"]
    assert [(row["set"], row["|Δt|"]) for row in paper if "|Δt|" in row] == [
        (VAF, 19.8), (OURS, 24.5), (ACTION, 21.0),
    ]  # fmt: skip


def test_means_are_over_clips_and_over_videos(table):
    def row(video, **numbers):
        return {"set": OURS, "video": video, "method": AF_NET, **numbers}

    rows = [
        row("a", **{"|Δd|": 1.0, "|Δt|": 10.0, "timely": 1.0, "clips": 3}),
        row("b", **{"|Δd|": 3.0, "|Δt|": math.nan, "timely": math.nan, "clips": 0}),
        row("c", **{"|Δt|": 30.0, "timely": 0.0, "clips": 1}),
    ]
    mean = table.summary(rows)[0]
    assert (mean["|Δd|"], mean["|Δt|"], mean["timely"], mean["clips"]) == (2.0, 15.0, 0.75, 4)


def test_what_is_not_there_is_told(table, tmp_path):
    elsewhere = dataclasses.replace(
        table, vaf=functools.partial(Vaf, root="none", annotations="none", split="test"), folder=str(tmp_path)
    )
    rows = list(elsewhere.rows(tmp_path, lambda _done, _total: None))
    assert [row["set"] for row in rows] == [VAF, OURS]
    assert "none/test holds no annotation" in rows[0][LEFT_OUT]
    assert "holds no annotated video" in rows[1][LEFT_OUT]
    assert [row["video"] for row in elsewhere.summary(rows)] == ["the paper"] * 4
