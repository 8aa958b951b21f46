"""NYU Depth V2: indoor pictures with the depth of a Kinect."""

from pathlib import Path

import torch
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, read_codes
from rackfocus.data.evaluation_samples import DisparitySample, require_size
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

_SIZE = (480, 640)
_ROWS, _COLUMNS = slice(45, 471), slice(41, 601)
"""The part that both cameras see (560x426), as the data set's toolbox crops it: without the white frame from
undistortion and without the border that has no depth."""


class NYUv2(Dataset[DisparitySample]):
    """The pictures `rgb_<n>.jpg` of a folder and, from `sync_depth_<n>.png` (16-bit millimetres), inverse
    depth.

    Args:
        root: a scene's folder, or a folder that contains scenes at any depth, such as `official_splits/test`.

    Raises:
        InputError: there is no such folder, or no picture in it; on access, a file is missing, damaged, or
            not
            640x480 pixels.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = existing_folder(root)
        depths = self.root.rglob("sync_depth_*.png")
        beside = {
            path.with_name(path.name.replace("sync_depth_", "rgb_", 1)).with_suffix(".jpg") for path in depths
        }
        self.pictures = sorted(beside | set(self.root.rglob("rgb_*.jpg")))
        if not self.pictures:
            raise InputError(f"{self.root} holds no rgb_<n>.jpg; set data.root to a folder of NYUv2 scenes.")

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> DisparitySample:
        path = self.pictures[index]
        image = read_picture(path)
        if tuple(image.shape[-2:]) != _SIZE:
            raise InputError(f"{path} must be {_SIZE[1]}x{_SIZE[0]} pixels; get the data set again.")
        depth_path = path.with_name(path.name.replace("rgb_", "sync_depth_", 1)).with_suffix(".png")
        millimetres = read_codes(depth_path, 16)
        require_size(depth_path, millimetres, image, path)
        millimetres = millimetres[:, _ROWS, _COLUMNS]
        valid = millimetres > 0
        return DisparitySample(
            name=f"{path.parent.resolve().name}/{path.stem}",
            image=image[:, _ROWS, _COLUMNS].contiguous(),
            disparity=torch.where(valid, 1000.0 / millimetres.clamp_min(1), 0.0),
            valid=valid,
            unit="1/m",
        )
