"""Photographs that are not plain RGB or YUV."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus.video import open_video
from rackfocus.video.stills import read_picture


def four_inks(path: Path, *, transform: int) -> Path:
    """A JPEG of four inks as Adobe stores them: CMYK (0) or YCCK (2), whose components are numbered."""
    down, across = np.mgrid[0:48, 0:64]
    stored = np.stack([60 + 2 * across, 110 + down, 140 - down // 2, 255 - 2 * down], -1).astype(np.uint8)
    # Pillow inverts the codes when it writes them.
    picture = Image.frombytes("CMYK", (64, 48), (255 - stored).tobytes())
    picture.save(path, quality=97, subsampling=0)
    data = bytearray(path.read_bytes())
    data[data.index(b"Adobe") + 11] = transform
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    if transform:
        for number in range(4):
            data[frame + 10 + 3 * number] = data[scan + 5 + 2 * number] = number + 1
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("transform", [0, 2])
def test_four_inks_are_read_as_pillow_reads_them(tmp_path: Path, transform: int) -> None:
    path = four_inks(tmp_path / "inks.jpg", transform=transform)
    with Image.open(path) as picture:
        expected = np.asarray(picture.convert("RGB")).astype(np.float64)
    found = read_picture(path)
    assert np.abs(found.permute(1, 2, 0).double().numpy() * 255 - expected).max() < 4
    with open_video(path) as reader:
        assert torch.equal(next(reader.frames()).encoded, found)
