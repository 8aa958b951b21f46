"""Where a network in an ONNX file runs: on a GPU only if onnxruntime can use it."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from rackfocus.models.published.onnx_file import OnnxFile

onnxruntime = pytest.importorskip("onnxruntime")


class Session:
    """Adds to its input the number of sessions there were before it."""

    made: ClassVar[list] = []

    def __init__(self, _content, _options, *, providers):
        self.offset = len(self.made)
        self.made.append(providers)

    def get_inputs(self):
        return [Value("in", ["batch", 3])]

    def get_outputs(self):
        return [Value("first", ["batch", 3]), Value("second", [1])]

    def run(self, names, inputs):
        assert names == ["first"]
        return [inputs["in"] + self.offset]


class Value:
    def __init__(self, name, shape):
        self.name, self.shape = name, shape


@pytest.fixture
def open_file(tmp_path, monkeypatch):
    def open_file(*providers):
        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(providers))
        monkeypatch.setattr(Session, "made", [])
        path = tmp_path / "model.onnx"
        path.write_bytes(b"a model")
        return OnnxFile(path, "Test", threads=1)

    return open_file


def test_on_the_device_of_the_input(open_file):
    file = open_file("CUDAExecutionProvider", "CPUExecutionProvider")
    assert file.shapes == [["batch", 3], ["batch", 3], [1]]
    values = np.zeros((2, 3))
    devices = [torch.device(name) for name in ("cpu", "cuda:1", "cuda:1", "cuda:0", "cpu", "mps")]
    assert [int(file(values, device)[0, 0]) for device in devices] == [0, 1, 1, 2, 0, 0]
    on_gpu = [[("CUDAExecutionProvider", {"device_id": at}), "CPUExecutionProvider"] for at in (1, 0)]
    assert Session.made == [["CPUExecutionProvider"], *on_gpu]


def test_on_the_cpu_where_onnxruntime_knows_no_gpu(open_file):
    file = open_file("CPUExecutionProvider")
    assert int(file(np.zeros((1, 3)), torch.device("cuda:0"))[0, 0]) == 0
    assert Session.made == [["CPUExecutionProvider"]]


def test_its_content_identifies_it(open_file, tmp_path):
    file = open_file()
    (tmp_path / "other.onnx").write_bytes(b"another")
    assert file.identity() == OnnxFile(tmp_path / "model.onnx", "Test", threads=2).identity()
    assert file.identity() != OnnxFile(tmp_path / "other.onnx", "Test", threads=1).identity()
