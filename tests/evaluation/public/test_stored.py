import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from rackfocus.evaluation.public.stored import read_stored
from rackfocus.types import InputError


@pytest.mark.parametrize("settings", [{"quality": 85}, {"quality": 95, "subsampling": 0}])
def test_a_photograph_has_the_pixels_that_pillow_reads(tmp_path, settings):
    """Also where it is turned by its EXIF data."""
    noise = np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype(np.uint8)
    smooth = Image.fromarray(noise).resize((61, 47), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    smooth.save(tmp_path / "a.jpg", exif=exif, **settings)
    with Image.open(tmp_path / "a.jpg") as picture:
        expected = np.asarray(picture.convert("RGB"))
    stored = (read_stored(tmp_path / "a.jpg") * 255).round().byte()
    assert torch.equal(stored, torch.from_numpy(expected.copy()).permute(2, 0, 1))


def test_what_is_no_picture(tmp_path):
    with pytest.raises(InputError, match=r"a\.png is missing"):
        read_stored(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"spoilt")
    with pytest.raises(InputError, match=r"a\.png is not an image"):
        read_stored(tmp_path / "a.png")
