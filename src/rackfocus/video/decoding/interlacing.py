"""Interlaced pictures: two fields, of two moments, in one picture. Found by their tags or their look."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import av
import numpy as np
from av.filter import Graph

INTERLACED = ("deinterlace", "refuse")
"""What happens to interlaced video."""

TAGGED = "auto"
LOOKED_AT = 24
"""Untagged video is judged by so many of its first pictures."""
SMALL, LARGE = 576, (1080, 1088)
"""Rows of formats that were ever interlaced: up to 576, and 1080, which some codecs pad to 1088."""

FEWEST = 5
"""Fewer pictures are too few to judge."""
CLEARLY = 3
"""So many progressive pictures, and none other, settle it."""
MOVING = 12
"""Pixels that differ by more than this, of 255, from the picture before are moving."""
COMBED = 0.85
"""Interlaced if moving rows differ from their neighbours more than this times as much as from the neighbours
in their field. It is 0.35 to 0.75 in progressive video, test patterns included, and from 0.95 where fields
move apart."""

What = TypeVar("What")


def field_order(pictures: Iterable[av.VideoFrame]) -> str | None:
    """Whether video is interlaced: by its tags, or else by the look of its first pictures.

    Args:
        pictures: from the first on; no more than `LOOKED_AT` are taken.

    Returns:
        The parity for FFmpeg's `bwdif`: `auto` for tagged pictures; `tff` or `bff`, the top or bottom field
        first, for untagged ones that look interlaced. `None`: progressive.
    """
    looks: Counter[str] = Counter()
    combing: list[tuple[float, float]] = []
    detector: Graph | None = None
    before: av.VideoFrame | None = None
    for _, picture in zip(range(LOOKED_AT), pictures, strict=False):
        if picture.interlaced_frame:
            return TAGGED
        if picture.height % 2 or not (8 <= picture.height <= SMALL or picture.height in LARGE):
            return None
        if detector is None or before is None:
            detector = _graph(picture, "idet", "")
        elif not _same_kind(before, picture):
            break
        elif looks["tff"] or looks["bff"]:
            combing.append(_combing(before, picture))
        elif looks["progressive"] >= CLEARLY:
            return None
        for judged in _through(detector, picture):
            looks[judged.metadata.get("lavfi.idet.multiple.current_frame", "")] += 1
        before = picture
    order = "tff" if looks["tff"] > looks["bff"] else "bff"
    # Still pictures are undetermined, and fine stripes that move may look interlaced to one of the two tests.
    by_fields = looks.total() >= FEWEST and 2 * looks[order] > looks.total()
    adjacent, within_field = np.sum(combing, axis=0) if combing else (0.0, 0.0)
    return order if by_fields and adjacent > COMBED * within_field else None


def _combing(before: av.VideoFrame, picture: av.VideoFrame) -> tuple[float, float]:
    """How much moving rows differ from their neighbours, and from the neighbours in their own field."""
    grey = (each.reformat(format="gray", threads=1).to_ndarray() for each in (before, picture))
    old, new = (each.astype(np.int16) for each in grey)
    moving = (np.abs(new - old) > MOVING)[2:-2]
    rows = new[2:-2]
    adjacent, within_field = (new[1:-3] + new[3:-1]) // 2, (new[:-4] + new[4:]) // 2
    return float(np.abs(rows - adjacent)[moving].sum()), float(np.abs(rows - within_field)[moving].sum())


def deinterlaced(
    pictures: Iterable[tuple[What, av.VideoFrame]], order: str
) -> Iterator[tuple[What, av.VideoFrame]]:
    """Pictures with full rows of one moment, by FFmpeg's `bwdif`; as many as come in.

    Args:
        pictures: in display order, each with anything that belongs to it.
        order: from `field_order`. Of tagged video only pictures that are tagged themselves are changed.
    """
    which = "interlaced" if order == TAGGED else "all"
    waiting: deque[What] = deque()
    graph: Graph | None = None
    before: av.VideoFrame | None = None
    for about, picture in pictures:
        if graph is not None and before is not None and not _same_kind(before, picture):
            for done in _through(graph, None):
                yield waiting.popleft(), done
            graph = None
        if graph is None:
            graph = _graph(picture, "bwdif", f"mode=send_frame:parity={order}:deint={which}")
        waiting.append(about)
        before = picture
        for done in _through(graph, picture):
            yield waiting.popleft(), done
    if graph is not None:
        for done in _through(graph, None):
            yield waiting.popleft(), done


def _graph(picture: av.VideoFrame, name: str, settings: str) -> Graph:
    graph = Graph()
    graph.threads = 1
    size, kind = f"{picture.width}x{picture.height}", picture.format.name
    source = graph.add("buffer", f"video_size={size}:pix_fmt={kind}:time_base=1/25:pixel_aspect=1/1")
    graph.link_nodes(source, graph.add(name, settings), graph.add("buffersink")).configure()
    return graph


def _through(graph: Graph, picture: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
    graph.push(picture)
    while True:
        try:
            pulled: Any = graph.pull()
        except (BlockingIOError, EOFError):
            return
        yield pulled


def _same_kind(one: av.VideoFrame, other: av.VideoFrame) -> bool:
    return (one.width, one.height, one.format.name) == (other.width, other.height, other.format.name)
