"""The rows of the leaderboard: products of names, in tables by what they take from the truth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from rackfocus.evaluation.benchmarks.renderer_peers import METHODS

TRUTH = "truth"
"""The name of the exact disparity or light of a scene."""
NONE = "none"
"""The name of leaving a part out: nothing is blurred, light stays clipped, focus never moves."""
COVERAGE = "coverage"
"""The renderer where none is named: the default of `rackfocus.render`."""
PROGRAMS = {name: METHODS[name] for name in ("opencv-layered", "opencv-preblur", "ffmpeg", "gegl", "blender")}
"""The renderers by others, by name; see `rackfocus.evaluation.benchmarks.renderer_peers`."""


@dataclass(frozen=True)
class Entry:
    """The names of the parts of one row; an empty one has no place in it.

    Attributes:
        depth: of what gives disparity.
        hdr: of what gives light; of pictures only.
        renderer: of pictures only.
        autofocus: of clips only.
    """

    depth: str
    hdr: str = ""
    renderer: str = ""
    autofocus: str = ""

    @property
    def board(self) -> str:
        """The key of its table in `BOARDS`."""
        if self.autofocus:
            return "autofocus"
        if self.hdr == TRUTH:
            return "renderer" if self.depth == TRUTH else "depth"
        return "hdr" if self.depth == TRUTH else "pipeline"

    def __str__(self) -> str:
        return ", ".join(f"{part}={name}" for part, name in vars(self).items() if name)


@dataclass(frozen=True)
class Board:
    """A table of rows that take the same from the truth.

    Attributes:
        title: above it.
        about: one sentence for the reader.
        parts: the attributes of `Entry` that tell its rows apart.
        order: the measure by which they are sorted.
    """

    title: str
    about: str
    parts: tuple[str, ...]
    order: str


BOARDS = {
    "pipeline": Board(
        "Whole pipelines",
        "Disparity and light are found in the photograph, then it is rendered.",
        ("depth", "hdr", "renderer"),
        "psnr",
    ),
    "depth": Board(
        "Depth, with the true light",
        "Only disparity is found in the photograph.",
        ("depth", "renderer"),
        "psnr",
    ),
    "hdr": Board(
        "Light, with the true disparity",
        "Only the light of what clipped is found in the photograph.",
        ("hdr", "renderer"),
        "psnr",
    ),
    "renderer": Board(
        "Renderers, with the true disparity and light",
        "Nothing is found in the photograph, so that the error is the renderer's own.",
        ("renderer",),
        "psnr",
    ),
    "autofocus": Board(
        "Autofocus, on clips",
        "New focus targets are found in a clip, followed, and focus is pulled from one to the next.",
        ("autofocus", "depth"),
        "focus_error_levels",
    ),
}


def built_in(part: str, networks: Iterable[str]) -> tuple[str, ...]:
    """The names of a part (an attribute of `Entry`) that need no configuration; `networks` are names for both
    depth and light.
    """
    if part == "renderer":
        return tuple(PROGRAMS)
    return (NONE,) if part == "autofocus" else (TRUTH, NONE, *networks)


def crossed(
    depth: Sequence[str] = (),
    hdr: Sequence[str] = (),
    renderer: Sequence[str] = (),
    autofocus: Sequence[str] = (),
) -> list[Entry]:
    """The product of what is named.

    There are rows of pictures if light or a renderer is named, or depth alone: with the truth and `COVERAGE`
    for what is not named. There are rows of clips if autofocus is named: with the true disparity, unless
    depth is named.
    """
    found = []
    if hdr or renderer or not autofocus:
        parts = (depth or [TRUTH], hdr or [TRUTH], renderer or [COVERAGE])
        found += [Entry(*names) for names in product(*parts)]
    found += [Entry(one, autofocus=name) for one, name in product(depth or [TRUTH], autofocus)]
    return list(dict.fromkeys(found))
