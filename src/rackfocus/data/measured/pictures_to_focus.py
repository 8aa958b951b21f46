"""Photographs and video frames with the position of their subject, for visual inspection after refocusing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder
from rackfocus.data.evaluation_samples import PictureToFocus
from rackfocus.optics.radiometry import TRANSFER_CURVES, linear_to_srgb
from rackfocus.types import InputError
from rackfocus.video import open_video


@dataclass(frozen=True)
class PictureWithPoint:
    """A still picture, or a frame of a video, relative to the root, and the position to focus on in its
    pixels.
    """

    file: str
    x: float
    y: float
    frame: int = 0


class PicturesToFocus(Dataset[PictureToFocus]):
    """The listed pictures of a folder.

    Raises:
        InputError: there is no such folder; on access, a picture or frame cannot be read, or its point lies
            outside it.
    """

    def __init__(self, root: str | Path, pictures: Sequence[PictureWithPoint]) -> None:
        self.root = existing_folder(root)
        self.pictures = list(pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> PictureToFocus:
        chosen = self.pictures[index]
        path = self.root / chosen.file
        with open_video(path) as video:
            found = next(iter(video.frames(chosen.frame, chosen.frame + 1)), None)
        if found is None:
            raise InputError(f"{path} has no frame {chosen.frame}; set frame lower.")
        decode, _ = TRANSFER_CURVES[found.transfer.value]
        height, width = found.encoded.shape[1:]
        if not (0 <= chosen.x < width and 0 <= chosen.y < height):
            raise InputError(
                f"({chosen.x:g}, {chosen.y:g}) lies outside of {path}, which is {width}x{height}."
            )
        name = path.stem if chosen.frame == 0 else f"{path.stem}, frame {chosen.frame}"
        return PictureToFocus(name, linear_to_srgb(decode(found.encoded)).clamp(0, 1), (chosen.x, chosen.y))
