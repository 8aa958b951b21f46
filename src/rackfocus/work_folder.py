"""The hidden folder beside an output in which a job stores what it has done, to go on after a kill."""

import glob
import hashlib
import logging
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from rackfocus.whole_files import write_whole

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
