"""Exports disparity to 16-bit grey PNG."""

import math
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt16
from torch import Tensor

from rackfocus.pipelines.clip.export import ExportFolder, Progress
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.types import InputError

IN_FOCUS = 32768
"""The pixel value of disparity 0."""

FINEST_STEPS = 256
"""Pixel values per pixel of blur radius, if the clip's range allows; the same as in ray-traced scenes."""


def export_png(clip: RefocusableClip, folder: str | Path, *, progress: Progress | None = None) -> int:
    """Write `<clip>.<frame>.png` with the values `round(32768 + steps * D)`; `steps` is in `export.json`.

    `steps` is a power of two, the same for the whole clip: 256, or fewer if its disparities need it.

    Args:
        clip: the clip to export; its video is not needed.
        folder: the destination; it is created if missing, and an interrupted export resumes.
        progress: called with frames done and total frames.

    Returns:
        The number of frames in the folder.

    Raises:
        InputError: the clip is damaged, or the folder cannot be written.
    """
    steps = steps_for(*clip.info.disparity_range_px)
    meaning = {"disparity_px": f"(code - {IN_FOCUS}) / {steps:g}", "steps": steps}
    with ExportFolder(clip, Path(folder), ".png", meaning) as export:
        for frame in export.missing():
            codes = encode_disparity(clip.disparity(frame)[0], steps)
            export.place(frame, partial(_write_png, codes=codes))
            if progress is not None:
                progress(frame + 1 - clip.frame_range.start, clip.frames)
    return clip.frames


def steps_for(least_px: float, largest_px: float) -> float:
    """The most values per pixel of blur radius, a power of 2 up to 256, for which the range fits 16 bits."""
    reach = max(-least_px, largest_px * IN_FOCUS / (IN_FOCUS - 1), 1.0)
    return float(min(FINEST_STEPS, 2.0 ** math.floor(math.log2(IN_FOCUS / reach))))


def encode_disparity(
    disparity: Float[Tensor, "height width"], steps: float
) -> UInt16[np.ndarray, "height width"]:
    """Disparity in pixels to 16-bit values."""
    return np.round(IN_FOCUS + steps * disparity.double().numpy()).clip(0, 65535).astype(np.uint16)


def _write_png(path: Path, codes: UInt16[np.ndarray, "height width"]) -> None:
    whole, content = cv2.imencode(".png", codes)
    if not whole:
        raise InputError(f"{path} cannot be encoded as PNG.")
    path.write_bytes(content.tobytes())
