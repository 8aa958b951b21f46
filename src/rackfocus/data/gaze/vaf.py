"""VAF: videos with annotated new focus targets, one JSON file for each video (`rackfocus.load_annotation`).

    <root>/video/001.AVI                    with the maps of DHF1K in <root>/annotation, if available
    <annotations>/<split>/0001.json         of the video named 001.AVI, which may also be in this folder

The paper's own annotation was never published. `video` may also contain videos that are not of DHF1K; these
have targets and no fixations.
"""

import re
from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.gaze.dhf1k import GazeMaps, GazeVideo, gaze_video, read_gaze
from rackfocus.data.gaze.focus_clip import (
    PAPER_SAMPLING_FPS,
    FocusClip,
    Sampling,
    clip_targets,
    target_frames,
)
from rackfocus.data.video_frames import read_frames
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.focus.decisions import decisions
from rackfocus.types import FocusAnnotation, FocusTarget, InputError, MissingSplit

_DHF1K_NAME = re.compile(r"(\d{3,4})\.AVI")


class Vaf(Dataset[FocusClip]):
    """Clips of annotated videos: frames, new focus targets, and gaze, if available.

    `rackfocus.focus.decisions` selects the targets that count: a user's replace automatic ones.

    Args:
        root: the folder that contains `video`, if the videos are not beside the annotations, and `annotation`
            for DHF1K's videos.
        annotations: the folder with a folder of JSON files for each split.
        split: the name of that folder: `train`, `validation` or `test`.
        window: frames in a clip; a shorter video gives a shorter clip.
        stride: sampled frames between the starts of successive clips.
        sampling_fps: sampled frames for each second of video; 6 is every fifth frame, as in the paper.
        longer_side_px: size of the frames; the aspect ratio is kept.

    Raises:
        InputError: a folder is missing, there is no annotation, or one is invalid; on access, a file is
            missing or damaged.
    """

    def __init__(
        self,
        root: str | Path,
        annotations: str | Path,
        split: str,
        *,
        window: int = 20,
        stride: int = 5,
        sampling_fps: float = PAPER_SAMPLING_FPS,
        longer_side_px: int = 384,
    ) -> None:
        self.root = Path(root)
        folder = Path(annotations) / split
        files = sorted(folder.glob("*.json")) if folder.is_dir() else []
        if not files:
            raise MissingSplit(f"{folder} holds no annotation such as 0001.json; see datasets/vaf/README.md.")
        self.annotations = [load_annotation(file) for file in files]
        self.videos = [
            self._video(file, annotation.video.name)
            for file, annotation in zip(files, self.annotations, strict=True)
        ]
        self.sampling = Sampling(window, stride, sampling_fps)
        self.clips = [
            (path, annotation, clip)
            for path, annotation in zip(self.videos, self.annotations, strict=True)
            for clip in self.sampling.windows(annotation.video.frames, annotation.video.fps)
        ]
        self.longer_side_px = longer_side_px

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> FocusClip:
        path, annotation, indices = self.clips[index]
        video = annotation.video
        source = (video.height, video.width)
        read = read_frames(path, indices, longer_side_px=self.longer_side_px)
        if read.source_size != source:
            raise InputError(
                f"{path} is {read.source_size[1]}x{read.source_size[0]} pixels where its annotation says "
                f"{video.width}x{video.height}; it is another video."
            )
        size = (read.frames.shape[2], read.frames.shape[3])
        gaze = self._gaze(video.name, indices, source, size)
        frames = self.sampling.frames(video.frames, video.fps)
        at = target_frames(_new_targets(annotation), frames)
        return FocusClip(
            name=f"{Path(video.name).stem}/{indices[0]:06d}",
            frames=read.frames,
            frame_indices=indices,
            times_s=tuple(frame / video.fps for frame in indices),
            source_size=source,
            fixations=None if gaze is None else gaze.fixations,
            fixation_maps=None if gaze is None else gaze.fixation_maps,
            focus_regions=None if gaze is None else gaze.focus_regions,
            targets=clip_targets(at, indices, source=source, size=size),
        )

    def _video(self, annotation: Path, name: str) -> Path:
        """The video of an annotation: in the same folder, or else in the folder of all videos."""
        beside, folder = annotation.with_name(name), self.root / "video"
        if not beside.is_file() and not folder.is_dir():
            raise InputError(f"{folder} is no folder; set data.root to the folder of DHF1K.")
        return beside if beside.is_file() else folder / name

    def _gaze(
        self, name: str, indices: tuple[int, ...], source: tuple[int, int], size: tuple[int, int]
    ) -> GazeMaps | None:
        """Gaze; `None` for a video that is not of DHF1K, or without maps."""
        number = _DHF1K_NAME.fullmatch(name)
        video: GazeVideo | None = gaze_video(self.root, int(number[1])) if number else None
        return None if video is None else read_gaze(video, indices, source=source, size=size)


def _new_targets(annotation: FocusAnnotation) -> tuple[FocusTarget, ...]:
    """The targets that count at their own frame; an earlier target that resumes later is not new."""
    return tuple(each.target for each in decisions(annotation.targets) if each.start == each.target.t)
