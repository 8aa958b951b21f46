"""Where a video and the files that belong to it lie."""

from dataclasses import dataclass
from pathlib import Path

from rackfocus.app.server.opened_folder import OpenedFolder


@dataclass(frozen=True)
class Place:
    """The paths of a video and its files; `name` is relative to the `folder` that was opened, with `/`.

    Annotation and result lie in the folder `out`, which may be the same. `annotation` is `None` if it is to
    be searched in the folder; `result` is the rendered video.
    """

    name: str
    video: Path
    folder: OpenedFolder
    out: OpenedFolder
    annotation: Path | None
    result: Path
