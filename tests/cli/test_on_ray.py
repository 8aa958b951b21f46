"""Ray: the same bytes as here, also if a node is lost; a sweep; and no cluster at all."""

import csv
import socket
import threading
import time
from pathlib import Path

import pytest
import torch

ray = pytest.importorskip("ray", reason="Ray (the extra `ray`) is not installed")

SMALL = ("checkpoint=net.safetensors", "codec.preset=veryfast", "network_size_px=32", "device=cpu")
VIDEOS = [f"v{number}.mp4" for number in range(8)]


TINY = (
    "experiment=demo", "model.base_width=4", "model.levels=3", "trainer.max_steps=2",
    "trainer.val_check_interval=2", "+trainer.limit_val_batches=1",
    "datamodule.view.shorter_side_px=[40,48]", "datamodule.view.crop_px=40",
)  # fmt: skip


def quiet(test):
    """Ray leaves files open, and warns of its own changes."""
    for about in ("FutureWarning", "ResourceWarning", "pytest.PytestUnraisableExceptionWarning"):
        test = pytest.mark.filterwarnings(f"ignore::{about}")(test)
    return pytest.mark.slow(test)


@pytest.fixture
def folder(tmp_path):
    import av
    import numpy as np

    (tmp_path / "in").mkdir()
    for number, name in enumerate(VIDEOS):
        with av.open(str(tmp_path / "in" / name), "w") as container:
            stream = container.add_stream("libx264", rate=24, options={"crf": "10"})
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for index in range(8):
                picture = np.full((48, 64, 3), 20 * number, np.uint8)
                picture[:, (index + np.arange(64)) // 4 % 2 == 0] = 220
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
    return tmp_path / "in"


@pytest.fixture
def cluster(monkeypatch):
    """A cluster of two nodes of one core each, the first of which has the head, and the second one."""
    monkeypatch.setenv("RAY_worker_niceness", "0")  # Otherwise they wait for all other tests.
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    yield cluster, second
    cluster.shutdown()


def report(folder):
    with Path(folder, "report.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@quiet
def test_a_node_that_is_lost(call, folder, cluster):
    cluster, second = cluster
    assert len(list(folder.iterdir())) == 8
    assert call("batch", "in", "local", *SMALL, "+batch.alone_in_this_process=true") == 0
    on_ray = ("batch=ray", f"batch.address={cluster.address}")
    killed = {}

    def kill():
        """End a node when two videos are done and both nodes make one: each is locked meanwhile."""
        while len(done := list(Path("out").glob("*.mp4"))) < 2 or len(list(Path("out").glob(".*.lock"))) < 2:
            if len(done) == len(VIDEOS):
                return
            time.sleep(0.005)
        killed["before"] = {path.name: path.stat().st_mtime_ns for path in Path("out").glob("*.mp4")}
        cluster.remove_node(second, allow_graceful=False)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    assert call("batch", "in", "out", *SMALL, *on_ray, "retries=3") == 0
    killer.join()
    rows = report("out")
    assert [row["video"] for row in rows] == VIDEOS
    assert {row["state"] for row in rows} == {"done"}
    assert killed, "both nodes never made a video at the same time"
    assert {row["attempts"] for row in rows} > {"1"}, "the node was lost after its last video"
    assert sorted(path.name for path in Path("out").iterdir() if not path.name.startswith(".")) == [
        "report.csv",
        "report.json",
        *VIDEOS,
    ]
    for name in VIDEOS:
        assert Path("out", name).read_bytes() == Path("local", name).read_bytes(), name
    assert 2 <= len(killed["before"]) < 8
    for name, made in killed["before"].items():
        assert Path("out", name).stat().st_mtime_ns == made, f"{name} was made twice"

    assert call("batch", "in", "out", *SMALL, *on_ray) == 0
    assert {row["state"] for row in report("out")} == {"unchanged"}

    pytest.importorskip("mitsuba", reason="Mitsuba (the extra `scenes`) is not installed")
    scene = ("train=3:4", "validation=null", "test=null", "clip=false", "width=24", "height=16")
    scene = (*scene, "samples_per_pixel=4", "variant=scalar_rgb")
    assert call("render-scenes", "folder=here", "workers=1", *scene) == 0
    assert call("render-scenes", "folder=there", *scene, *on_ray) == 0
    assert Path("here/SHA256SUMS").read_bytes() == Path("there/SHA256SUMS").read_bytes()


@quiet
def test_a_sweep_on_a_cluster_that_is_started_for_it(call, raytraced, monkeypatch, capfd):
    monkeypatch.setenv("RAY_worker_niceness", "0")
    sweep = ("train", "-m", "hydra/launcher=ray", f"data.root={raytraced}", *TINY, "hydra.sweep.dir=sweep")
    assert call(*sweep, "learning_rate=1e30,5e-4", "~hydra.callbacks.sweep_table") == 2
    failure = Path("sweep/0/error.txt").read_text().strip()
    assert "is not finite" in failure
    told = capfd.readouterr().out
    assert f"#0 failed: {failure}" in told
    assert "#1 has ended" in told
    assert torch.load("sweep/1/checkpoints/last.ckpt", weights_only=True)["global_step"] == 2
    assert Path("sweep/1/rgbd_hdr.safetensors").is_file()


def test_no_cluster_answers(call, folder, capfd):
    assert folder.is_dir()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        assert call("batch", "in", "out", *SMALL, "batch=ray", f"batch.address={address}") == 2
    told = capfd.readouterr().err
    assert told.startswith(f"rackfocus batch: No Ray cluster answers at {address} (")
    assert not Path("out/report.csv").exists()
