"""Blender's Defocus node, which gathers a disk around each pixel.

The node gets `|D|` as a radius in pixels ("no Z-buffer"), a round bokeh, no gamma correction, and Blender's
default threshold. Its time is that of compositing with the node minus that of compositing without it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rackfocus.evaluation.benchmarks.renderer_peers.method import DisparityMap, Picture, Session
from rackfocus.evaluation.benchmarks.renderer_peers.program import program_session

MISSING_PX = 0.25
"""Correction of its disks, which are too small: the value with the best PSNR on the test scenes."""


def missing() -> str | None:
    """Why it cannot run. `None`: it can."""
    if shutil.which("blender") is None:
        return "Blender is not installed (Debian: apt-get install blender)."
    return None


@contextmanager
def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
    """A compositor with its inputs loaded as images."""
    script = Path(__file__).with_name("blender_program.py")
    command = ["blender", "--background", "--factory-startup", "-noaudio", "--python", str(script), "--"]
    blur_px = np.abs(disparity) + MISSING_PX
    with program_session(command, linear, blur_px, blur_channels=4, bottom_up=True) as session:
        yield session
