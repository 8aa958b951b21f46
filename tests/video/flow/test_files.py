import struct

import numpy as np
import pytest
import torch

from rackfocus.types import InputError
from rackfocus.video.flow.files import read_flow

FLOW = np.array(
    [[[1.5, -2.0], [0.0, 7.25], [3.0, 4.0]], [[-9.0, 0.5], [1e10, 1e10], [2.0, np.nan]]], np.float32
)


def write_flo(path, flow):
    height, width, _ = flow.shape
    path.write_bytes(b"PIEH" + struct.pack("<ii", width, height) + flow.astype("<f4").tobytes())


def test_values_and_what_is_unknown(tmp_path):
    write_flo(tmp_path / "a.flo", FLOW)
    flow, known = read_flow(tmp_path / "a.flo")
    assert flow.tolist() == [[[1.5, 0, 3], [-9, 0, 0]], [[-2, 7.25, 4], [0.5, 0, 0]]]
    assert known.tolist() == [[[True, True, True], [True, False, False]]]


def test_magic_is_the_published_number():
    assert struct.unpack("<f", b"PIEH") == (202021.25,)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PIEH", b"HEIP" + struct.pack("<ii", 1, 1) + bytes(8),
        b"PIEH" + struct.pack("<ii", 2, 2) + bytes(31),
        b"PIEH" + struct.pack("<ii", 2, 2) + bytes(33), b"PIEH" + struct.pack("<ii", -1, 1) + bytes(8),
        b"PIEH" + struct.pack(">ii", 2, 2) + bytes(32),
    ],
)  # fmt: skip
def test_broken_files_are_named(tmp_path, content):
    path = tmp_path / "frame_0001.flo"
    with pytest.raises(InputError, match=r"frame_0001\.flo is missing"):
        read_flow(path)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"frame_0001\.flo"):
        read_flow(path)


def test_real_flow_with_unknown_parts(shared):
    flow, known = read_flow(shared / "data" / "flow" / "middlebury_rubberwhale" / "flow_gt.flo")
    assert flow.shape == (2, 388, 584)
    assert known.float().mean().item() == pytest.approx(0.984, abs=1e-3)
    assert flow.abs().max() < 5
    assert torch.all(flow[:, ~known[0]] == 0)
