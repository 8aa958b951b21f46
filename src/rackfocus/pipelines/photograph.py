"""Write one frame as a photograph, with the EXIF data and the colour profile of its source."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import OpenEXR
import torch
from jaxtyping import Float
from PIL import ExifTags, Image
from torch import Tensor

from rackfocus.optics.radiometry import TRANSFER_CURVES
from rackfocus.reading.damage import DAMAGE
from rackfocus.reading.pictures import opened_picture
from rackfocus.types import InputError
from rackfocus.video import Frame, Transfer, VideoReader
from rackfocus.video.encode import check_place
from rackfocus.whole_files import whole_file

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".heic": "HEIF", ".exr": "EXR"}
"""The kinds of photographs, by the suffix of the file. EXR holds linear light, display white = 1."""

QUALITY = {"JPEG": {"quality": 95, "subsampling": 0}, "PNG": {}, "HEIF": {"quality": 90}}
"""Settings of the encoders: no loss is visible, and colour has the resolution of brightness."""


def is_photograph(path: Path) -> bool:
    """Whether a file of this name is a photograph."""
    return path.suffix.lower() in FORMATS


def check_one_frame(path: Path, source: VideoReader, first: int, last: int | None) -> None:
    """Check that a photograph can be made of these frames of a source.

    Raises:
        InputError: there are several, or the file cannot be written.
    """
    count = (source.info.frames if last is None else last) or first + 1
    if count - first > 1:
        raise _too_many(path, source)
    try:
        check_place(path, source.path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _too_many(path: Path, source: VideoReader) -> InputError:
    return InputError(
        f"{path} holds one picture, and {source.path} has more; end its name in .mp4, or choose a picture, "
        "as by frames=0:1."
    )


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path} cannot be written ({error.strerror or error}); choose another place or name.")


class PhotographWriter:
    """A photograph made of one frame of `source`; used like `VideoWriter`.

    Pixels are written upright, and the EXIF data say so.

    Args:
        path: `.jpg`, `.png`, `.heic` or `.exr`; an existing file is replaced.
        source: the reader that the frame comes from.

    Raises:
        InputError: the file cannot be written, a package is missing, or there is more than one frame.
    """

    def __init__(self, path: Path, source: VideoReader) -> None:
        self.path, self.frames_written = path, 0
        self._source = source
        self._kind = FORMATS[path.suffix.lower()]
        self._picture: tuple[Frame, Tensor] | None = None
        if self._kind == "HEIF":
            _register_heif()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or self._picture is None:
            return
        try:
            with whole_file(self.path) as draft:
                self._save(draft, *self._picture)
                self._source.check_unchanged()
        except OSError as failure:
            raise _unwritable(self.path, failure) from failure

    def write(self, frame: Frame, encoded: Float[Tensor, "3 height width"]) -> None:
        """Take the frame.

        Args:
            frame: the frame of the source.
            encoded: R'G'B' by the frame's transfer function, upright.

        Raises:
            InputError: it is the second one.
        """
        if self._picture is not None:
            raise _too_many(self.path, self._source)
        self._picture = frame, encoded.float().cpu()
        self.frames_written = 1

    def _save(self, path: Path, frame: Frame, encoded: Tensor) -> None:
        decode, _ = TRANSFER_CURVES[frame.transfer.value]
        if self._kind == "EXR":
            light = decode(encoded).clamp(0, 65504).permute(1, 2, 0).numpy().astype(np.float16)
            header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
            with OpenEXR.File(header, {"RGB": np.ascontiguousarray(light)}) as file:
                file.write(str(path))
            return
        if frame.transfer is not Transfer.SRGB:
            _, encode = TRANSFER_CURVES[Transfer.SRGB.value]
            encoded = encode(decode(encoded))
        codes = (encoded.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        image = Image.fromarray(codes)
        image.save(path, self._kind, **QUALITY[self._kind], **_belongings(self._source.path, image.size))


def _belongings(source: Path, size: tuple[int, int]) -> dict[str, Any]:
    """The EXIF data and the colour profile of a photograph, for a copy of this width and height, upright."""
    try:
        with opened_picture(source) as given:
            exif, profile, mode = given.getexif(), given.info.get("icc_profile"), given.mode
            details = exif.get_ifd(ExifTags.IFD.Exif)
    except DAMAGE:  # No photograph, or one that says nothing that can be read.
        return {}
    found: dict[str, Any] = {}
    # The profile of grey or CMYK pixels does not fit RGB.
    if profile and mode in ("RGB", "RGBA", "P"):
        found["icc_profile"] = profile
    if exif:
        if ExifTags.Base.Orientation in exif:
            exif[ExifTags.Base.Orientation] = 1
        for tag, side in zip(
            (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight), size, strict=True
        ):
            if tag in details:
                details[tag] = side
        found["exif"] = exif.tobytes()
    return found


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise InputError(
            'HEIC pictures need the package pillow-heif; install it with `pip install "rackfocus[heic]"`.'
        ) from error
    pillow_heif.register_heif_opener()
