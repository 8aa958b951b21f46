"""How much faster two workers of a batch are than one, each with a core and a thread: writes speed_up.csv.

A run with one worker has one core, everything that it starts included. The machine should do nothing else.
"""

import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import ray.cluster_utils
from unit_costs import write_video

VIDEOS = 8
FRAMES = 24
"""Of each video of 1920x1080, of which so many are made."""
TIMES = 2
"""How often each way is measured, in turn with the others."""
BATCH = "from rackfocus.cli import main; main()"
FOCUS = ("focus.x=960", "focus.y=540", f"frames=0:{FRAMES}")


@contextmanager
def cores(number: int) -> Iterator[None]:
    """Let this process and all that it starts use so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:number])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def workers(way: str, number: int) -> Iterator[list[str]]:
    """The settings of so many workers; a cluster is there before the time counts."""
    if way == "local":
        yield [f"batch.workers={number}"]
        return
    node = {"num_cpus": number, "include_dashboard": False}
    cluster = ray.cluster_utils.Cluster(initialize_head=True, head_node_args=node)
    try:
        yield ["batch=ray", f"batch.address={cluster.address}"]
    finally:
        cluster.shutdown()


def measure(way: str, number: int, videos: Path, target: Path) -> dict[str, object]:
    """Make the results in a new folder: a row of the table."""
    with cores(number), workers(way, number) as settings:
        used, begin = _processor_s(), time.monotonic()
        command = [sys.executable, "-c", BATCH, "batch", str(videos), str(target), *FOCUS, *settings]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wall_s, processor_s = time.monotonic() - begin, _processor_s() - used
    # The workers of a cluster are not children of the command.
    spent = f"{processor_s:.1f}" if way == "local" else ""
    return {"way": way, "workers": number, "wall_s": f"{wall_s:.1f}", "processor_s": spent}


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, write the table, and print the speed-up."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        write_video(folder / "videos" / "0.mp4")
        for number in range(1, VIDEOS):
            (folder / "videos" / f"{number}.mp4").hardlink_to(folder / "videos" / "0.mp4")
        for time_, way, number in product(range(TIMES), ("local", "ray"), (1, 2)):
            rows.append(measure(way, number, folder / "videos", folder / f"{way} {number} {time_}"))
            print(rows[-1], flush=True)
        made = [
            [path.read_bytes() for path in sorted(each.glob("*.mp4"))]
            for each in folder.iterdir()
            if each.name != "videos"
        ]
        assert len(made[0]) == VIDEOS
        assert all(each == made[0] for each in made), "the results differ"
    with Path(__file__).with_name("speed_up.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    for way in ("local", "ray"):
        one, two = (
            statistics.median(
                float(str(row["wall_s"])) for row in rows if (row["way"], row["workers"]) == (way, number)
            )
            for number in (1, 2)
        )
        print(f"{way}: {one / two:.2f}")


if __name__ == "__main__":
    main()
