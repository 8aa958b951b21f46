"""What a job of a Ray cluster is given, and how it is told that its worker was lost."""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from rackfocus.jobs.ray_cluster import RayCluster
from rackfocus.types import InputError

ray = pytest.importorskip("ray", reason="Ray (the extra `ray`) is not installed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass(frozen=True)
class Job:
    """Writes what it was given, or is lost."""

    name: str
    folder: Path
    ends: str = ""
    steps: int = 1

    def is_done(self):
        return False

    def run(self, report):  # noqa: ARG002
        if self.ends == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        while self.ends == "never":
            time.sleep(0.1)
        given = ray.get_runtime_context().get_assigned_resources()
        (self.folder / self.name).write_text(json.dumps({"pid": os.getpid(), **given}))


@pytest.fixture
def cluster(monkeypatch):
    """Starts a cluster of a node with these settings; a GPU that it names is not looked for."""
    monkeypatch.setenv("RAY_worker_niceness", "0")
    from ray.cluster_utils import Cluster

    begun = []

    def start(**settings):
        begun.append(Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **settings}))
        return begun[-1].address

    yield start
    for each in begun:
        each.shutdown()


def run(address, jobs, **settings):
    return {job.name: problem for job, problem in RayCluster(address, **settings).outcomes(jobs, print)}


def test_two_jobs_share_a_gpu_and_one_that_is_killed_is_told(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = cluster(num_cpus=2, num_gpus=1)
    jobs = [Job("a", tmp_path), Job("killed", tmp_path, "killed"), Job("b", tmp_path)]
    problems = run(address, jobs, gpus=0.5)
    assert (problems["a"], problems["b"]) == (None, None)
    assert problems["killed"].sentence.startswith("its worker was lost (")
    assert not problems["killed"].is_input
    for name in ("a", "b"):
        given = json.loads((tmp_path / name).read_text())
        assert (given["CPU"], given["GPU"]) == (1, 0.5)
    with pytest.raises(InputError, match="No node of the cluster has 1 cores and 2 GPUs for a job"):
        run(address, jobs, gpus=2)


def test_a_worker_for_which_memory_does_not_suffice_is_told(cluster, tmp_path, monkeypatch):
    """The node takes its memory for full, whatever there is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAY_memory_usage_threshold", "0.001")
    address = cluster(num_cpus=1)
    (problem,) = run(address, [Job("a", tmp_path, "never")]).values()
    assert problem.sentence == "its process was killed by Ray, because the memory of its node did not suffice"
    assert not problem.is_input
