import sys

import pytest
import torch

from rackfocus import InputError
from rackfocus.data.measured.middlebury import Middlebury
from rackfocus.data.measured.nyuv2 import NYUv2
from rackfocus.models.published.fastdepth import FastDepth

onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def fastdepth(shared):
    return FastDepth(shared / "weights" / "fastdepth_7.onnx")


def correlation(a, b):
    return torch.corrcoef(torch.stack([a, b]))[0, 1].item()


def test_near_things_are_near_in_real_photographs(fastdepth, shared):
    folder = shared / "data" / "depth"
    for sample, least in (
        (Middlebury(folder / "middlebury_motorcycle")[0], 0.7),
        (NYUv2(folder / "nyuv2_basement")[0], 0.9),
    ):
        nearness = fastdepth(sample.image[None])[0]
        assert nearness.shape == sample.disparity.shape
        assert correlation(nearness[sample.valid], sample.disparity[sample.valid]) > least


made = []


class Session:
    """An ONNX model whose depth is twice the green channel."""

    def __init__(self, *_args, **_kwargs):
        self.seen = []
        made.append(self)

    def get_inputs(self):
        return [Value([1, 3, 224, 224])]

    def get_outputs(self):
        return [Value([1, 1, 224, 224])]

    def run(self, _names, inputs):
        image = inputs["0"]
        self.seen.append(image)
        return [2 * image[:, 1:2]]


class Value:
    name = "0"

    def __init__(self, shape):
        self.shape = shape


def test_nearness_is_the_inverse_of_depth(tmp_path, monkeypatch):
    made.clear()
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    (tmp_path / "model.onnx").write_bytes(b"")
    fastdepth = FastDepth(tmp_path / "model.onnx")
    images = torch.full((2, 3, 50, 70), 0.5)
    images[1] = 0.01  # a depth of 2 cm counts as 10
    nearness = fastdepth(images)
    assert nearness.shape == (2, 1, 50, 70)
    torch.testing.assert_close(nearness[0], torch.ones(1, 50, 70))
    torch.testing.assert_close(nearness[1], torch.full((1, 50, 70), 10.0))
    (session,) = made
    assert [image.shape for image in session.seen] == [(1, 3, 224, 224)] * 2


def test_without_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"pip install 'rackfocus\[onnx\]'"):
        FastDepth("anything.onnx")


def test_files_that_are_not_fastdepth(tmp_path, shared):
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(InputError, match="cannot be read as an ONNX model"):
        FastDepth(tmp_path / "text.onnx")
    with pytest.raises(InputError, match="is not FastDepth"):
        FastDepth(shared / "weights" / "u2netp.onnx")
