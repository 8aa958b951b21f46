"""Depth recorded with the video (Sec. 6.1): from a depth camera, or from another program.

Maps are matched to frames, holes in them are filled, and a coarser map is enlarged with the edges of the
frame, by a guided filter (He et al. 2013) over its luma.
"""

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float32
from torch import Tensor

from rackfocus.models.backends import VideoMoment
from rackfocus.models.recorded.readers import DepthRecording, open_recording
from rackfocus.types import InputError

KINDS = ("nearness", "depth")

GUIDED_RADIUS = 2.0
"""The radius of the guided filter, in pixels of the recorded map."""
GUIDED_EPSILON = 1e-3
"""Regularisation of the guided filter (He et al. 2013): it smooths where the variance of luma is lower."""


class RecordedDepth:
    """Nearness of the frames of a video from files. See `rackfocus.models.backends.TimedDepthBackend`.

    Args:
        path: a folder of `.png`, `.exr` or `.npy` with one file a frame; an `.npz` with an array `depths` of
            frames x height x width, or such an `.npy`; or a grey video. Width and height are any.
        kind: `nearness` (relative inverse depth: larger is nearer; NaN is unknown), or `depth` along the axis
            of the lens in any unit: 0, NaN and the largest code of a 16-bit PNG are unknown, infinity is
            infinitely far.
        fps: maps a second, from the video's first frame on, if it differs from the video's rate. `None`: maps
            are matched by the index of the frame. A video has time stamps and is always matched by these.

    Raises:
        InputError: `path` is missing, it cannot be read as depth, or a setting is out of range.
    """

    def __init__(
        self, path: str | Path, kind: Literal["nearness", "depth"] = "nearness", fps: float | None = None
    ) -> None:
        if kind not in KINDS:
            raise InputError(f"model.depth.kind must be {' or '.join(KINDS)}, and is {kind}.")
        if fps is not None and not fps > 0:
            raise InputError(f"model.depth.fps must be above 0, and is {fps}.")
        self.path, self.kind, self.fps = Path(path), kind, fps
        self._recording: DepthRecording = open_recording(self.path)
        times_s = self._recording.times_s
        if times_s is not None and fps is not None:
            raise InputError(f"{path} has time stamps of its own; leave model.depth.fps out.")
        if fps is not None:
            times_s = np.arange(self._recording.count) / fps
        self._times_s: Float[np.ndarray, " frame"] | None = times_s

    def nearness_at(
        self, srgb: Float[Tensor, "1 3 height width"], moment: VideoMoment
    ) -> Float[Tensor, "1 1 height width"]:
        """See `rackfocus.models.backends.TimedDepthBackend`.

        Raises:
            InputError: there is no map for this frame, the numbers of maps and frames differ, or the map is
                damaged or has no known value.
        """
        index = self._index_at(moment)
        nearness, is_known = nearness_of(self._recording.read(index), self.kind)
        if not is_known.any():
            raise InputError(f"{self.path} holds no known depth in map {index}; make it again.")
        filled = torch.from_numpy(filled_from_nearest(nearness, is_known))[None, None]
        return resized_by_guide(filled.to(srgb.device), srgb)

    def identity(self) -> Any:
        """Identifies this recording: its settings, and the sizes and modification times of its files."""
        files = sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]
        stats = [(file.name, file.stat()) for file in files]
        return {
            "path": str(self.path.absolute()),
            "kind": self.kind,
            "fps": self.fps,
            "files": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats],
        }

    def _index_at(self, moment: VideoMoment) -> int:
        count, times_s = self._recording.count, self._times_s
        if times_s is not None:
            nearest = int(np.abs(times_s - moment.time_s).argmin())
            gaps = np.diff(times_s)
            # The last map is shown as long as the others.
            if abs(times_s[nearest] - moment.time_s) > 1.5 * (gaps.max() if len(gaps) else 0.0) + 1e-3:
                raise InputError(
                    f"{self.path} has no depth for frame {moment.index}, shown at {moment.time_s:.3f} s: it "
                    f"ends at {times_s[-1]:.3f} s."
                )
            return nearest
        by_time = "set model.depth.fps to match them by time"
        if moment.frames is not None and moment.frames != count:
            raise InputError(
                f"{self.path} holds depth for {count} frames, and the video has {moment.frames}; {by_time}."
            )
        if moment.index >= count:
            raise InputError(
                f"{self.path} holds depth for {count} frames, and the video has more; {by_time}."
            )
        return moment.index


def nearness_of(
    values: np.ndarray, kind: str
) -> tuple[Float32[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"]]:
    """Nearness from stored values, and a mask of where it is known. See `RecordedDepth`."""
    if kind == "nearness":
        is_known = np.isfinite(values)
        return np.where(is_known, values, 0).astype(np.float32), is_known
    depth = values.astype(np.float32)
    is_known = depth > 0
    if values.dtype == np.uint16:
        is_known &= values < np.iinfo(np.uint16).max
    with np.errstate(over="ignore"):
        nearness = np.divide(1.0, depth, out=np.zeros_like(depth), where=is_known)
    return nearness, is_known & np.isfinite(nearness)


def filled_from_nearest(
    values: Float32[np.ndarray, "rows columns"], is_known: Bool[np.ndarray, "rows columns"]
) -> Float32[np.ndarray, "rows columns"]:
    """Fill unknown pixels with the value of the nearest known pixel; at least one must be known."""
    if is_known.all():
        return values
    _, labels = cv2.distanceTransformWithLabels(
        (~is_known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(int(labels.max()) + 1, np.float32)
    by_label[labels[is_known]] = values[is_known]
    return by_label[labels]


def resized_by_guide(
    coarse: Float[Tensor, "1 1 rows columns"], srgb: Float[Tensor, "1 3 height width"]
) -> Float[Tensor, "1 1 height width"]:
    """Resize a map of any size to an encoded frame; an enlarged map gets the edges of the frame."""
    size = (srgb.shape[-2], srgb.shape[-1])
    if coarse.shape[-2:] == size:
        return coarse
    resized = F.interpolate(coarse, size=size, mode="bilinear", antialias=True)
    enlargement = size[1] / coarse.shape[-1]
    if enlargement <= 1:
        return resized
    # OpenCV's filter takes a seventeenth of the time of kornia's on a CPU.
    luma = cv2.cvtColor(srgb[0].permute(1, 2, 0).float().cpu().numpy(), cv2.COLOR_RGB2GRAY)
    # The mean is subtracted for precision, since the filter subtracts squares.
    shift = resized.mean()
    guided = cv2.ximgproc.guidedFilter(
        luma,
        (resized - shift)[0, 0].cpu().numpy(),
        max(1, round(GUIDED_RADIUS * enlargement)),
        GUIDED_EPSILON,
    )
    found = torch.from_numpy(guided)[None, None].to(coarse) + shift
    return found.clamp(coarse.min(), coarse.max())
