"""What an item of the reproduction is, and what it is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rackfocus.data.apertures.raytraced import RaytracedScene, load_scene, scene_folders
from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip, find_clips
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.numbers import Number

PICTURE = "picture"
"""The name of the picture in the folder of an item, without its suffix, `.png` or `.jpg`."""


@dataclass(frozen=True)
class Material:
    """What all items are made of.

    Attributes:
        scenes: the folder of ray-traced scenes, with a split `test`.
        clips: the folder in which annotated videos are looked for.
        methods: networks by the names for tables; ours is the first, the paper's the second.
        not_found: why a published method is missing, by its name.
        experiments: the folder of recorded numbers.
        commit_of: tells the commit that a recorded file is of.
        most: of so many scenes of a split and clips at most. `None`: all.
        frames: of each pan.
        seed: of the noise of simulated cameras and of pictures.
    """

    scenes: Path
    clips: Path
    methods: Mapping[str, Predictor]
    not_found: Mapping[str, str]
    experiments: Path
    commit_of: Callable[[Path], str]
    most: int | None = None
    frames: int = 12
    seed: int = 0

    def test_scenes(self) -> list[RaytracedScene]:
        """The test scenes.

        Raises:
            InputError: there are none.
        """
        return self._split("test")

    def held_out_scenes(self) -> list[RaytracedScene]:
        """The scenes that no network learned from: those of test and of validation.

        Raises:
            InputError: there are none.
        """
        return [*self._split("test"), *self._split("validation")]

    def annotated_clips(self) -> list[AnnotatedClip]:
        """The clips.

        Raises:
            InputError: there are none.
        """
        return find_clips(self.clips)[: self.most]

    def _split(self, name: str) -> list[RaytracedScene]:
        return [load_scene(folder) for folder in scene_folders(self.scenes, name)[: self.most]]


@dataclass(frozen=True)
class Made:
    """What an item has to show: its numbers, and a remark for the reader."""

    numbers: Sequence[Number]
    remark: str = ""


class Item(Protocol):
    """A figure, a table or a section of the paper."""

    @property
    def title(self) -> str:
        """Such as `Fig. 3B: ...`."""
        ...

    @property
    def claims(self) -> Sequence[Claim]:
        """What the paper says, each decided by one of the numbers."""
        ...

    def make(self, material: Material, folder: Path) -> Made:
        """Measure, and draw `picture.png` or `picture.jpg` into the folder.

        Raises:
            InputError: what it needs is missing.
        """
        ...
