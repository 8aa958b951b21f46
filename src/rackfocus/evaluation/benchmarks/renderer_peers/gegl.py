"""GEGL's `gegl:lens-blur`, by its Python bindings: disks scattered as spans, without depth order.

The map is the radius over its maximum (a linear mask); the filter's radius is that maximum. The bindings are
installed for the system's Python (Debian: python3-gi, gir1.2-gegl-0.4), so the graph runs in a separate
process; the time is that of the graph from buffer to buffer.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from rackfocus.evaluation.benchmarks.renderer_peers.method import DisparityMap, Picture, Session
from rackfocus.evaluation.benchmarks.renderer_peers.program import program_session

ADDED_PX = 0.5
"""The amount that the filter adds to each radius, which is subtracted from the map."""

_PROBE = "import gi; gi.require_version('Gegl', '0.4'); from gi.repository import Gegl"


@cache
def _interpreter() -> str | None:
    """A Python with the bindings: the system's, regardless of the path."""
    for place in (None, os.defpath):
        python = shutil.which("python3", path=place)
        if python is not None and not subprocess.run([python, "-c", _PROBE], capture_output=True).returncode:
            return python
    return None


def missing() -> str | None:
    """Why it cannot run. `None`: it can."""
    if _interpreter() is None:
        return "GEGL is not installed (Debian: apt-get install python3-gi gir1.2-gegl-0.4)."
    return None


@contextmanager
def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
    """A graph with its inputs in buffers."""
    python = _interpreter()
    assert python is not None, missing()
    script = Path(__file__).with_name("gegl_program.py")
    blur_px = np.maximum(np.abs(disparity) - ADDED_PX, 0)
    with program_session([python, str(script)], linear, blur_px, blur_channels=1) as session:
        yield session
