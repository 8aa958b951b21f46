"""One writer an output: while a run writes a file or a folder, every other run of the same output is refused.

The lock is a hidden file beside the output, locked by `flock`, which the system releases even if the process
is killed. The file is deleted in the end; one that a killed process left is used again.
"""

import errno
import fcntl
import logging
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rackfocus.types import BusyOutput, InputError
from rackfocus.whole_files import followed

_log = logging.getLogger(__name__)

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What `flock` fails with on a file system without locks."""


@contextmanager
def one_writer(output: Path) -> Iterator[None]:
    """Hold the lock of an output, a file or a folder that need not exist yet.

    It excludes other processes and other threads. On a file system without locks a warning is logged.

    Raises:
        BusyOutput: another run holds the lock.
        InputError: the folder of the output is missing or cannot be written.
    """
    place = followed(output).absolute()
    lock = place.with_name(f".{place.name[:40]}-{zlib.crc32(place.name.encode()):08x}.lock")
    try:
        descriptor = _locked(lock, output)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{output} cannot be written ({reason}); choose another place or name.") from error
    try:
        with suppress(OSError):  # The disk may be full; the sentence is for people only.
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"Process {os.getpid()} of rackfocus writes {place.name}.\n".encode(), 0)
        yield
    finally:
        # Deleted while it is locked: a process that has opened it sees that in `_locked`.
        with suppress(OSError):
            lock.unlink()
        os.close(descriptor)


def _locked(lock: Path, output: Path) -> int:
    """The descriptor of the locked file, which is made if it is missing."""
    while True:
        # A link in place of the lock is an error: what it points to must not be written.
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), lock.stat()):
                return descriptor
        except BlockingIOError:
            writer = re.match(rb"Process \d+", os.pread(descriptor, 64, 0))
            os.close(descriptor)
            who = "another run" if writer is None else f"another run (process {writer[0][8:].decode()})"
            raise BusyOutput(
                f"{output} is being written by {who}; wait until that has finished, or choose another name."
            ) from None
        except FileNotFoundError:
            pass  # Its writer has just finished, and has deleted it.
        except OSError as error:
            if error.errno in _NO_LOCKS:
                _log.warning("%s is not locked, for its file system has no locks", output)
                return descriptor
            os.close(descriptor)
            raise
        os.close(descriptor)
