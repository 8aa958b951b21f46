"""7-Scenes: frames of a hand-held Kinect with depth and camera poses (Shotton et al. 2013)."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, folders_below, read_codes
from rackfocus.data.evaluation_samples import Camera, PosedClip, require_size
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

_INTRINSICS = ((585.0, 0.0, 320.0), (0.0, 585.0, 240.0), (0.0, 0.0, 1.0))
"""Published for 640x480; used if there is no `camera-intrinsics.txt`."""
_NO_DEPTH = (0, 65535)


class SevenScenes(Dataset[PosedClip]):
    """Clips of successive frames without overlap; the last clip of a sequence may be shorter.

    A sequence is a folder of `frame-<n>.color.png` (or `.jpg`), `frame-<n>.depth.png` (16-bit millimetres, 0
    or 65535 where unknown), `frame-<n>.pose.txt` (4x4, camera to world), and optionally
    `camera-intrinsics.txt` (3x3).

    Args:
        root: a sequence's folder, or a folder that contains sequences at any depth.
        clip_frames: number of frames in a clip.

    Raises:
        InputError: there is no such folder, or no frame in it; on access, a file is missing, damaged, of
            another size than the picture, or holds no rigid pose.
    """

    def __init__(self, root: str | Path, *, clip_frames: int = 10) -> None:
        if clip_frames < 1:
            raise InputError(f"clip_frames must be at least 1, and is {clip_frames}.")
        self.root = existing_folder(root)
        self.clips: list[list[Path]] = []
        for folder in folders_below(self.root):
            frames = _frames(folder)
            self.clips += [frames[i : i + clip_frames] for i in range(0, len(frames), clip_frames)]
        if not self.clips:
            raise InputError(
                f"{self.root} holds no frame-<n>.color.png; set data.root to a folder of 7-Scenes sequences."
            )

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> PosedClip:
        frames = self.clips[index]
        folder = frames[0].parent
        intrinsics = _read_intrinsics(folder / "camera-intrinsics.txt")
        images: list[Tensor] = []
        depths: list[Tensor] = []
        cameras = []
        for path in frames:
            stem = path.name.split(".", 1)[0]
            image = read_picture(path)
            require_size(path, image, images[0] if images else image, frames[0])
            depth_path = path.with_name(f"{stem}.depth.png")
            millimetres = read_codes(depth_path, 16)
            require_size(depth_path, millimetres, image, path)
            images.append(image)
            depths.append(torch.where(millimetres == _NO_DEPTH[1], _NO_DEPTH[0], millimetres) / 1000.0)
            cameras.append(Camera(intrinsics, _read_pose(path.with_name(f"{stem}.pose.txt"))))
        depth = torch.stack(depths)
        first, last = (path.name.split(".", 1)[0] for path in (frames[0], frames[-1]))
        return PosedClip(
            name=f"{folder.resolve().name}/{first}..{last.removeprefix('frame-')}",
            images=torch.stack(images),
            depth=depth,
            valid=depth > 0,
            cameras=tuple(cameras),
        )


def _frames(folder: Path) -> list[Path]:
    """The colour pictures of all frames of which at least one file exists."""
    stems = {path.name.split(".", 1)[0] for path in folder.glob("frame-*.*.*")}
    jpegs = {path.name.split(".", 1)[0] for path in folder.glob("frame-*.color.jpg")}
    return [folder / f"{stem}.color.{'jpg' if stem in jpegs else 'png'}" for stem in sorted(stems)]


def _read_pose(path: Path) -> Float[Tensor, "4 4"]:
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again.")
    pose = _read_matrix(path, 4)
    turn = pose[:3, :3]
    # Lost tracking is stored as infinities; the inverse of a rotation is its transpose.
    if not torch.isfinite(pose).all() or (turn @ turn.T - torch.eye(3)).abs().max() > 0.01 or turn.det() < 0:
        raise InputError(f"{path} holds no rigid pose; leave its frame out.")
    return pose


def _read_intrinsics(path: Path) -> Float[Tensor, "3 3"]:
    if not path.exists():
        return torch.tensor(_INTRINSICS)
    intrinsics = _read_matrix(path, 3)
    if not torch.isfinite(intrinsics).all() or intrinsics[0, 0] <= 0 or intrinsics[1, 1] <= 0:
        raise InputError(f"{path} holds no intrinsics of a camera; get the data set again.")
    return intrinsics


def _read_matrix(path: Path, size: int) -> Tensor:
    try:
        rows = [
            [float(number) for number in line.split()]
            for line in path.read_text().splitlines()
            if line.strip()
        ]
        matrix = np.array(rows, dtype=np.float32)
        if matrix.shape != (size, size):
            raise ValueError("another shape")
    except ValueError as error:
        raise InputError(f"{path} must hold {size}x{size} numbers; get the data set again.") from error
    return torch.from_numpy(matrix)
