"""Blender's Defocus node: a disk gathered over the neighbourhood of each pixel.

The node gets `|D|` as a radius in pixels ("no Z-buffer"), a round bokeh, no gamma correction, and Blender's
own threshold. Its time is that of compositing with the node less that of compositing without it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rackfocus.evaluation.benchmarks.renderer_peers.method import DisparityMap, Picture, Session
from rackfocus.evaluation.benchmarks.renderer_peers.program import program_session

MISSING_PX = 0.25
"""By how much its disks come out too small: what gives the best PSNR on the test scenes."""


def missing() -> str | None:
    """Why it cannot run."""
    if shutil.which("blender") is None:
        return "Blender is not installed (Debian: apt-get install blender)."
    return None


@contextmanager
def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
    """A compositor with its inputs as images."""
    script = Path(__file__).with_name("blender_program.py")
    command = ["blender", "--background", "--factory-startup", "-noaudio", "--python", str(script), "--"]
    blur_px = np.abs(disparity) + MISSING_PX
    with program_session(command, linear, blur_px, blur_channels=4, bottom_up=True) as session:
        yield session
