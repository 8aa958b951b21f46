import json

import pytest
import torch

from rackfocus.data.gaze.cached_dataset import CachedDataset
from rackfocus.data.gaze.focus_clip import Sampling
from rackfocus.data.gaze.focus_event_windows import FocusEventWindows
from rackfocus.types import InputError


@pytest.fixture(scope="module")
def root(tmp_path_factory, write_event_clip):
    root = tmp_path_factory.mktemp("events")
    write_event_clip(root, "acts_0001")
    write_event_clip(root, "enters_0002", frames=12, events=(5,))
    (root / "clips" / ".acts_0003.partial").mkdir()
    return root


def test_the_region_is_on_the_person_of_the_latest_event(root):
    clip = FocusEventWindows(root, Sampling(30, 30), kind="acts", longer_side_px=48)[0]
    assert clip.name == "acts_0001/000000"
    assert clip.frames.shape == (30, 3, 32, 48)
    assert [(target.t, target.x, target.y) for target in clip.targets] == [(10, 24, 17), (20, 40, 17)]
    torch.testing.assert_close(clip.focus_regions.sum((1, 2, 3)), torch.ones(30))
    columns = clip.focus_regions[:, 0].sum(1).argmax(1).tolist()
    # The boxes are eight pixels wide, so their centre is between two.
    assert columns == [7] * 10 + [23] * 10 + [39] * 10 or columns == [8] * 10 + [24] * 10 + [40] * 10
    assert clip.focus_regions[0, 0].sum(0)[3:12].sum() > 0.9


def test_windows_and_sizes(root):
    clips = FocusEventWindows(root, Sampling(10, 10), longer_side_px=24)
    assert [clip.name for clip in (clips[0], clips[2], clips[3], clips[4])] == [
        "acts_0001/000000", "acts_0001/000020", "enters_0002/000000", "enters_0002/000002",
    ]  # fmt: skip
    assert clips[1].frames.shape == (10, 3, 16, 24)
    (target,) = clips[1].targets
    assert (target.t, target.x, target.y) == pytest.approx((0, 11.75, 8.25))
    assert clips[2].targets[0].t == 0


def test_who_is_not_to_be_seen_has_no_region(tmp_path, write_event_clip):
    folder = write_event_clip(tmp_path, "acts_0001")
    about = json.loads((folder / "clip.json").read_text())
    del about["frames"][12]["people"]["second"]
    (folder / "clip.json").write_text(json.dumps(about))
    clip = FocusEventWindows(tmp_path, Sampling(30, 30))[0]
    assert clip.focus_regions.sum((1, 2, 3)).round().tolist() == [1.0] * 12 + [0.0] + [1.0] * 17


def test_seeds_choose_clips(root):
    assert len(FocusEventWindows(root, Sampling(30, 30), seeds=(2, 9))) == 1
    with pytest.raises(InputError, match="no clip of the seeds"):
        FocusEventWindows(root, Sampling(30, 30), seeds=(7, 9))


def test_a_spoilt_description_is_one_sentence(tmp_path, write_event_clip):
    folder = write_event_clip(tmp_path, "acts_0001")
    (folder / "clip.json").write_text('{"frames": []}')
    with pytest.raises(InputError, match="cannot be read as a clip with focus events"):
        FocusEventWindows(tmp_path, Sampling(30, 30))[0]


def test_what_is_remembered_is_read_once(root, monkeypatch):
    clips = CachedDataset(FocusEventWindows(root, Sampling(30, 30)))
    first = clips[0]
    monkeypatch.setattr(FocusEventWindows, "__getitem__", None)
    again = clips[0]
    assert torch.equal(first.frames, again.frames)
    assert first.targets == again.targets
    assert len(clips) == 2
