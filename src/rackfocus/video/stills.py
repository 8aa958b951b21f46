"""Frames from images: one file, or a folder with one numbered sequence."""

import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from jaxtyping import Float
from PIL import ExifTags
from torch import Tensor

from rackfocus.reading.damage import DAMAGE, reading
from rackfocus.reading.limits import decoder_limit, require_pixels
from rackfocus.reading.pictures import opened_picture, picture_size
from rackfocus.types import InputError
from rackfocus.video.decoding.coded import Coded
from rackfocus.video.decoding.container import open_file
from rackfocus.video.reader import VideoReader, file_states
from rackfocus.video.source import EXIF_ORIENTATIONS, Look, Orientation, VideoInfo, look_of

STILL_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})

_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")


class StillsReader(VideoReader):
    """A folder of images of one size, numbered without gaps, or a single image; sRGB, at a constant rate."""

    def __init__(self, path: Path, *, fps: float | Fraction = 24) -> None:
        if not 1e-3 <= fps < 1e4:
            raise InputError(f"fps must be at least 0.001 and below 10000, and is {fps}.")
        rate = Fraction(fps).limit_denominator(1001)
        files = numbered_images(path) if path.is_dir() else [path]
        opened = file_states(files)
        picture, codec = _read(files[0])
        look = _look(picture, files[0], codec)
        info = VideoInfo(
            width=look.width,
            height=look.height,
            frames=len(files),
            fps=rate,
            time_base=1 / rate,
            duration_s=float(len(files) / rate),
            orientation=Orientation(),
            colour=look.colour,
            transfer=look.transfer,
            has_audio=False,
        )
        super().__init__(path, info, look, opened)

    def coded(self) -> Iterator[Coded]:
        for index, file in enumerate(self._files):
            yield Coded(_read(file)[0], index, 1)


def read_picture(path: Path) -> Float[Tensor, "3 height width"]:
    """One picture as it is displayed: encoded sRGB in 0..1, upright.

    Raises:
        InputError: the file is missing, no picture, or damaged.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again, or name another file.")
    picture, codec = _read(path)
    return _look(picture, path, codec).rgb(picture)


def _look(picture: av.VideoFrame, file: Path, codec: str) -> Look:
    orientation = None
    with suppress(*DAMAGE), opened_picture(file) as opened:
        code = opened.getexif().get(ExifTags.Base.Orientation, 1)
        orientation = EXIF_ORIENTATIONS[code - 1] if code in range(1, 9) else Orientation()
    return look_of(picture, str(file), codec, still=True, orientation=orientation)


def numbered_images(folder: Path) -> list[Path]:
    """The images of a folder, ordered by the last number in their names.

    Raises:
        InputError: there is no image, names differ in more than the number, or a number is missing.
    """
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in STILL_SUFFIXES and not file.name.startswith(".")
    ]
    if not files:
        kinds = " ".join(sorted(STILL_SUFFIXES))
        raise InputError(
            f"{folder} holds no image; a folder of frames holds files such as 0001.png ({kinds})."
        )
    shapes = {
        _LAST_NUMBER.sub("#", file.name[: -len(file.suffix)]) + file.suffix: file.name for file in files
    }
    if len(shapes) > 1:
        first, second = sorted(shapes.values())[:2]
        raise InputError(
            f"{folder} holds images named in several ways, such as {first} and {second}; put one sequence, "
            "numbered like 0001.png, in a folder of its own."
        )
    numbers = {int(found[1]): file for file in files if (found := _LAST_NUMBER.search(file.stem))}
    ordered = sorted(numbers)
    # A sequence may count in steps, but they must be equal.
    step = min((after - before for before, after in pairwise(ordered)), default=1)
    for before, after in pairwise(ordered):
        if after - before != step:
            between = f"{numbers[before].name} and {numbers[after].name}"
            raise InputError(f"{folder} has no frame {before + step} between {between}; add or renumber it.")
    return [numbers[number] for number in ordered] or files


def is_animated(file: Path) -> bool:
    """Whether a PNG or WebP holds an animation, by its header (the PNG and WebP container specifications)."""
    with suppress(OSError), file.open("rb") as data:
        head = data.read(32)
        if head.startswith(b"RIFF") and head[8:16] == b"WEBPVP8X":
            return bool(head[20] & 2)
        if head.startswith(b"\x89PNG"):
            data.seek(8)
            # An animation says so before its first picture.
            while len(chunk := data.read(8)) == 8 and chunk[4:] != b"IDAT":
                if chunk[4:] == b"acTL":
                    return True
                data.seek(int.from_bytes(chunk[:4], "big") + 4, 1)
    return False


def _read(file: Path) -> tuple[av.VideoFrame, str]:
    """One image and the name of its codec."""
    if is_animated(file):
        raise InputError(f"{file} is an animation, and one picture is needed; store its frames one by one.")
    with reading(file, "is not an image that can be read, or it is damaged; replace it."):
        if size := picture_size(file):
            require_pixels(file, size[1], size[0])
        # Of kinds that Pillow does not know.
        options = decoder_limit()
        with open_file(file) as container:
            stream = container.streams.video[0]
            if stream.codec_context.name in ("mjpeg", "png"):  # Others then reject undamaged files.
                options["err_detect"] = "explode"
            stream.codec_context.options = options
            picture = next(container.decode(stream), None)
            if picture is None or picture.is_corrupt:
                raise ValueError("no whole picture")
            return picture, stream.codec_context.name
