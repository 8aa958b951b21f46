"""Reads parameters saved by TensorLayer 1 (`save_npz`), without executing code pickled in the file.

The file is an `.npz` with one array `params`: a pickled object array of all parameters, in the order of the
layers. Pickles can call any function; this unpickler only allows those that build numpy arrays.
"""

import codecs
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy._core.multiarray import _reconstruct  # has no public name
from torch import Tensor, from_numpy

from rackfocus.types import InputError


def load_parameters(path: Path) -> list[Float[Tensor, "..."]]:
    """The parameters in the order of the file.

    Raises:
        InputError: the file has another format, or contains anything but numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open("params.npy") as file:
            version = np.lib.format.read_magic(file)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            if not header(file)[2].hasobject:
                raise ValueError("params is no list")
            # Python 2 stored bytes as text; Latin-1 restores them.
            parameters = _ArrayUnpickler(file, encoding="latin1").load()
        return [from_numpy(np.array(array, dtype=np.float32)) for array in np.asarray(parameters)]
    # A damaged pickle can raise any exception.
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path} cannot be read as parameters that TensorLayer saved ({reason}); get the file anew."
        ) from error


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
            ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            ("_codecs", "encode"): _latin1_bytes,
        }
        try:
            return known[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}") from None


def _latin1_bytes(text: str, encoding: str) -> bytes:
    """How pickle protocol 2 encodes bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it wants to encode as {encoding}")
    return codecs.latin_1_encode(text)[0]
