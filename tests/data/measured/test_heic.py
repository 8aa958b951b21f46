import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rackfocus.data.measured.heic import HEICDisparity, _reduce
from rackfocus.types import InputError


@pytest.fixture
def heif():
    return pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")


def write_plain(heif, path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    heif.from_pillow(Image.fromarray(pixels)).save(path)


class Stub:
    """Stands in for what pillow-heif reads, so that every kind of disparity can be tried."""

    def __init__(self, codes, about, image):
        self.info = {"depth_images": [self] if codes is not None else [], "metadata": about}
        self._codes, self._image, self._opened = codes, image, False

    def to_pillow(self):
        """The image first, then the codes: the same object plays both."""
        pixels = self._codes if self._opened else self._image
        self._opened = True
        return Image.fromarray(pixels)


ABOUT = {"d_min": 1.0, "d_max": 3.0, "representation_type": 1}
CODES = np.array([[0, 51, 102, 255]] * 3, np.uint8)
IMAGE = np.full((6, 8, 3), (255, 0, 128), np.uint8)


@pytest.fixture
def stubbed(tmp_path, monkeypatch):
    (tmp_path / "a.HEIC").touch()

    def make(codes=CODES, about=ABOUT, image=IMAGE):
        class Module:
            @staticmethod
            def open_heif(_path, **_options):
                return Stub(codes, about, image)

        monkeypatch.setitem(sys.modules, "pillow_heif", Module)
        return HEICDisparity(tmp_path)

    return make


def test_codes_are_linear_in_disparity(stubbed):
    samples = stubbed()
    sample = samples[0]
    assert sample.name == "a.HEIC"
    torch.testing.assert_close(sample.disparity, torch.tensor([[[1.0, 1.4, 1.8, 3.0]] * 3]))
    assert sample.image.shape == (3, 3, 4)
    torch.testing.assert_close(sample.image[:, 0, 0], torch.tensor([1.0, 0.0, 128 / 255]), rtol=0, atol=1e-5)
    assert sample.valid.all()
    assert sample.unit == "relative"
    with pytest.raises(IndexError):
        samples[1]


@pytest.mark.parametrize(
    "about",
    [{}, ABOUT | {"representation_type": 0}, ABOUT | {"d_max": 1.0}, ABOUT | {"d_min": None}],
)
def test_other_kinds_of_depth_are_refused(stubbed, about):
    with pytest.raises(InputError, match=r"a\.HEIC carries depth that is not uniform disparity"):
        stubbed(about=about)[0]


def test_no_disparity_and_another_shape(stubbed):
    with pytest.raises(InputError, match=r"a\.HEIC carries no disparity"):
        stubbed(codes=None)[0]
    with pytest.raises(InputError, match=r"a\.HEIC carries a disparity of 3x4 pixels, of another shape"):
        stubbed(codes=np.ascontiguousarray(CODES.T))[0]


def test_light_is_what_is_averaged():
    image = torch.tensor([0.0, 1.0]).repeat(4).expand(3, 2, 8)
    assert _reduce(image, (1, 1)).flatten().tolist() == pytest.approx([0.7354] * 3, abs=1e-3)


def test_bad_folders_and_a_missing_package(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="nowhere"):
        HEICDisparity(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds no \.heic"):
        HEICDisparity(tmp_path)
    (tmp_path / "a.heic").touch()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match="pillow-heif"):
        HEICDisparity(tmp_path)


def test_files_that_carry_none_or_are_damaged(heif, tmp_path):
    path = tmp_path / "a.heic"
    write_plain(heif, path)
    samples = HEICDisparity(tmp_path)
    with pytest.raises(InputError, match=r"a\.heic carries no disparity"):
        samples[0]
    whole = path.read_bytes()
    for content in (b"", b"spoilt", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"a\.heic"):
            samples[0]


def test_a_real_portrait(heif, shared):  # noqa: ARG001
    (sample,) = HEICDisparity(shared / "data" / "depth" / "iphone_pug")
    assert sample.image.shape == (3, 576, 768)
    assert (sample.disparity.min().item(), sample.disparity.max().item()) == (1.498046875, 4.3828125)
    # The cushion in the corner is nearer than the dog, the dog nearer than the wall.
    cushion, dog, wall = (sample.disparity[0, y, x].item() for y, x in ((500, 740), (400, 320), (100, 400)))
    assert cushion > dog > wall


def test_a_portrait_that_is_turned(heif, shared, tmp_path):  # noqa: ARG001
    """Its `irot` box says by how many quarters, for the picture and its disparity."""
    content = bytearray((shared / "data" / "depth" / "iphone_pug" / "pug.heic").read_bytes())
    content[content.index(b"irot") + 4] = 3  # to the left
    (tmp_path / "turned.heic").write_bytes(content)
    (turned,) = HEICDisparity(tmp_path)
    (upright,) = HEICDisparity(shared / "data" / "depth" / "iphone_pug")
    assert torch.equal(turned.disparity, upright.disparity.rot90(3, (-2, -1)))
    assert (turned.image - upright.image.rot90(3, (-2, -1))).abs().mean() < 1e-3
