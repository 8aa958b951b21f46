"""Estimates that wait on disk: what is rounded, to what, and where a job goes on."""

import contextlib

import pytest
import torch

from rackfocus import InputError
from rackfocus.pipelines.kept_estimates import STEPS, KeptEstimates

SIZE = (6, 4)


def maps(seed):
    generator = torch.Generator().manual_seed(seed)
    disparity = torch.randint(-400, 400, (1, 4, 6), generator=generator) * STEPS["disparity"]
    return disparity.half(), torch.rand(3, 4, 6, generator=generator).half() / 10


def kept(folder, job="a job"):
    return KeptEstimates(folder / "out.mp4", SIZE, job)


def test_maps_come_back_and_the_folder_goes(tmp_path):
    with kept(tmp_path) as store:
        for seed in range(3):
            store.append(*maps(seed))
        assert store.frame_range == range(3)
        for seed in range(3):
            disparity, log_exposure = maps(seed)
            assert torch.equal(store.disparity(seed), disparity.float())
            assert (store.log_exposure(seed) - log_exposure).abs().max() <= STEPS["log_exposure"] * 0.501
    assert list(tmp_path.iterdir()) == []


def left(folder, frames, job="a job"):
    """A store that was left by an error."""
    with contextlib.suppress(KeyError), kept(folder, job) as store:
        for seed in range(frames):
            store.append(*maps(seed))
        raise KeyError
    return folder / store.path.name


def test_the_same_job_goes_on_and_another_begins_anew(tmp_path):
    path = left(tmp_path, 2)
    (path / "disparity" / "c.2.0.0.0.partial").touch()
    with contextlib.suppress(KeyError), kept(tmp_path) as store:
        assert store.frame_range == range(2)
        assert torch.equal(store.disparity(1), maps(1)[0].float())
        store.append(*maps(2))
        raise KeyError
    with contextlib.suppress(KeyError), kept(tmp_path) as store:
        assert store.frame_range == range(3)
        raise KeyError
    with kept(tmp_path, "another job") as store:
        assert store.frame_range == range(0)
    assert list(tmp_path.iterdir()) == []


def test_a_frame_of_which_one_half_is_there_is_estimated_again(tmp_path):
    path = left(tmp_path, 2)
    (path / "log_exposure" / "c.1.0.0.0").unlink()
    with kept(tmp_path) as store:
        assert store.frame_range == range(1)


def damage(chunk):
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")


def test_what_lies_behind_a_damaged_frame_is_estimated_again(tmp_path):
    damage(left(tmp_path, 3) / "log_exposure" / "c.1.0.0.0")
    with kept(tmp_path) as store:
        assert store.frame_range == range(1)


def test_nothing_is_left_where_no_frame_was_estimated(tmp_path):
    left(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


def test_what_goes_wrong_is_one_sentence(tmp_path):
    disparity, log_exposure = maps(0)
    with kept(tmp_path) as store, pytest.raises(InputError, match="no numbers for frame 0"):
        store.append(disparity * torch.nan, log_exposure)
    with kept(tmp_path) as store:
        store.append(*maps(0))
        damage(store.path / "disparity" / "c.0.0.0.0")
        with pytest.raises(InputError, match="is damaged; remove it"):
            store.disparity(0)
    store.path.touch()
    with pytest.raises(InputError, match="cannot be written after 0 frames"), kept(tmp_path):
        pass
