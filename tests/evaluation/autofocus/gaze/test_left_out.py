import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import fixation_counts, fixation_map
from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.evaluation.autofocus.gaze.left_out import (
    AS_IT_IS,
    BEST,
    CENTRE,
    TRAINED,
    GazeLeftOut,
    seen_video,
    train_region,
)
from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import load_af_net, save_af_net
from rackfocus.types import InputError

SIZE = (33, 48)


def watched_square(seed: int, frames: int = 6) -> FocusClip:
    """People look at a bright square, and at nothing in the last frame."""
    generator = torch.Generator().manual_seed(seed)
    pictures = torch.rand(frames, 3, *SIZE, generator=generator) * 0.3
    places = torch.randint(4, 28, (frames, 2), generator=generator).float()
    counts, maps = [], []
    for number, (x, y) in enumerate(places.tolist()):
        pictures[number, :, int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4] = 1
        points = places[number : number + (number < frames - 1)]
        counts.append(fixation_counts(points, height=SIZE[0], width=SIZE[1]))
        maps.append(fixation_map(points, height=SIZE[0], width=SIZE[1], sigma_px=2.0))
    return FocusClip(
        name=f"square{seed}/000000",
        frames=pictures,
        frame_indices=tuple(range(frames)),
        times_s=tuple(number / 6 for number in range(frames)),
        source_size=SIZE,
        fixations=torch.stack(counts),
        fixation_maps=torch.stack(maps),
    )


class Squares(Dataset[FocusClip]):
    def __init__(self, seeds: tuple[int, ...]) -> None:
        self.clips = [watched_square(seed) for seed in seeds]

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FocusClip:
        return self.clips[index]


def missing() -> Dataset[FocusClip]:
    raise InputError("there is no such folder.")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(3)
    network = AFNet(units=3, unit_stride=1, width=8, feature_width=8, time_width=8)
    for _ in range(20):
        network(torch.stack([watched_square(seed).frames for seed in (7, 8)]))
    path = tmp_path_factory.mktemp("network") / "net.safetensors"
    save_af_net(network.eval(), path)
    return path


def table(checkpoint, sets, steps=40, together=()) -> GazeLeftOut:
    return GazeLeftOut(
        sets=sets, together=together, checkpoint=str(checkpoint), steps=steps, frames_at_once=8,
        learning_rate=3e-3, weight_decay=0.01, seed=1,
    )  # fmt: skip


def test_frames_that_nobody_looks_at_teach_nothing(checkpoint):
    clip = watched_square(1)
    seen = seen_video(load_af_net(checkpoint), clip)
    # Five of six frames, and their mirror images.
    assert seen.features.shape == (10, 8, 12, 12)
    torch.testing.assert_close(seen.density.sum((1, 2, 3)), torch.ones(10))
    assert torch.equal(seen.density[5:], clip.fixation_maps[:5].flip(3))
    logits = load_af_net(checkpoint).region_network.logits(seen.features[:5], SIZE)
    expected = load_af_net(checkpoint)(clip.frames[None]).region_logits[0, :5]
    torch.testing.assert_close(logits, expected)


def test_only_the_region_is_trained(checkpoint):
    clip = watched_square(1)
    network = load_af_net(checkpoint, centre_prior=True)
    before = copy.deepcopy(network.state_dict())
    train_region(
        network, [seen_video(network, clip)], steps=2, frames_at_once=4, learning_rate=1e-2, weight_decay=0.0,
        generator=torch.Generator().manual_seed(1),
    )  # fmt: skip
    after = network.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert "region_network.centre" in changed
    assert {name.rpartition(".")[0] for name in changed - {"region_network.centre"}} == {
        "region_network.region.0.0", "region_network.region.0.1", "region_network.region.1"
    }  # fmt: skip
    frames = clip.frames[None]
    assert torch.equal(network(frames).target_logits, load_af_net(checkpoint)(frames).target_logits)


@pytest.mark.parametrize(("other", "together"), [("square3", ()), ("square2", [["square2", "square3"]])])
def test_a_video_tells_nothing_of_what_is_measured_on_it_or_in_the_same_place(
    other, together, checkpoint, tmp_path
):
    def last_row(moved: bool):
        squares = Squares((1, 2, 3))
        place = ("square1", "square2", "square3").index(other)
        clip = squares.clips[place]
        if moved:
            squares.clips[place] = replace(clip, fixation_maps=clip.fixation_maps.flip(2))
        made = table(checkpoint, {"squares": lambda: squares}, 3, together)
        return list(made.rows(tmp_path, lambda *_: None))[2]

    assert last_row(moved=True) == last_row(moved=False)


def test_squares_are_found_in_a_video_that_was_left_out(checkpoint, tmp_path):
    sets = {"none": missing, "squares": lambda: Squares((1, 2, 3))}
    done = []
    about_none, *rows = table(checkpoint, sets).rows(tmp_path, lambda *counts: done.append(counts))
    assert about_none == {"set": "none", "left out": "there is no such folder."}
    assert [row["video"] for row in rows] == ["square1", "square2", "square3"]
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert all(row[BEST] == 1 for row in rows)
    assert np.mean([row[TRAINED] for row in rows]) > np.mean([row[CENTRE] for row in rows]) + 0.3
    assert load_af_net(tmp_path / "af_net.safetensors").architecture["centre_prior"]


def test_intervals_are_over_videos(checkpoint):
    rows = [
        {"video": str(number), CENTRE: 0.1 * number, AS_IT_IS: 0.0, TRAINED: 0.1 * number + 0.2, BEST: 1.0}
        for number in range(5)
    ]
    lines = {
        row["video"]: row for row in table(checkpoint, {}).summary([*rows, {"set": "x", "left out": "y"}])
    }
    assert lines["mean"][CENTRE] == pytest.approx(0.2)
    assert lines["mean, low"][CENTRE] < 0.2 < lines["mean, high"][CENTRE]
    # The difference is the same in each video.
    for name in ("above the centre", "above the centre, low", "above the centre, high"):
        assert lines[name][TRAINED] == pytest.approx(0.2)
        assert lines[name][CENTRE] == 0


@pytest.mark.parametrize(("seeds", "together"), [((1,), ()), ((1, 2), [["square1", "square2"]])])
def test_videos_of_one_place_are_too_few(seeds, together, checkpoint, tmp_path):
    with pytest.raises(InputError, match="others with gaze, of another place"):
        list(table(checkpoint, {"one": lambda: Squares(seeds)}, 1, together).rows(tmp_path, lambda *_: None))
