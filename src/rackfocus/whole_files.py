"""Atomic writing: files and folders get their final names only when they are complete.

Each is written under another name in the same folder and renamed, which is atomic within one file system. So
an interrupted program never leaves an incomplete file under a final name.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DRAFT_SUFFIX = ".partial"
"""The suffix of the names of unfinished files and folders."""


def followed(path: Path) -> Path:
    """The place that a symbolic link stands for, at the end of all links; other paths are unchanged."""
    with suppress(OSError):  # A name may be too long for a file, which is for the writer to say.
        if path.is_symlink():
            return Path(os.path.realpath(path))
    return path


@contextmanager
def whole_file(path: Path, *, synced: bool = False, shared: bool = False) -> Iterator[Path]:
    """Yield the path of a draft, which is renamed to `path` at the end, and deleted after an exception.

    An existing file is replaced, and a symbolic link is followed. A draft left by a killed program has to be
    overwritten, not appended to.

    Args:
        path: the final name; its folder exists.
        synced: flush the content to the disk before the renaming, so that the file is complete even after a
            loss of power.
        shared: several processes may write this file at the same time; each has a draft of its own.
    """
    path = followed(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}" if shared else path.name + DRAFT_SUFFIX)
    try:
        yield draft
        if synced:
            with draft.open("r+b") as file:
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):  # The first exception matters more than a draft that cannot be deleted.
            draft.unlink()
        raise


def write_whole(path: Path, content: bytes, *, synced: bool = False, shared: bool = False) -> None:
    """Write a whole file atomically; see `whole_file`."""
    with whole_file(path, synced=synced, shared=shared) as draft:
        draft.write_bytes(content)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder, which is renamed to `path` at the end, and deleted after an exception.

    Its name begins with a dot. A folder left by a killed program under that name is deleted first.

    Args:
        path: the final name; at the end there must be no non-empty folder of this name.
    """
    path = followed(path)
    draft = path.with_name(f".{path.name}{DRAFT_SUFFIX}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
