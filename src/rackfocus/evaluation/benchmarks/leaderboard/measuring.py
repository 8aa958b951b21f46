"""Measures the rows of the leaderboard that are not there yet, each with the reason where it cannot be."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.evaluation.autofocus.focus_clips import find_clips
from rackfocus.evaluation.benchmarks.leaderboard.entry import Entry
from rackfocus.evaluation.benchmarks.leaderboard.focus import FocusMeasure
from rackfocus.evaluation.benchmarks.leaderboard.identity import identity
from rackfocus.evaluation.benchmarks.leaderboard.parts import Parts
from rackfocus.evaluation.benchmarks.leaderboard.pictures import measure_pictures
from rackfocus.evaluation.benchmarks.leaderboard.result import Measured, Result, as_text
from rackfocus.evaluation.images.examination import Conditions
from rackfocus.types import InputError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ruler:
    """What all rows are measured by.

    Attributes:
        parts: makes what the rows name.
        about: the settings of a part, from its kind and its name, which tell whether it is as it was.
        scenes: the folders of ray-traced scenes, at least one.
        clips: the folder in which annotated clips are looked for.
        conditions: of rows of pictures.
        focus: measures rows of clips.
        shared: what else identifies the numbers of all rows, such as the code and the device.
        machine: on which seconds are measured.
        revision: the commit of the code.
    """

    parts: Parts
    about: Callable[[str, str], Mapping[str, Any]]
    scenes: Sequence[Path]
    clips: Path
    conditions: Conditions
    focus: FocusMeasure
    shared: Mapping[str, Any]
    machine: str
    revision: str

    def versions(self) -> dict[bool, str]:
        """Identifies what all rows of pictures (`False`) and all rows of clips (`True`) have in common."""
        scenes = [str((scene / "scene.json").resolve()) for scene in self.scenes]
        clips = sorted(str(path.resolve()) for path in self.clips.rglob("*.json"))
        judged = {"seed": self.conditions.seed, "lpips": self.conditions.lpips is not None}
        return {
            False: identity({**self.shared, **judged, "scenes": scenes}),
            True: identity({**self.shared, **self.focus.settings, "clips": clips}),
        }

    def state(self, entry: Entry) -> str:
        """Identifies the parts of a row."""
        return identity({part: self.about(part, name) for part, name in vars(entry).items() if name})

    def result(self, entry: Entry, version: str) -> Result:
        """The row, measured now; where an error is raised, it has the reason in place of numbers."""
        result = Result(
            entry, machine=self.machine, revision=self.revision, version=version, state=self.state(entry)
        )
        try:
            measured = self._measured(entry)
        except InputError as error:
            return dataclasses.replace(result, why=" ".join(str(error).split()))
        except Exception as error:  # of a class by anyone: the other rows are still measured
            _log.exception("%s cannot be measured.", entry)
            return dataclasses.replace(result, why=" ".join(f"{type(error).__name__}: {error}".split()))
        return dataclasses.replace(
            result, values=as_text(measured.values), samples=measured.samples, disparity=measured.disparity
        )

    def _measured(self, entry: Entry) -> Measured:
        if entry.autofocus:
            finder, estimator = self.parts.finder(entry.autofocus), self.parts.estimator(entry.depth)
            return self.focus.measure(find_clips(self.clips), finder, estimator)
        return measure_pictures(
            self.scenes,
            self.parts.predictor("depth", entry.depth),
            self.parts.predictor("hdr", entry.hdr),
            self.parts.renderer(entry.renderer),
            self.conditions,
        )


def measured_rows(
    entries: Sequence[Entry],
    known: Sequence[Result],
    ruler: Ruler,
    show: Callable[[list[Result], int], None],
) -> list[Result]:
    """The rows that are known by the same version, then the others of `entries`, each measured once.

    A row is measured again if the state of its parts is another one, or if it could not be measured before.

    Args:
        entries: the rows that are asked for.
        known: rows of an earlier run.
        ruler: what they are measured by.
        show: is called with all rows and the number of `entries` among them: at the beginning and after each.
    """
    versions = ruler.versions()
    kept = [one for one in known if one.version == versions[bool(one.entry.autofocus)]]
    results = {one.entry: one for one in kept}
    for done, entry in enumerate(entries):
        show(list(results.values()), done)
        before = results.get(entry)
        if before is None or before.why or before.state != ruler.state(entry):
            results[entry] = ruler.result(entry, versions[bool(entry.autofocus)])
    found = list(results.values())
    show(found, len(entries))
    return found
