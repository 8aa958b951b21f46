import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import SIGMA_SHARE, fixation_counts, fixation_map
from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.evaluation.autofocus.gaze.saliency_table import BEST, CENTRE, MET, GazeSet, Saliency
from rackfocus.metrics.saliency import SCORES
from rackfocus.types import InputError

SIZE = (36, 64)


def watched(name: str, points: Sequence[list[tuple[float, float]]]) -> FocusClip:
    """Frames whose brightest pixel is what people look at, if anybody looks."""
    some = [torch.tensor(each).reshape(-1, 2) for each in points]
    counts = torch.stack([fixation_counts(each, height=SIZE[0], width=SIZE[1]) for each in some])
    sigma = SIGMA_SHARE * SIZE[1]
    maps = [fixation_map(each, height=SIZE[0], width=SIZE[1], sigma_px=sigma) for each in some]
    return FocusClip(
        name=f"{name}/000000",
        frames=(counts > 0).float().expand(-1, 3, -1, -1),
        frame_indices=tuple(range(len(points))),
        times_s=tuple(0.2 * number for number in range(len(points))),
        source_size=SIZE,
        fixations=counts,
        fixation_maps=torch.stack(maps),
    )


class Videos(Dataset):
    def __init__(self, split: str) -> None:
        names = {"test": ("one", "two"), "train": ("three",)}
        if split not in names:
            raise InputError(f"there is no {split}.")
        place = {"one": (10.0, 10.0), "two": (50.0, 20.0), "three": (31.5, 17.5)}
        self.clips = [watched(name, [[place[name]], [], [place[name]]]) for name in names[split]]

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FocusClip:
        return self.clips[index]


class Bright:
    """Sees what is bright."""

    def __call__(self, window):
        assert window.frames.dtype == np.uint8
        return window.frames[..., 0].astype(np.float32) / 255

    def missing(self, window):  # noqa: ARG002
        return None


@pytest.fixture
def table() -> Saliency:
    sets = {"some": GazeSet(Videos, "test", ["train"]), "none": GazeSet(Videos, "none")}
    return Saliency(sets, {"bright": Bright()})


def test_the_table(table, tmp_path):
    *rows, missing = table.rows(tmp_path, lambda _done, _total: None)
    assert missing == {"set": "none", "left out": "there is no none."}
    assert [(row["video"], row["method"]) for row in rows] == [
        (video, method) for video in ("one", "two") for method in ("bright", CENTRE, BEST)
    ]
    by = {(row["video"], row["method"]): row for row in rows}
    exact = by["one", "bright"]
    assert (exact["AUC-J"], exact["s-AUC"], exact[MET]) == (1, 1, 1)
    assert exact["NSS"] == pytest.approx((36 * 64 - 1) / math.sqrt(36 * 64), rel=1e-3)
    # Somebody looks at the centre in another video: to look there tells nothing of this one.
    assert by["one", CENTRE]["s-AUC"] < 0.5 < by["one", CENTRE]["AUC-J"]
    assert by["one", CENTRE][MET] == 0
    assert by["two", BEST] == {"set": "some", "video": "two", "method": BEST, MET: 1.0}
    means = {row["method"]: row for row in table.summary([*rows, missing])}
    assert means["bright"][MET] == 1
    assert means[CENTRE]["NSS"] == pytest.approx((by["one", CENTRE]["NSS"] + by["two", CENTRE]["NSS"]) / 2)
    assert all(math.isnan(means[BEST][name]) for name in SCORES)
