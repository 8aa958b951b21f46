"""Exports scene light and disparity to OpenEXR, readable by Nuke, Blender and Resolve."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
from jaxtyping import Float
from torch import Tensor

from rackfocus.optics.radiometry import TRANSFER_CURVES, apply_log_exposure
from rackfocus.pipelines.clip.export import ExportFolder, Progress
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.video import VideoInfo

MEANING = {
    "R, G, B": "linear scene light, 1 at display white, in the primaries of the video",
    "Z": "disparity, not distance: signed blur radius in pixels at the reference aperture, positive behind "
    "the focal plane",
}

PRIMARIES = {
    1: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290),
}
"""Chromaticities x, y of red, green, blue and white by code point of ITU-T H.273; BT.709 for other codes."""

LARGEST_HALF = 65504.0

FASTEST_TIME_CODE = 40
"""Most frames a second that a time code (SMPTE 12M) can count: two digits, the first of them at most 3."""


def export_exr(clip: RefocusableClip, folder: str | Path, *, progress: Progress | None = None) -> int:
    """Write `<clip>.<frame>.exr`: scene light as half floats in R, G and B, disparity as floats in Z.

    The light includes the highlights above white given by `E` (Eq. 4). Disparity is in channel Z, where
    programs look for depth; from version 4.2 on Blender does not, see `experiments/finishing`.

    Args:
        clip: the clip to export; its video is read, too.
        folder: the destination; it is created if missing, and an interrupted export resumes.
        progress: called with frames done and total frames.

    Returns:
        The number of frames in the folder.

    Raises:
        InputError: the clip or its video is damaged or missing, or the folder cannot be written.
    """
    with clip.open_source() as reader, ExportFolder(clip, Path(folder), ".exr", MEANING) as export:
        missing = export.missing()
        pictures = reader.frames(missing[0], missing[-1] + 1) if missing else ()
        for picture in pictures:
            if not export.file(picture.index).exists():
                decode, _ = TRANSFER_CURVES[picture.transfer.value]
                log_exposure = clip.log_exposure(picture.index)
                light = apply_log_exposure(decode(picture.encoded[None]), log_exposure[None])[0]
                disparity = clip.disparity(picture.index)[0]
                header = exr_header(reader.info, picture.index)
                export.place(
                    picture.index, partial(write_exr, header=header, light=light, disparity=disparity)
                )
            if progress is not None:
                progress(picture.index + 1 - clip.frame_range.start, clip.frames)
    return clip.frames


def write_exr(
    path: Path,
    header: dict[str, Any],
    light: Float[Tensor, "3 height width"],
    disparity: Float[Tensor, "height width"],
) -> None:
    """Write one image, losslessly compressed."""
    rgb = light.clamp(0, LARGEST_HALF).permute(1, 2, 0).numpy().astype(np.float16)
    channels = {"RGB": np.ascontiguousarray(rgb), "Z": disparity.contiguous().numpy()}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


def exr_header(info: VideoInfo, frame: int) -> dict[str, Any]:
    """The OpenEXR attributes of a frame: rate, time code, primaries, pixel aspect ratio."""
    rate = max(1, round(info.fps))
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "framesPerSecond": info.fps,
        "imageCounter": frame,
        "chromaticities": PRIMARIES.get(info.colour.primaries, PRIMARIES[1]),
        "pixelAspectRatio": 1.0,
        "comments": f"Z is {MEANING['Z']}",
    }
    if rate <= FASTEST_TIME_CODE:
        header["timeCode"] = _time_code(frame, rate)
    return header


def _time_code(frame: int, rate: int) -> OpenEXR.TimeCode:
    """Hours, minutes, seconds and frames since the beginning of the video, at an integer rate."""
    seconds, picture = divmod(frame, rate)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    no_flags = [0] * 14
    return OpenEXR.TimeCode(hours % 24, minute, second, picture, *no_flags)
