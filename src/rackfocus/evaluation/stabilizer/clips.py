"""The clips for evaluating stabilisers: frames, the motion between them, and ground truth."""

import dataclasses
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from rackfocus.data.measured.rigid_flow import rigid_flow
from rackfocus.data.measured.seven_scenes import SevenScenes
from rackfocus.reading.pictures import read_pixels
from rackfocus.scenes.files import read_disparity
from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.flow.consistency import consistent
from rackfocus.video.flow.optical_flow import OpticalFlow

DELTA_PX = 1.0

Frames = list[UInt8[np.ndarray, "height width 3"]]


@dataclass(frozen=True)
class Motion:
    """Flow to the next frame in pixels, and where it is known and the point is visible in both frames."""

    flow: Float[Tensor, "2 height width"]
    visible: Bool[Tensor, "height width"]


@dataclass(frozen=True)
class PosedDepth:
    """Ground truth of a static scene: depth in metres (0: unknown) for each frame, the camera's intrinsics,
    and the motions from each camera's coordinates to the next one's.
    """

    depth: list[Float[Tensor, "1 height width"]]
    intrinsics: Float[Tensor, "3 3"]
    motions: list[Float[Tensor, "4 4"]]


@dataclass(frozen=True)
class Clip:
    """Successive frames with ground truth.

    Attributes:
        name: for tables.
        frames: encoded RGB in 0..255.
        motions: between them, by a flow method other than the stabiliser's, or the true ones.
        masks: of a moving subject, one for each frame. `None`: unknown.
        posed: depth and poses. `None`: unknown.
        disparity: the true one in pixels, one map for each frame; 0 in the focal plane. `None`: unknown.
    """

    name: str
    frames: Frames
    motions: list[Motion]
    masks: list[Bool[Tensor, "height width"]] | None = None
    posed: PosedDepth | None = None
    disparity: list[Float[Tensor, "1 height width"]] | None = None


class VideoClip:
    """Frames of a video or of a folder of pictures.

    Args:
        path: of the video.
        first: index of the first frame.
        masks: a folder of pictures, one for each frame of the whole video, above 0 on the subject.
    """

    def __init__(self, path: str | Path, *, first: int = 0, masks: str | Path | None = None) -> None:
        self.path = Path(path)
        self.first = first
        self.masks = None if masks is None else Path(masks)

    def read(self, name: str, *, frames: int, longer_side_px: int, flow: OpticalFlow) -> Clip:
        """The clip, reduced to a size; `flow` computes the motion.

        Raises:
            InputError: the video cannot be read, or has fewer than two such frames, or a mask is missing.
        """
        found = []
        with open_video(self.path) as video:
            for frame in video.frames(self.first, self.first + frames):
                codes = (frame.encoded * 255).round().byte().permute(1, 2, 0).numpy()
                found.append(_reduced(codes, longer_side_px, cv2.INTER_AREA))
        if len(found) < 2:
            raise InputError(f"{self.path} has no two frames from {self.first} on; set first lower.")
        motions = []
        for before, after in pairwise(found):
            there, back = (
                torch.from_numpy(flow(*pair)).permute(2, 0, 1) for pair in ((before, after), (after, before))
            )
            motions.append(Motion(there, consistent(there, back, DELTA_PX)))
        return Clip(name, found, motions, self._read_masks(len(found), longer_side_px))

    def _read_masks(self, count: int, longer_side_px: int) -> list[Tensor] | None:
        if self.masks is None:
            return None
        paths = sorted(self.masks.glob("*.png"))[self.first : self.first + count]
        broken = "cannot be read as a mask; get the data set again."
        pictures = [read_pixels(path, cv2.IMREAD_GRAYSCALE, broken) for path in paths]
        if len(pictures) < count:
            raise InputError(f"{self.masks} does not hold a mask for each frame; get the data set again.")
        return [
            torch.from_numpy(_reduced(picture, longer_side_px, cv2.INTER_NEAREST) > 0) for picture in pictures
        ]


class PosedVideoClip:
    """A sequence of 7-Scenes: the motion comes from depth and poses instead of a flow method."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def read(self, name: str, *, frames: int, longer_side_px: int, flow: OpticalFlow) -> Clip:  # noqa: ARG002
        """The first frames, at their own size."""
        clip = SevenScenes(self.root, clip_frames=frames)[0]
        found = [
            np.ascontiguousarray((image * 255).round().byte().permute(1, 2, 0).numpy())
            for image in clip.images
        ]
        steps = list(zip(range(len(found)), range(1, len(found)), strict=False))
        motions = []
        for one, other in steps:
            there, known = rigid_flow(clip.depth[one], clip.cameras[one], clip.cameras[other])
            back, _ = rigid_flow(clip.depth[other], clip.cameras[other], clip.cameras[one])
            motions.append(Motion(there, known[0] & consistent(there, back, DELTA_PX)))
        moved = [
            torch.linalg.solve(
                clip.cameras[other].camera_to_world.double(), clip.cameras[one].camera_to_world.double()
            )
            for one, other in steps
        ]
        posed = PosedDepth(list(clip.depth), clip.cameras[0].intrinsics, [motion.float() for motion in moved])
        return Clip(name, found, motions, posed=posed)


class RaytracedClip:
    """A ray-traced clip, a folder with `clip.mp4` and `disparity`, at its own size."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def read(self, name: str, *, frames: int, longer_side_px: int, flow: OpticalFlow) -> Clip:  # noqa: ARG002
        """The first frames; `flow` computes the motion.

        Raises:
            InputError: the clip cannot be read.
        """
        video = VideoClip(self.root / "clip.mp4")
        clip = video.read(name, frames=frames, longer_side_px=sys.maxsize, flow=flow)
        paths = (self.root / "disparity" / f"{index:04d}.png" for index in range(len(clip.frames)))
        disparity = [torch.from_numpy(read_disparity(path))[None] for path in paths]
        return dataclasses.replace(clip, disparity=disparity)


def _reduced(
    picture: UInt8[np.ndarray, "..."], longer_side_px: int, interpolation: int
) -> UInt8[np.ndarray, "..."]:
    height, width = picture.shape[:2]
    scale = longer_side_px / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(picture)
    return cv2.resize(picture, (round(width * scale), round(height * scale)), interpolation=interpolation)
