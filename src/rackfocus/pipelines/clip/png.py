"""Export of disparity to 16-bit grey PNG."""

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
"""The code of disparity 0."""

FINEST_STEPS = 256
"""Codes to a pixel of blur where the clip allows: what the ray-traced scenes have, too."""


def export_png(clip: RefocusableClip, folder: str | Path, *, progress: Progress | None = None) -> int:
    """Write `<clip>.<frame>.png`: codes `round(32768 + steps * D)`, `steps` being told in `export.json`.

    `steps` is a power of two, one for the clip: 256, or as many as its largest disparity allows.

    Args:
        clip: what to export; its video is not needed.
        folder: where to; it is made, and an export that was stopped goes on.
        progress: called with frames done and frames in all.

    Returns:
        How many frames the folder holds.

    Raises:
        InputError: the clip is damaged, or the folder cannot be written.
    """
    steps = steps_for(*clip.info.disparity_range_px)
    meaning = {"disparity_px": f"(code - {IN_FOCUS}) / {steps:g}", "steps": steps}
    export = ExportFolder(clip, Path(folder), ".png", meaning)
    for frame in export.missing():
        codes = encode_disparity(clip.disparity(frame)[0], steps)
        export.place(frame, partial(_write_png, codes=codes))
        if progress is not None:
            progress(frame + 1 - clip.frame_range.start, clip.frames)
    return clip.frames


def steps_for(least_px: float, largest_px: float) -> float:
    """The most codes to a pixel, a power of two up to 256, that hold this range of disparity."""
    reach = max(-least_px, largest_px * IN_FOCUS / (IN_FOCUS - 1), 1.0)
    return float(min(FINEST_STEPS, 2.0 ** math.floor(math.log2(IN_FOCUS / reach))))


def encode_disparity(
    disparity: Float[Tensor, "height width"], steps: float
) -> UInt16[np.ndarray, "height width"]:
    """Disparity in pixels as codes."""
    return np.round(IN_FOCUS + steps * disparity.double().numpy()).clip(0, 65535).astype(np.uint16)


def _write_png(path: Path, codes: UInt16[np.ndarray, "height width"]) -> None:
    whole, content = cv2.imencode(".png", codes)
    if not whole:
        raise InputError(f"{path} cannot be encoded as PNG.")
    path.write_bytes(content.tobytes())
