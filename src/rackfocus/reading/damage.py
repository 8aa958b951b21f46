"""What parsers and decoders raise for damaged files, told as one sentence that names the file."""

import csv
import struct
import textwrap
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError

import av
import cv2
from safetensors import SafetensorError

from rackfocus.types import InputError

DAMAGE: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    # A field is missing, of another type, or its value has no sense.
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    # A size that nothing can hold; deep nesting is a RuntimeError, as what OpenEXR, torch and zipfile raise.
    MemoryError,
    RuntimeError,
    # Pillow raises the first for broken PNG files, numpy both for the headers of arrays.
    SyntaxError,
    tokenize.TokenError,
    csv.Error,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    UnpicklingError,
    SafetensorError,
    cv2.error,
    av.FFmpegError,
)
"""The exceptions that damaged files raise in the libraries that read them, and in checks of what was read."""


@contextmanager
def reading(path: Path, broken: str) -> Iterator[None]:
    """Read a file within this context: what damage raises becomes one sentence.

    Args:
        path: of the file.
        broken: the rest of the sentence: what is wrong with it, and what to do. `{reason}` in it stands for
            the beginning of the error.

    Raises:
        InputError: the file is damaged; one that was raised within is kept.
    """
    try:
        yield
    except InputError:
        raise
    except DAMAGE as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = textwrap.shorten(said.strip() or type(error).__name__, 200, placeholder=" ...").rstrip(".")
        raise InputError(f"{path} {broken.replace('{reason}', reason)}") from error
