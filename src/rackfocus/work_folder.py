"""The hidden folder beside an output in which a job stores what it has done, to go on after a kill."""

import glob
import hashlib
import logging
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from rackfocus.whole_files import DRAFT_SUFFIX, write_whole

PART = "part"
"""What is stored of a part of an output: the beginning of its kind."""
JOB_FILE = "job.json"
"""Holds the text of the job; written last, so that a folder without it is incomplete."""

_log = logging.getLogger(__name__)


def work_folder(output: Path, kind: str, job: str, fill: Callable[[Path], None] | None = None) -> Path:
    """The folder of a job, which is made if it is missing. Those of other jobs of the output are removed.

    The name holds a sum of the job, so that two jobs never have a folder in common. The caller holds the lock
    of the output (`one_writer`).

    Args:
        output: the file that the job writes; the folder is beside it.
        kind: what is stored, the suffix of the folder's name.
        job: a text that identifies the job.
        fill: writes what an empty folder begins with; `None`: nothing.

    Raises:
        OSError: it cannot be written.
    """
    stem = f".{output.stem[:40]}-{zlib.crc32(output.name.encode()):08x}"
    folder = output.absolute().with_name(f"{stem}-{hashlib.sha256(job.encode()).hexdigest()[:16]}.{kind}")
    for other in folder.parent.glob(f"{glob.escape(stem)}*.{kind}"):
        if other != folder:
            _log.warning("%s was begun on another device or otherwise; it starts anew.", output)
            shutil.rmtree(other, ignore_errors=True)
    note = folder / JOB_FILE
    if not note.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if fill is not None:
            fill(folder)
        write_whole(note, job.encode())
    return folder


def part_of(output: Path, begin: int) -> Path:
    """The path that stands for a part of an output, in its lock; there is no such file.

    Args:
        output: the whole.
        begin: the number of the part's first frame.
    """
    return output.with_name(f"{output.name}.{PART}{begin}")


def take_parts(folder: Path) -> None:
    """Move what the parts of a job have stored into its folder; the folders of all parts are removed.

    A part is a folder of the same job whose kind is `PART` and a number. The caller holds the lock of the
    output.

    Args:
        folder: as `work_folder` gave it.

    Raises:
        OSError: it cannot be written.
    """
    stem, _, _ = folder.stem.rpartition("-")
    for part in sorted(folder.parent.glob(f"{glob.escape(stem)}-*.{PART}[0-9]*")):
        if part.stem == folder.stem:
            for file in part.iterdir():
                if file.name != JOB_FILE and not file.name.endswith(DRAFT_SUFFIX):
                    file.replace(folder / file.name)
        shutil.rmtree(part, ignore_errors=True)
