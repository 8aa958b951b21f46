"""Jobs that only write files: in one process and in several."""

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from rackfocus.jobs.ray_cluster import RayCluster
from rackfocus.jobs.run_jobs import run_jobs
from rackfocus.types import InputError


@dataclass(frozen=True)
class Job:
    folder: Path
    number: int
    fails: str = ""
    steps: int = 2

    @property
    def name(self) -> str:
        return f"job/{self.number}"

    def is_done(self) -> bool:
        return (self.folder / str(self.number)).is_file()

    def run(self, report) -> None:
        if self.fails == "input":
            raise InputError("the setting is wrong.")
        if self.fails == "crash":
            raise ZeroDivisionError("by nought")
        if self.fails == "killed":
            os._exit(9)
        report(1)
        time.sleep(0.01)
        (self.folder / str(self.number)).write_text(str(os.getpid()))
        report(2)


# A process takes seconds to start.
WORKERS = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])


@WORKERS
def test_all_jobs_are_done_and_those_done_are_left(tmp_path, workers):
    (tmp_path / "1").write_text("before")
    seen = []
    jobs = [Job(tmp_path, number) for number in range(4)]
    run_jobs(jobs, workers=workers, progress=lambda *step: seen.append(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3"]
    assert (tmp_path / "1").read_text() == "before"
    assert seen[0] == ("job/1", 2, 8)
    assert [done for _, done, _ in seen] == [2, 3, 4, 5, 6, 7, 8]
    here = {(tmp_path / name).read_text() == str(os.getpid()) for name in "023"}
    assert here == {workers == 1}


def test_one_that_fails_is_named_and_the_others_are_done(tmp_path):
    jobs = [Job(tmp_path, 0, fails="crash"), Job(tmp_path, 1), Job(tmp_path, 2)]
    with pytest.raises(InputError, match=r"1 of 3 failed: job/0 .*ZeroDivisionError: by nought"):
        run_jobs(jobs, workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


def test_two_of_several_processes_fail_and_the_others_are_done(tmp_path):
    (tmp_path / "4").write_text("before")
    seen = []
    fails = ("crash", "killed", "", "", "")
    jobs = [Job(tmp_path, number, fails=each) for number, each in enumerate(fails)]
    with pytest.raises(InputError) as raised:
        run_jobs(jobs, workers=2, progress=lambda *step: seen.append(step))
    assert "2 of 5 failed: " in str(raised.value)
    assert "job/0 (ZeroDivisionError: by nought)" in str(raised.value)
    assert re.search(r"job/1 \(.* code 9\)", str(raised.value))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3", "4"]
    assert (tmp_path / "4").read_text() == "before"
    assert [done for _, done, _ in seen] == [2, 3, 4, 5, 6]
    assert str(os.getpid()) not in {(tmp_path / name).read_text() for name in "23"}


@WORKERS
def test_a_wrong_setting_is_told_as_it_is(tmp_path, workers):
    with pytest.raises(InputError, match=r"^the setting is wrong\.$"):
        run_jobs([Job(tmp_path, number, fails="input") for number in range(3)], workers=workers)


def test_workers_must_be_positive():
    with pytest.raises(InputError, match="workers"):
        run_jobs([], workers=0)


@pytest.mark.parametrize("setting", [{"cpus": 0}, {"gpus": -0.5}, {"gpus": 1.5}])
def test_the_share_of_a_node_must_be_one_that_ray_gives(setting):
    with pytest.raises(InputError, match=next(iter(setting))):
        RayCluster(**setting)
