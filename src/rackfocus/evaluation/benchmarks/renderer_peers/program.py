"""Peers that are separate programs: each loads its inputs once, then renders on request.

The program's side is a short script, run by the program's own interpreter. It finds `job.json`, `picture.raw`
(RGBA) and `blur.raw` (0..1) in a folder and prints `READY`; for each line of input it renders and prints
`SECONDS <number>`; the picture is then in `out.raw` (RGBA).
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Float

from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory
from rackfocus.evaluation.benchmarks.renderer_peers.method import Picture, Run, Session

READY = "READY"
SECONDS = "SECONDS"


class ProgramError(RuntimeError):
    """The program ended or printed something unexpected."""


@contextmanager
def program_session(
    command: Sequence[str],
    linear: Picture,
    blur_px: Float[np.ndarray, "height width"],
    *,
    blur_channels: int,
    bottom_up: bool = False,
) -> Iterator[Session]:
    """Start the program with its inputs; it ends with the block.

    Args:
        command: to run its script; the folder of its inputs is appended.
        linear: the picture.
        blur_px: radius of each pixel's disk; stored relative to the largest, which is in `job.json`.
        blur_channels: 1 or 4, as the program needs.
        bottom_up: whether the program's first row is the lowest.
    """
    height, width = blur_px.shape
    radius = float(blur_px.max())
    blur = (blur_px / max(radius, np.finfo(np.float32).tiny)).astype(np.float32)
    order = slice(None, None, -1) if bottom_up else slice(None)
    with TemporaryDirectory(prefix="rackfocus-") as name:
        folder = Path(name)
        opaque = np.ones((height, width, 1), np.float32)
        np.concatenate([linear, opaque], axis=-1, dtype=np.float32)[order].tofile(folder / "picture.raw")
        np.repeat(blur[..., None], blur_channels, axis=-1)[order].tofile(folder / "blur.raw")
        job = {"width": width, "height": height, "radius": radius}
        (folder / "job.json").write_text(json.dumps(job))
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [*command, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            try:
                _answer(process, READY, folder)

                def render() -> Run:
                    assert process.stdin is not None
                    process.stdin.write("render\n")
                    process.stdin.flush()
                    seconds = float(_answer(process, SECONDS, folder))
                    pixels = np.fromfile(folder / "out.raw", np.float32).reshape(height, width, 4)
                    return Run(np.ascontiguousarray(pixels[order][..., :3]), seconds)

                yield Session(render, ProcessMemory(process.pid))
            finally:
                process.kill()
                process.communicate()


def _answer(process: "subprocess.Popen[str]", word: str, folder: Path) -> str:
    """The text after the word on the next line that begins with it."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line.removeprefix(word).strip()
    process.wait()
    last = (folder / "log").read_text().strip().splitlines()[-1:] or ["it said nothing"]
    raise ProgramError(f"the program stopped: {last[0]}")
