"""Hours and costs of large jobs by the number of workers, from measured unit costs: writes study.csv.

A worker is a machine as that of `experiments/refocus`: two cores, 1080p at 24 frames a second.
"""

import csv
from pathlib import Path

HERE = Path(__file__).parent
CORES, FPS = 2, 24
VIDEO_S = 300
"""The length of a video, where there are many."""
PART_FRAMES = 4800
EURO_AN_HOUR = 0.05
"""The price of a machine of two cores: an assumption, by which all costs are multiplied."""
STEP_S = 1.36
"""A training step of one sample on such a machine: experiments/rgbd_hdr."""
SAMPLES = 150_000
"""The steps of the paper, each of one sample of Flower or the triplets."""
SAMPLE_S = 0.123
"""Processor time to load a sample: experiments/loading, `prepared_views`."""
GRADIENT_BYTES = 4 * 4 * 7_862_588
"""Single precision, base width 32: four times the weights of `rgbd-hdr-apertures`, whose width is 16."""
BYTES_A_SECOND = 125e6
"""Of the network between the machines, 1 Gbit/s: an assumption."""


def read(path: Path, name: str, column: str) -> dict[str, float]:
    """A column of numbers by the column of names, of the defaults."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row[name]: float(row[column]) for row in rows if row.get("way") != "quality=fast"}


def refocusing(what: str, videos: int, frames: int, workers: int) -> dict[str, object]:
    """Refocusing so many videos of so many frames."""
    frame_s = read(HERE.parent / "refocus" / "refocus.csv", "stage", "wall_s")["as `refocus` does it"]
    unit = read(HERE / "unit_costs.csv", "what", "processor_s")
    begins = range(0, frames, PART_FRAMES)
    skip_s = unit["a frame skipped before a part"] / CORES
    parts_s = frames * frame_s + sum(begins) * skip_s
    join_s = frames * skip_s
    # One process counts the frames of each video and looks whether it is done, before the first job begins.
    alone_s = videos * (unit["counting the frames of a video"] + unit["looking whether a video is done"])
    start_s = unit["start of a worker"] / CORES
    spent_s = (
        alone_s
        + start_s
        + videos * parts_s / min(workers, videos * len(begins))
        + videos * join_s / min(workers, videos)
    )
    return _row(what, workers, spent_s, videos * frames * frame_s / spent_s, alone_s)


def training(workers: int) -> dict[str, object]:
    """So many samples, a step of one sample a worker, whose gradients are exchanged by a ring."""
    exchange_s = 2 * (workers - 1) / workers * GRADIENT_BYTES / BYTES_A_SECOND
    spent_s = SAMPLES / workers * (STEP_S + SAMPLE_S / CORES + exchange_s)
    return _row(
        f"train on {SAMPLES} samples", workers, spent_s, SAMPLES * (STEP_S + SAMPLE_S / CORES) / spent_s, 0.0
    )


def _row(what: str, workers: int, spent_s: float, speed_up: float, alone_s: float) -> dict[str, object]:
    hours = spent_s / 3600
    return {
        "what": what,
        "workers": workers,
        "hours": f"{hours:.4g}",
        "machine_hours": f"{hours * workers:.4g}",
        "euro": f"{hours * workers * EURO_AN_HOUR:.4g}",
        "speed_up": f"{speed_up:.4g}",
        "hours_of_one_process": f"{alone_s / 3600:.4g}",
    }


def main() -> None:
    """Write the table."""
    rows = [
        refocusing(f"refocus {hours} h", hours * 3600 // VIDEO_S, VIDEO_S * FPS, workers)
        for hours in (1000, 1_000_000)
        for workers in (1, 10, 100, 1000, 10_000)
    ]
    rows += [refocusing("refocus a video of 2 h", 1, 7200 * FPS, workers) for workers in (1, 10, 36, 100)]
    rows += [training(workers) for workers in (1, 2, 4, 8, 32)]
    with (HERE / "study.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
