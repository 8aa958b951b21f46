"""The pictures to be labelled by a teacher model: photographs of a folder, and frames of its videos."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from rackfocus.data.evaluation_files import existing_folder, list_files
from rackfocus.data.video_frames import working_size
from rackfocus.types import InputError
from rackfocus.video.random_access import RandomAccess
from rackfocus.video.stills import STILL_SUFFIXES, read_picture

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"})

Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class StillPicture:
    """One photograph; `names` has its name, `<folder>/<stem>`."""

    names: tuple[str, ...]
    path: Path

    def pictures(self, wanted: Container[str], longer_side_px: int) -> Iterator[tuple[str, Picture]]:
        """Names and encoded sRGB of the wanted pictures, reduced to this longer side if they are larger.

        Raises:
            InputError: the file is damaged.
        """
        for name in self.names:
            if name in wanted:
                rgb = read_picture(self.path).numpy().transpose(1, 2, 0)
                yield name, _reduced(np.round(255 * rgb).astype(np.uint8), longer_side_px)


@dataclass(frozen=True)
class ClipFrames:
    """Frames of one video by increasing indices, with the name `<folder>/<stem>_<index>` of each."""

    names: tuple[str, ...]
    path: Path
    indices: tuple[int, ...]

    def pictures(self, wanted: Container[str], longer_side_px: int) -> Iterator[tuple[str, Picture]]:
        """See `StillPicture.pictures`."""
        with RandomAccess(self.path, height_px=longer_side_px) as video:
            for name, index in zip(self.names, self.indices, strict=True):
                if name in wanted:
                    yield name, _reduced(video.read(index)[-1][1], longer_side_px)


def teaching_pictures(
    folders: Sequence[str | Path], *, frames_per_clip: int
) -> list[StillPicture | ClipFrames]:
    """All photographs and videos directly in these folders, in order; of each video `frames_per_clip` frames.

    Frames are evenly spaced; of a shorter video all are taken. The folders' last names become the first part
    of the names of the pictures.

    Raises:
        InputError: a folder is missing or has neither, two pictures have the same name, or a video is
            damaged.
    """
    if frames_per_clip < 1:
        raise InputError(f"frames_per_clip must be 1 or more, and is {frames_per_clip}.")
    sources: list[StillPicture | ClipFrames] = []
    owners: dict[str, Path] = {}
    for given in folders:
        folder = existing_folder(given)
        files = list_files(folder, STILL_SUFFIXES | VIDEO_SUFFIXES)
        if not files:
            raise InputError(f"{folder} holds no photograph and no video; name a folder that does.")
        for file in files:
            stem = f"{folder.resolve().name}/{file.stem}"
            if stem in owners:
                raise InputError(f"{file} and {owners[stem]} have the same name; rename one of them.")
            owners[stem] = file
            sources.append(_clip(stem, file, frames_per_clip) if _is_video(file) else _still(stem, file))
    return sources


def _is_video(file: Path) -> bool:
    return file.suffix.lower() in VIDEO_SUFFIXES


def _still(stem: str, file: Path) -> StillPicture:
    return StillPicture((stem,), file)


def _clip(stem: str, file: Path, frames: int) -> ClipFrames:
    with RandomAccess(file, height_px=64) as video:
        count = video.count
    # In the middle of equal parts of the clip, because first and last frames are often black.
    kept = min(frames, count)
    indices = tuple((2 * part + 1) * count // (2 * kept) for part in range(kept))
    return ClipFrames(tuple(f"{stem}_{index:05d}" for index in indices), file, indices)


def _reduced(picture: Picture, longer_side_px: int) -> Picture:
    if max(picture.shape) <= longer_side_px:
        return np.ascontiguousarray(picture)
    height, width = working_size(picture.shape[:2], longer_side_px)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
