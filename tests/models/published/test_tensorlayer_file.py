import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from rackfocus import InputError
from rackfocus.models.published.tensorlayer_file import load_parameters

ARRAYS = [
    np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    np.float32([1.5, -2.0]),
    np.zeros((1, 1), np.float32),
]


def object_array(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def write(path, content, *, shape=(3,), dtype="|O"):
    """An `.npz` whose array `params` is followed by these bytes."""
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    with zipfile.ZipFile(path, "w") as archive, archive.open("params.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.write(content)
    return path


def assert_arrays(found):
    assert len(found) == len(ARRAYS)
    for one, other in zip(found, ARRAYS, strict=True):
        assert one.dtype == torch.float32
        np.testing.assert_array_equal(one.numpy(), other)


def test_what_numpy_writes(tmp_path):
    np.savez(tmp_path / "p.npz", params=object_array(ARRAYS))
    assert_arrays(load_parameters(tmp_path / "p.npz"))


@pytest.mark.parametrize("protocol", [2, 4])
def test_what_older_numpy_wrote(tmp_path, protocol):
    """Other protocols, and the names of numpy 1."""
    content = pickle.dumps(object_array(ARRAYS), protocol=protocol)
    if protocol == 2:
        content = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert_arrays(load_parameters(write(tmp_path / "p.npz", content)))


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("evil"),)


def test_no_code_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("p.npz", params=object_array([ARRAYS[0], Evil()]))
    with pytest.raises(InputError, match=r"it wants to call pathlib\.Path"):
        load_parameters(Path("p.npz"))
    assert not Path("evil").exists()


def test_files_that_are_something_else(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", weights=ARRAYS[0])
    np.savez(tmp_path / "numbers.npz", params=ARRAYS[0])
    np.savez(tmp_path / "words.npz", params=object_array(["a", "b"]))
    write(tmp_path / "cut.npz", pickle.dumps(object_array(ARRAYS))[:-30])
    for name in ("text", "other", "numbers", "words", "cut", "missing"):
        with pytest.raises(InputError, match=rf"{name}\.npz cannot be read as parameters that TensorLayer"):
            load_parameters(tmp_path / f"{name}.npz")
