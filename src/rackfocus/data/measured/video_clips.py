"""Videos without labels, on which the temporal stability of predictions is measured."""

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.evaluation_samples import VideoSample
from rackfocus.data.video_frames import read_frames
from rackfocus.types import InputError


class VideoClips(Dataset[VideoSample]):
    """Successive frames of each of some videos, from the index `first` on, reduced to this longer side.

    Raises:
        InputError: fewer than two frames are asked for, or there is no video; on access, a video is missing,
            damaged or too short.
    """

    def __init__(
        self, files: Sequence[str | Path], *, first: int = 0, frames: int = 24, longer_side_px: int = 640
    ) -> None:
        if not files:
            raise InputError("There is no video to take frames of; name one in files.")
        if first < 0 or frames < 2:
            raise InputError(f"first must be 0 or more and frames 2 or more; they are {first} and {frames}.")
        self.files = [Path(file) for file in files]
        self.indices = range(first, first + frames)
        self.longer_side_px = longer_side_px

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> VideoSample:
        path = self.files[index]
        read = read_frames(path, self.indices, longer_side_px=self.longer_side_px)
        return VideoSample(path.stem, read.frames)
