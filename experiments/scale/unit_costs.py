"""What a batch costs beside the pipelines themselves, in processor seconds: writes unit_costs.csv."""

import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from rackfocus.batch.parts import count_frames
from rackfocus.batch.video_job import VideoJob
from rackfocus.cli.batch import make_refocused
from rackfocus.cli.configs.files import config_folder
from rackfocus.video import open_video

FRAMES = 96
START = "import rackfocus.cli.batch, rackfocus; rackfocus.load_model()"


def processor_s(work: Callable[[], object], times: int) -> float:
    """The processor time of a call, its child processes included."""
    begin = _used()
    for _ in range(times):
        work()
    return (_used() - begin) / times


def _used() -> float:
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def write_video(path: Path) -> None:
    """1920x1080, moving, H.264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        noise = np.random.default_rng(0).integers(0, 255, (1080, 1920 + FRAMES, 3), np.uint8)
        for frame in range(FRAMES):
            picture = np.ascontiguousarray(noise[:, frame : frame + 1920] // 4 + 64)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def skip_frames(path: Path) -> None:
    """Decode all frames and drop them, as a part does with those before it."""
    with open_video(path) as reader:
        for _ in reader.coded():
            pass


def main() -> None:
    """Measure, and write the table."""
    costs: dict[str, float] = {}
    costs["start of a worker"] = processor_s(
        lambda: subprocess.run([sys.executable, "-c", START], check=True), 2
    )
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "a.mp4"
        write_video(video)
        costs["counting the frames of a video"] = processor_s(lambda: count_frames(video), 5)
        costs["a frame skipped before a part"] = processor_s(lambda: skip_frames(video), 2) / FRAMES
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            names = ["source=a", "target=b"]
            costs["composing the settings of a row"] = processor_s(lambda: compose("refocus", names), 3)
            settings = OmegaConf.to_container(compose("refocus", names), resolve=True)
        assert isinstance(settings, dict)
        note, plain = Path(folder) / "note", {str(key): value for key, value in settings.items()}
        job = VideoJob("a", 1, video, video, plain, make_refocused, note)
        note.write_text('{"job": "", "files": []}')
        costs["looking whether a video is done"] = processor_s(job.is_done, 200)
    with Path(__file__).with_name("unit_costs.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["what", "processor_s"])
        table.writerows((what, f"{cost:.6f}") for what, cost in costs.items())


if __name__ == "__main__":
    begin = time.monotonic()
    main()
    print(f"{time.monotonic() - begin:.0f} s")
