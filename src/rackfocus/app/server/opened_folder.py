"""The folder that was opened is the limit: what lies outside of it is neither read nor written.

A symbolic link in it may lead anywhere, and other programs may put one there at any time. So the place that
a path leads to is found first and compared with the folder; then it is opened from the folder on, one name
after the other, and a link that has come between is not followed.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rackfocus.types import InputError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class OpenedFolder:
    """A folder, which need not exist yet; `path` is its place, without links.

    All methods take paths in it, as they are named there, and raise InputError if a link leads out of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def real(self, path: Path) -> Path:
        """The place that a path leads to, at the end of all links."""
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self.path):
            raise InputError(
                f"{path} leads out of the folder that was opened, where nothing is read or written; replace "
                "the link by what it stands for."
            )
        return real

    def open(self, path: Path) -> BinaryIO:
        """A file, opened for reading.

        Raises:
            InputError: it is no regular file.
            OSError: there is no such file, or it may not be read.
        """
        real = self.real(path)
        with self._descriptor(real.parent) as folder:
            # Without waiting for the other end of a pipe.
            found = os.open(real.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(found).st_mode):
            os.close(found)
            raise InputError(f"{path} is no regular file; remove it.")
        return os.fdopen(found, "rb")

    def read(self, path: Path) -> bytes:
        """The content of a file; raises as `open` does."""
        with self.open(path) as file:
            return file.read()

    def write(self, path: Path, content: bytes) -> None:
        """Write a whole file: it has its name only when it is on the disk. An existing one is replaced.

        Raises:
            InputError: it cannot be written.
        """
        real = self.real(path)
        try:
            self._write(real, content)
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error.strerror}); choose another place.") from error

    def rename(self, path: Path, name: str) -> None:
        """Give a file, or a link, another name in the same folder.

        Raises:
            OSError: it cannot be renamed.
        """
        with self._descriptor(self.real(path.parent)) as folder:
            os.rename(path.name, name, src_dir_fd=folder, dst_dir_fd=folder)

    def make(self, path: Path) -> None:
        """Make a folder, and those that it lies in, where they are missing.

        Raises:
            OSError: it cannot be made.
        """
        with self._descriptor(self.real(path), make=True):
            pass

    def check_links(self, path: Path) -> None:
        """Check all links in a folder, and whether it is one, before files are written in it by their names.

        Raises:
            InputError: one of them leads out of the opened folder.
        """
        self.real(path)
        for inner, folders, files in os.walk(path):
            for name in (*folders, *files):
                self.real(Path(inner) / name)

    def clear_drafts(self, ending: str) -> None:
        """Delete the drafts that processes which are gone left of files whose names end so."""
        for inner, _, files in os.walk(self.path):
            for name in files:
                written, _, process = name.rpartition(".")
                if not (written.startswith(".") and written.endswith(ending) and process.isdecimal()):
                    continue
                if _is_gone(int(process)):
                    with suppress(OSError), self._descriptor(Path(inner)) as folder:
                        os.unlink(name, dir_fd=folder)

    def _write(self, real: Path, content: bytes) -> None:
        draft = f".{real.name}.{os.getpid()}"
        with self._descriptor(real.parent) as folder:
            with suppress(FileNotFoundError):  # Left by an earlier process of this number.
                os.unlink(draft, dir_fd=folder)
            new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(draft, new, 0o666, dir_fd=folder), "wb") as file:
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    os.replace(draft, real.name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with suppress(OSError):  # The first exception matters more.
                        os.unlink(draft, dir_fd=folder)
                    raise
            with suppress(OSError):  # Some file systems of other machines refuse this.
                os.fsync(folder)

    @contextmanager
    def _descriptor(self, real: Path, *, make: bool = False) -> Iterator[int]:
        """An open folder, reached without links."""
        folder = os.open(self.path, _FOLDER)
        try:
            for name in real.relative_to(self.path).parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=folder)
                inner = os.open(name, _FOLDER, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
