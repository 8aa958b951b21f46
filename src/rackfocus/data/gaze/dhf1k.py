"""DHF1K: a thousand videos, of which seven hundred have the published gaze of seventeen viewers, by frame.

Two layouts are read, distinguished by whether there is a folder `video`:

    published                               unpacked for ACLNet and ViNet
    video/001.AVI                           0001/images/0001.png (or .jpg)
    annotation/0001/maps/0001.png           0001/maps/0001.png
    annotation/0001/fixation/0001.png       0001/fixation/maps/0001.png, .mat, or 0001/fixation/0001.png
    annotation/0001/fixation/maps/0001.mat
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import (
    as_density,
    counted_points,
    fixation_counts,
    focus_region,
    resized_map,
    resized_points,
)
from rackfocus.data.gaze.focus_clip import PAPER_SAMPLING_FPS, FocusClip, Sampling
from rackfocus.data.gaze.mat_masks import read_mat_mask
from rackfocus.data.video_frames import FramesRead, read_frames, small_picture
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError, MissingSplit
from rackfocus.video.stills import read_picture

FPS = 30.0
"""Frame rate of all videos."""

SPLITS = {"train": range(1, 601), "validation": range(601, 701)}
"""The numbers of the videos. The annotation of 701 to 1000, the test set, is not published."""

_PICTURES = {".png", ".jpg", ".jpeg"}


@dataclass(frozen=True)
class GazeVideo:
    """One annotated video on disk, named by four digits such as `0001`. Files are numbered from 1.

    `source` is the video, or the folder of its frames; `frames` is the highest number in the folder of maps;
    masks are `.png` or `.mat`.
    """

    name: str
    frames: int
    source: Path
    maps: Path
    masks: Path
    mask_suffix: str

    def read(self, indices: Sequence[int], longer_side_px: int) -> FramesRead:
        """Frames by their index from 0.

        Raises:
            InputError: a file is missing or damaged, or frames differ in size.
        """
        if not self.source.is_dir():
            return read_frames(self.source, indices, longer_side_px=longer_side_px)
        pictures = [read_picture(self._frame_file(index)) for index in indices]
        for index, picture in zip(indices, pictures, strict=True):
            if picture.shape != pictures[0].shape:
                raise InputError(_wrong_size(self._frame_file(index), picture, tuple(pictures[0].shape[1:])))
        small = torch.stack([small_picture(picture, longer_side_px) for picture in pictures])
        return FramesRead(small, (pictures[0].shape[1], pictures[0].shape[2]))

    def density(self, index: int, source_size: tuple[int, int]) -> Float[Tensor, "1 height width"]:
        """The density map of a frame, in the size of the video; sums to 1, or is zero without fixations.

        Raises:
            InputError: the file is missing, damaged or of another size than the video.
        """
        file = self.maps / f"{index + 1:04d}.png"
        gray = _read_gray(file)
        if gray.shape[1:] != source_size:
            raise InputError(_wrong_size(file, gray, source_size))
        return as_density(gray)

    def points(self, index: int, source_size: tuple[int, int]) -> Float[Tensor, "point 2"]:
        """The fixated pixels of a frame.

        Raises:
            InputError: the file is missing, damaged or of another size than the video.
        """
        file = self.masks / f"{index + 1:04d}{self.mask_suffix}"
        if self.mask_suffix == ".mat":
            mask = torch.from_numpy(read_mat_mask(file).astype("float32"))[None]
        else:
            mask = (_read_gray(file) > 0.5).float()
        if mask.shape[1:] != source_size:
            raise InputError(_wrong_size(file, mask, source_size))
        return counted_points(mask)

    def _frame_file(self, index: int) -> Path:
        file = self.source / f"{index + 1:04d}.png"
        return file if file.is_file() or not file.with_suffix(".jpg").is_file() else file.with_suffix(".jpg")


@dataclass(frozen=True)
class GazeMaps:
    """Fixations and density maps of the frames of a clip, in the working size; see `FocusClip`."""

    fixations: Float[Tensor, "frame 1 height width"]
    fixation_maps: Float[Tensor, "frame 1 height width"]
    focus_regions: Float[Tensor, "frame 1 height width"]


def read_gaze(
    video: GazeVideo, indices: Sequence[int], *, source: tuple[int, int], size: tuple[int, int]
) -> GazeMaps:
    """Fixations of some frames, by their index from 0, of a video of height and width `source`; maps have
    `size`.

    Raises:
        InputError: a map or mask is missing, damaged or of another size than the video.
    """
    maps = [resized_map(video.density(index, source), size=size) for index in indices]
    points = [resized_points(video.points(index, source), source=source, size=size) for index in indices]
    return GazeMaps(
        torch.stack([fixation_counts(some, height=size[0], width=size[1]) for some in points]),
        torch.stack(maps),
        torch.stack([focus_region(density) for density in maps]),
    )


def gaze_video(root: Path, number: int) -> GazeVideo | None:
    """The video of this number, in either layout. `None`: it has no annotation.

    Raises:
        InputError: the folder of maps or of masks is empty.
    """
    name = f"{number:04d}"
    published = (root / "video").is_dir()
    folder = root / "annotation" / name if published else root / name
    if not (folder / "maps").is_dir():
        return None
    source = root / "video" / f"{number:03d}.AVI" if published else folder / "images"
    masks, suffix = folder / "fixation", ".png"
    if not _highest(masks, {suffix}):
        masks = folder / "fixation" / "maps"
        suffix = ".png" if _highest(masks, {".png"}) else ".mat"
    if not _highest(masks, {suffix}):
        raise InputError(f"{folder / 'fixation'} holds no fixation mask such as 0001.png; get it again.")
    frames = _highest(folder / "maps", _PICTURES)
    if not frames:
        raise InputError(f"{folder / 'maps'} holds no map such as 0001.png; get it again.")
    return GazeVideo(name, frames, source, folder / "maps", masks, suffix)


class Dhf1k(Dataset[FocusClip]):
    """Clips of DHF1K with gaze. Videos without annotation are left out.

    Args:
        root: the folder that contains `video` and `annotation`, or one folder for each video.
        split: `train` (1 to 600) or `validation` (601 to 700).
        window: frames in a clip; a shorter video gives a shorter clip.
        stride: sampled frames between the starts of successive clips.
        sampling_fps: sampled frames for each second of video; 6 is every fifth frame, as in the paper.
        longer_side_px: size of the frames; the aspect ratio is kept.

    Raises:
        InputError: the folder is missing or has no video of the split (`MissingSplit`); on access, a file is
            missing or damaged.
    """

    def __init__(
        self,
        root: str | Path,
        split: str,
        *,
        window: int = 20,
        stride: int = 5,
        sampling_fps: float = PAPER_SAMPLING_FPS,
        longer_side_px: int = 384,
    ) -> None:
        if split not in SPLITS:
            raise InputError(f"DHF1K has no annotated split {split!r}; take train or validation.")
        root = Path(root)
        if not root.is_dir():
            raise InputError(f"{root} is no folder; set data.root to the folder of DHF1K.")
        found = (gaze_video(root, number) for number in SPLITS[split])
        self.videos = [video for video in found if video is not None]
        if not self.videos:
            first, last = SPLITS[split][0], SPLITS[split][-1]
            raise MissingSplit(
                f"{root} holds no annotated video {first:04d} to {last:04d}, neither as "
                f"annotation/{first:04d}/maps beside video/{first:03d}.AVI nor as {first:04d}/maps; "
                "see datasets/dhf1k/README.md."
            )
        sampling = Sampling(window, stride, sampling_fps)
        self.clips = [(video, clip) for video in self.videos for clip in sampling.windows(video.frames, FPS)]
        self.longer_side_px = longer_side_px

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FocusClip:
        video, indices = self.clips[index]
        read = video.read(indices, self.longer_side_px)
        size = (read.frames.shape[2], read.frames.shape[3])
        gaze = read_gaze(video, indices, source=read.source_size, size=size)
        return FocusClip(
            name=f"{video.name}/{indices[0]:06d}",
            frames=read.frames,
            frame_indices=indices,
            times_s=tuple(frame / FPS for frame in indices),
            source_size=read.source_size,
            fixations=gaze.fixations,
            fixation_maps=gaze.fixation_maps,
            focus_regions=gaze.focus_regions,
        )


def _highest(folder: Path, suffixes: set[str]) -> int:
    """The highest number among the files of a folder; 0: there are none."""
    if not folder.is_dir():
        return 0
    numbers = (int(file.stem) for file in folder.iterdir() if file.suffix in suffixes and file.stem.isdigit())
    return max(numbers, default=0)


def _read_gray(file: Path) -> Float[Tensor, "1 height width"]:
    """A gray picture, 0..1, read by OpenCV, which is faster than the colour-accurate reader."""
    if not file.is_file():
        raise InputError(f"{file} is missing; get the data set again.")
    broken = "is not an image that can be read, or it is damaged; get it again."
    gray = read_pixels(file, cv2.IMREAD_GRAYSCALE, broken)
    return torch.from_numpy(gray)[None].float() / 255


def _wrong_size(file: Path, picture: Tensor, size: tuple[int, ...]) -> str:
    return (
        f"{file} is {picture.shape[2]}x{picture.shape[1]} pixels where the video has {size[1]}x{size[0]}; "
        "get it again."
    )
