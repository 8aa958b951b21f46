"""ffmpeg's `varblur`, by PyAV: a box blur whose size at each pixel is given by a second picture."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext

from rackfocus.evaluation.benchmarks.renderer_peers.memory import ProcessMemory
from rackfocus.evaluation.benchmarks.renderer_peers.method import DisparityMap, Picture, Run, Session

CEILING = 16.0
"""Largest radiance; brighter light is clipped, because the filter uses 16-bit integers."""

BOX_FOR_DISK = math.sqrt(3) / 2
"""Half width of the box with the same variance as a disk of radius 1."""

SHARP_PX = 0.5
"""Pixels blurred by less are left sharp: the filter's smallest box is two pixels wide."""

_CODES = 65535
_STEPS = 4
"""The filter's half width is `1 + _STEPS * max_r * code / _CODES` pixels."""


def missing() -> str | None:
    """Why it cannot run. `None`: it can."""
    if "varblur" not in av.filter.filters_available:
        return "PyAV was built without ffmpeg's varblur."
    return None


@contextmanager
def opened(linear: Picture, disparity: DisparityMap) -> Iterator[Session]:
    """Inputs as 16-bit frames; the time is that of the filter."""
    half_width = np.maximum(BOX_FOR_DISK * np.abs(disparity), 1)
    max_r = max(1, math.ceil((float(half_width.max()) - 1) / _STEPS))
    codes = np.round((half_width - 1) / (_STEPS * max_r) * _CODES).astype(np.uint16)
    ceiling = min(CEILING, max(1.0, float(linear.max())))
    colours = np.round(np.clip(linear / ceiling, 0, 1) * _CODES).astype(np.uint16)
    sharp = (np.abs(disparity) < SHARP_PX)[..., None]

    def render() -> Run:
        # The filter may overwrite its input, so each run has new frames.
        frame = _frame(colours)
        radii = _frame(np.repeat(codes[..., None], 3, axis=-1))
        graph, sources, sink = _graph(disparity.shape, max_r)
        start = perf_counter()
        for source, each in zip(sources, (frame, radii), strict=True):
            source.push(each)
            source.push(None)
        blurred = sink.pull()
        seconds = perf_counter() - start
        del graph
        assert isinstance(blurred, av.VideoFrame)
        picture = blurred.to_ndarray().astype(np.float32) * (ceiling / _CODES)
        return Run(np.where(sharp, linear, picture), seconds)

    yield Session(render, ProcessMemory(os.getpid()))


def _frame(pixels: np.ndarray) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(pixels, format="gbrp16le")
    frame.pts = 0
    return frame


def _graph(
    shape: tuple[int, ...], max_r: int
) -> tuple[Graph, tuple[FilterContext, FilterContext], FilterContext]:
    """A filter graph of two buffers, the filter and a sink. The graph must outlive its parts."""
    height, width = shape
    graph = Graph()
    about = f"video_size={width}x{height}:pix_fmt=gbrp16le:time_base=1/1:pixel_aspect=1/1"
    picture, radii = graph.add("buffer", about), graph.add("buffer", about)
    blur, sink = graph.add("varblur", f"max_r={max_r}"), graph.add("buffersink")
    picture.link_to(blur, 0, 0)
    radii.link_to(blur, 0, 1)
    blur.link_to(sink)
    graph.configure()
    return graph, (picture, radii), sink
