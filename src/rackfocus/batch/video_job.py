"""The job that makes the result of one video, or a part of it, and notes that it is done."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.jobs.job import Report
from rackfocus.pipelines.fingerprint import file_identity, fingerprint
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

NOTES = ".rackfocus-batch"
"""The hidden folder in that of the results, with a note for each that is done."""

Pipeline = Callable[[Mapping[str, Any], Report], None]
"""Makes a result by its settings, all of them; a function at the top of a module, to be sent to a worker."""


@dataclass(frozen=True)
class VideoJob:
    """Makes the result of a video; see `rackfocus.jobs.job.Job`.

    Attributes:
        name: of the video, and of the part.
        steps: the number of frames; 1 if it is not known.
        source: of the video.
        target: the result.
        settings: of the pipeline.
        pipeline: makes the result, or a part of it, which is stored beside it.
        note: the file that tells by which settings the result was made; `None`: the job makes a part.
    """

    name: str
    steps: int
    source: Path
    target: Path
    settings: Mapping[str, Any]
    pipeline: Pipeline
    note: Path | None

    def is_done(self) -> bool:
        """Whether the result is there, as it was made of this source with these settings."""
        if self.note is None or not self.target.exists():
            return False
        try:
            with reading(self.note, "cannot be read."):
                noted = read_json(self.note)
                return noted["job"] == self._job() and noted["files"] == _files(self.target)
        except InputError:
            return False

    def run(self, report: Report) -> None:
        """Make the result and note it. It may have been made before on a machine that was lost since."""
        if self.is_done():
            return
        begin = time.monotonic()
        self.pipeline(self.settings, report)
        if self.note is not None:
            seconds = round(time.monotonic() - begin, 3)
            noted = {"job": self._job(), "files": _files(self.target), "seconds": seconds}
            write_whole(self.note, json.dumps(noted).encode(), shared=True)

    def seconds(self) -> float | None:
        """How long it took to make the result; `None`: it is not noted."""
        if self.note is None:
            return None
        try:
            with reading(self.note, "cannot be read."):
                return float(read_json(self.note)["seconds"])
        except InputError:
            return None

    def _job(self) -> str:
        """A sum of all that the result depends on, with the files that the settings name."""
        named = sorted({text for text in _texts(self.settings) if _exists(text)} - {str(self.target)})
        identities = [file_identity(Path(text)) for text in named]
        job = fingerprint(source=file_identity(self.source), settings=self.settings, files=identities)
        return hashlib.sha256(job.encode()).hexdigest()


def _files(path: Path) -> Any:
    return file_identity(path)["files"]


def _texts(value: Any) -> list[str]:
    """Every text within settings."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]


def _exists(text: str) -> bool:
    """Whether a text is the path of a file or a folder; it may be too long for one."""
    try:
        return bool(text) and Path(text).exists()
    except (OSError, ValueError):
        return False
