"""A photograph in, a photograph out: upright, with the EXIF data and the profile of the source."""

from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch
from PIL import ExifTags, Image, ImageCms, ImageOps

from rackfocus import InputError, refocus
from rackfocus.optics.radiometry import srgb_to_linear
from rackfocus.types import RGBDHDR


class Flat(torch.nn.Module):
    """Everything lies in the focal plane."""

    def forward(self, srgb: torch.Tensor, *, network_size_px: int | None = None) -> RGBDHDR:  # noqa: ARG002
        return RGBDHDR(torch.zeros_like(srgb[:, :1]), torch.zeros_like(srgb))


def photograph(path: Path, orientation: int = 1) -> Path:
    rows, columns = np.mgrid[0:48, 0:64]
    picture = np.stack([columns * 3, rows * 4, 255 - columns * 2], 2).astype(np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Model] = "Model 1"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FNumber] = 8.0
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    settings = {"quality": 100, "subsampling": 0} if path.suffix == ".jpg" else {}
    Image.fromarray(picture).save(path, exif=exif.tobytes(), icc_profile=profile, **settings)
    return path


@pytest.mark.parametrize("name", ["o.jpg", "o.png", "o.heic"])
@pytest.mark.parametrize(("given", "orientation"), [("v.jpg", 6), ("v.png", 1), ("v.png", 7)])
def test_the_same_photograph(tmp_path: Path, name: str, given: str, orientation: int) -> None:
    if name == "o.heic":
        pytest.importorskip("pillow_heif", reason="pip install 'rackfocus[heic]'")
    source = photograph(tmp_path / given, orientation)
    assert refocus(source, tmp_path / name, model=Flat()) == 1
    with Image.open(source) as before, Image.open(tmp_path / name) as made:
        upright = np.asarray(ImageOps.exif_transpose(before), np.float32)
        assert made.size == upright.shape[1::-1]
        assert np.abs(np.asarray(made.convert("RGB"), np.float32) - upright).mean() < 2
        exif = made.getexif()
        assert exif.get(ExifTags.Base.Orientation, 1) == 1
        assert exif[ExifTags.Base.Model] == "Model 1"
        assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FNumber] == 8
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert made.info["icc_profile"] == before.info["icc_profile"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([given, name])


def test_exr_is_linear_light(tmp_path: Path) -> None:
    source = photograph(tmp_path / "v.png")
    refocus(source, tmp_path / "o.exr", model=Flat())
    with Image.open(source) as given:
        light = srgb_to_linear(torch.from_numpy(np.asarray(given, np.float32)) / 255)
    with OpenEXR.File(str(tmp_path / "o.exr")) as file:
        np.testing.assert_allclose(file.channels()["RGB"].pixels, light, atol=2e-3)


def test_a_frame_of_a_video_and_a_folder(tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(3):
        photograph(frames / f"{number}.png")
    with pytest.raises(InputError, match=r"o\.jpg holds one picture, and .*frames has more; .* frames=0:1"):
        refocus(frames, tmp_path / "o.jpg", model=Flat())
    assert refocus(frames, tmp_path / "o.jpg", model=Flat(), first=1, last=2) == 1
    with pytest.raises(InputError, match="is the source itself"):
        refocus(frames / "0.png", frames / "0.png", model=Flat())
    with pytest.raises(InputError, match=r"The folder .*none of o\.jpg does not exist"):
        refocus(frames / "0.png", tmp_path / "none" / "o.jpg", model=Flat())
