"""Files and folders that appear under their final names only when they are whole.

Each is written under another name in the same folder and renamed, which is atomic within one file system. So
a program that is stopped never leaves half of a file that passes for a whole one.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DRAFT_SUFFIX = ".partial"
"""What the name of an unfinished file or folder ends in."""


@contextmanager
def whole_file(path: Path, *, synced: bool = False, shared: bool = False) -> Iterator[Path]:
    """Give the path of a draft, which becomes `path` at the end and is removed where an exception is raised.

    An existing file is replaced. A draft that a killed program left has to be written over, not appended to.

    Args:
        path: the final name; its folder exists.
        synced: flush the content to the disk before the renaming, so that the file is whole even where the
            machine loses its power.
        shared: several processes may write this file at the same time; each has a draft of its own.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}" if shared else path.name + DRAFT_SUFFIX)
    try:
        yield draft
        if synced:
            with draft.open("r+b") as file:
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):  # Why it failed matters more than what is left of it.
            draft.unlink()
        raise


def write_whole(path: Path, content: bytes, *, synced: bool = False, shared: bool = False) -> None:
    """Write all of a file, as `whole_file` does."""
    with whole_file(path, synced=synced, shared=shared) as draft:
        draft.write_bytes(content)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder, which becomes `path` at the end and is removed where an exception is raised.

    Its name begins with a dot. What a killed program left under that name is removed first.

    Args:
        path: the final name; at the end there must be no folder of this name that holds anything.
    """
    draft = path.with_name(f".{path.name}{DRAFT_SUFFIX}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
