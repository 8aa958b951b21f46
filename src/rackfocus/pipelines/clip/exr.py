"""Export to OpenEXR: scene light and disparity, as Nuke, Blender and Resolve read them."""

from fractions import Fraction
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
"""x and y of red, green, blue and white, by the code points of ITU-T H.273; others are taken for BT.709."""

LARGEST_HALF = 65504.0

FASTEST_TIME_CODE = 40
"""Pictures a second that a time code (SMPTE 12M) can count: two digits, of which the first goes to 3."""


def export_exr(clip: RefocusableClip, folder: str | Path, *, progress: Progress | None = None) -> int:
    """Write `<clip>.<frame>.exr`: scene light as half floats in R, G and B, disparity as floats in Z.

    The light has the lights beyond white that `E` tells (Eq. 4). Disparity is called Z because that is the
    channel beside the colours that every program finds.

    Args:
        clip: what to export; its video is read, too.
        folder: where to; it is made, and an export that was stopped goes on.
        progress: called with frames done and frames in all.

    Returns:
        How many frames the folder holds.

    Raises:
        InputError: the clip or its video is damaged or gone, or the folder cannot be written.
    """
    with clip.open_source() as reader:
        export = ExportFolder(clip, Path(folder), ".exr", MEANING)
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
    """Write one picture, losslessly compressed."""
    rgb = light.clamp(0, LARGEST_HALF).permute(1, 2, 0).numpy().astype(np.float16)
    channels = {"RGB": np.ascontiguousarray(rgb), "Z": disparity.contiguous().numpy()}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


def exr_header(info: VideoInfo, frame: int) -> dict[str, Any]:
    """The attributes of a frame: rate, time code, primaries, shape of a pixel."""
    aspect = info.sample_aspect_ratio or Fraction(1)
    rate = max(1, round(info.fps))
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "framesPerSecond": info.fps,
        "imageCounter": frame,
        "chromaticities": PRIMARIES.get(info.colour.primaries, PRIMARIES[1]),
        "pixelAspectRatio": float(1 / aspect if info.orientation.sideways else aspect),
        "comments": f"Z is {MEANING['Z']}",
    }
    if rate <= FASTEST_TIME_CODE:
        header["timeCode"] = _time_code(frame, rate)
    return header


def _time_code(frame: int, rate: int) -> OpenEXR.TimeCode:
    """Hours, minutes, seconds and pictures at a whole rate, from the beginning of the video."""
    seconds, picture = divmod(frame, rate)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    no_flags = [0] * 14
    return OpenEXR.TimeCode(hours % 24, minute, second, picture, *no_flags)
