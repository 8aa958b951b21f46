"""Every video comes to an end, good or bad; what was done is not done again."""

import csv
import dataclasses
import json
import os
import signal
from pathlib import Path

import pytest

from rackfocus.batch import run as run_module
from rackfocus.batch.manifest import Entry
from rackfocus.batch.report import Result, State, write_report
from rackfocus.batch.run import VideoWork, run_batch
from rackfocus.batch.video_job import VideoJob
from rackfocus.jobs.job import Problem
from rackfocus.jobs.local import LocalWorkers
from rackfocus.types import BusyOutput, InputError

HERE = LocalWorkers(1, alone_in_this_process=True)


def copied(settings, report):
    """A pipeline: what it is told to do, after a line in a log."""
    log = Path(settings["source"]).with_name(".log")
    with log.open("a") as file:
        file.write(f"{settings['name']} ")
    tries = log.read_text().split().count(settings["name"])
    if settings["does"] == "broken":
        raise InputError("a.mp4 is damaged.")
    if settings["does"] == "buggy":
        raise ZeroDivisionError("by nought")
    if settings["does"] == "busy once" and tries == 1:
        raise BusyOutput("a is being written by another run.")
    if settings["does"] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    report(2)
    if settings["target"]:
        Path(settings["target"]).write_text(Path(settings["source"]).read_text() + settings["tail"])


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(run_module, "PAUSE_S", 0)


@pytest.fixture
def video(tmp_path):
    def video(name, does="", *, parts=(), tail="!", **more):
        source, target = tmp_path / name, tmp_path / "out" / name
        if not source.exists():
            source.write_text(name)
        settings = {"source": str(source), "target": str(target), "does": does, "name": name, "tail": tail}
        settings |= more
        note = tmp_path / "out" / ".notes" / f"{name}.json"
        whole = VideoJob(name, 2, source, target, settings, copied, note)
        pieces = []
        for part, how in parts:
            told = settings | {"name": f"{name}:{part}", "does": how, "target": ""}
            pieces.append(VideoJob(told["name"], 3, source, target, told, copied, None))
        return VideoWork(Entry(name, source, target), whole, 2, tuple(pieces))

    return video


def log(tmp_path):
    """What ran, since the last time."""
    path = tmp_path / ".log"
    text = path.read_text() if path.exists() else ""
    path.unlink(missing_ok=True)
    return text.split()


def states(results):
    return [(each.video, each.state.value, each.attempts, each.reason) for each in results]


def test_what_fails_does_not_stop_the_others_and_is_tried_again_if_that_may_help(tmp_path, video):
    work = [video("a", "broken"), video("b", "buggy"), video("c"), video("d", "busy once")]
    told = []
    results = run_batch(work, HERE, retries=2, progress=lambda *call: told.append(call))
    assert states(results) == [
        ("a", "failed", 1, "a.mp4 is damaged."),
        ("b", "failed", 3, "ZeroDivisionError: by nought"),
        ("c", "done", 1, ""),
        ("d", "done", 2, ""),
    ]
    assert log(tmp_path) == ["a", "b", "c", "d", "b", "d", "b"]
    assert told == [(2, 8), (4, 8)]
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_file()] in (["c", "d"], ["d", "c"])
    assert all(each.seconds is not None for each in results[2:])


def test_a_result_stays_if_it_was_made_of_the_same_with_the_same_settings(tmp_path, video):
    lens = tmp_path / "lens"
    lens.write_text("round")
    again = [video("a", lens=str(lens)), video("b")]
    run_batch(again, HERE, retries=0)
    log(tmp_path)
    results = run_batch(again, HERE, retries=0)
    assert states(results) == [("a", "unchanged", 0, ""), ("b", "unchanged", 0, "")]
    assert log(tmp_path) == []

    def ran():
        run_batch([video("a", lens=str(lens)), video("b")], HERE, retries=0)
        return log(tmp_path)

    lens.write_text("square")
    assert ran() == ["a"]
    (tmp_path / "b").write_text("another")
    assert ran() == ["b"]
    (tmp_path / "out" / "b").write_text("edited")
    assert ran() == ["b"]
    (tmp_path / "out" / ".notes" / "a.json").write_text("{}")
    assert ran() == ["a"]
    assert ran() == []
    assert states(run_batch([video("b", tail="?")], HERE, retries=0)) == [("b", "done", 1, "")]
    assert (tmp_path / "out" / "b").read_text() == "another?"


def test_parts_come_before_the_whole_and_one_that_fails_is_made_with_it(tmp_path, video):
    work = [video("a", parts=[("0", ""), ("48", "buggy")]), video("b")]
    told = []
    results = run_batch(work, HERE, retries=1, progress=lambda *call: told.append(call))
    assert log(tmp_path) == ["a:0", "a:48", "b", "a:48", "a"]
    assert states(results) == [("a", "done", 1, ""), ("b", "done", 1, "")]
    assert told[-1] == (7, 10)
    assert states(run_batch(work, HERE, retries=1)) == [("a", "unchanged", 0, ""), ("b", "unchanged", 0, "")]
    assert log(tmp_path) == []


@pytest.mark.slow
def test_a_process_that_is_killed_is_told_for_its_video(video):
    work = [video("a", "killed"), video("b")]
    results = run_batch(work, LocalWorkers(1), retries=1)
    killed = "its process was killed, as the system does when memory does not suffice"
    assert states(results) == [("a", "failed", 2, killed), ("b", "done", 1, "")]


@dataclasses.dataclass
class Lost:
    """Workers of a cluster that answers `rounds` times."""

    rounds: int

    def outcomes(self, jobs, report):  # noqa: ARG002
        self.rounds -= 1
        if self.rounds < 0:
            raise InputError("No cluster answers.")
        for job in jobs:
            yield job, Problem("its worker was lost")


def test_workers_that_cannot_start_and_those_lost_later(video):
    with pytest.raises(InputError, match="No cluster answers"):
        run_batch([video("a")], Lost(0), retries=2)
    assert states(run_batch([video("a")], Lost(1), retries=1)) == [("a", "failed", 2, "No cluster answers.")]
    with pytest.raises(InputError, match="retries must be 0 or more, and is -1"):
        run_batch([], Lost(1), retries=-1)


def test_the_report(tmp_path):
    results = [
        Result("a.mp4", "out/a.mp4", State.DONE, 1, 8, 0.5, ""),
        Result("ü,.mp4", "out/ü,.mp4", State.FAILED, 3, None, None, "it is damaged, so mend it."),
    ]
    write_report(tmp_path, results)
    content = json.loads((tmp_path / "report.json").read_text())
    videos = content.pop("videos")
    assert content == {"format": "rackfocus.batch", "version": 1, "done": 1, "unchanged": 0, "failed": 1}
    assert videos == [dataclasses.asdict(each) for each in results]
    with (tmp_path / "report.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["video"], row["state"], row["frames"], row["reason"]) for row in rows] == [
        ("a.mp4", "done", "8", ""),
        ("ü,.mp4", "failed", "", "it is damaged, so mend it."),
    ]
