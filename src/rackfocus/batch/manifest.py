"""The work of a batch: the videos of a folder, what each is to be made into, and the settings of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rackfocus.pipelines.clip.refocusable_clip import SUFFIX
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows
from rackfocus.types import InputError
from rackfocus.video.decode import VIDEO_SUFFIXES

VIDEO = "video"
"""The column of a table that names the video of a row."""


@dataclass(frozen=True)
class Entry:
    """One video of a batch.

    Attributes:
        name: the path within the folder, with `/` between folders.
        source: of the video or the clip.
        target: what is to be made of it.
        settings: of its row in the table, such as `{"focus.x": "640"}`.
        conflict: why nothing is made of it; empty: there is no reason.
    """

    name: str
    source: Path
    target: Path
    settings: dict[str, str] = field(default_factory=dict)
    conflict: str = ""


def manifest(source: Path, target: Path, *, suffix: str, clips: bool, table: Path | None) -> list[Entry]:
    """The videos in a folder and in the folders within it, by name; `target` has the same folders.

    Args:
        source: the folder; hidden files, and `target` if it lies within, are left out.
        target: the folder of the results.
        suffix: of the results, such as `.mp4`.
        clips: whether refocusable clips are taken, too.
        table: a CSV file with the column `video` and one for each setting that differs between videos; an
            empty field leaves it as it is for all.

    Raises:
        InputError: there is no such folder or no video in it, or the table cannot be read, names a video that
            is not there, or names one twice.
    """
    if not source.is_dir():
        raise InputError(f"{source} is no folder; give the folder of the videos.")
    names = [path.relative_to(source).as_posix() for path in _found(source, target, clips)]
    if not names:
        raise InputError(
            f"{source} holds no video ({', '.join(sorted(VIDEO_SUFFIXES))}); give another folder."
        )
    rows = {} if table is None else _rows(table, names)
    targets = {name: (target / name).with_suffix(suffix) for name in names}
    shared = Counter(targets.values())
    return [
        Entry(
            name,
            source / name,
            targets[name],
            rows.get(name, {}),
            _conflict(name, targets) if shared[targets[name]] > 1 else "",
        )
        for name in names
    ]


def _found(source: Path, target: Path, clips: bool) -> list[Path]:
    """Videos and clips in a folder; the files within a clip are none."""
    found: list[Path] = []
    for path in sorted(source.iterdir()):
        if path.name.startswith(".") or path.absolute() == target.absolute():
            continue
        if path.is_dir():
            if path.suffix.lower() != SUFFIX:
                found += _found(path, target, clips)
            elif clips:
                found.append(path)
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            found.append(path)
    return found


def _conflict(name: str, targets: dict[str, Path]) -> str:
    """That others would be written to the same file."""
    others = [each for each, target in targets.items() if target == targets[name] and each != name]
    return f"{name} and {' and '.join(others)} would both become {targets[name]}; rename one of them."


def _rows(table: Path, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of each video that has a row."""
    with reading(table, "cannot be used as a table of videos ({reason}); mend it."):
        rows = read_rows(table, [VIDEO])
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        name = Path(row.pop(VIDEO)).as_posix()
        if name not in names:
            raise InputError(f"{table} names {name}, which is none of the {len(names)} videos; correct it.")
        if name in found:
            raise InputError(f"{table} names {name} twice; leave one row.")
        found[name] = {key.strip(): value.strip() for key, value in row.items() if value.strip()}
    return found
