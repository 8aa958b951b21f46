"""What the clips note of their frames: the camera, where a person is seen, and pictures at f/2."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float

from rackfocus.scenes.clips.video import encode_video
from rackfocus.scenes.files import write_hdr
from rackfocus.scenes.lens import REFERENCE_WIDTH, SceneLens
from rackfocus.scenes.recipe import Camera
from rackfocus.scenes.renderer import Image, SceneRenderer, low_pass
from rackfocus.whole_files import whole_file

WIDEST_BLUR_PX = 6.0
"""The radius that nearly all blur of a clip stays below, in pixels of a picture `REFERENCE_WIDTH` wide."""
SEEN_SHARE = 0.5
"""A person has entered when this much of them is visible."""

Mask = Bool[np.ndarray, "height width"]


def focused_lens(
    camera: Camera, depth_m: Float[np.ndarray, "height width"], focus_m: float, refocused_m: float
) -> SceneLens:
    """Focus at a distance, with the aperture at which nearly all blur is at most `WIDEST_BLUR_PX`."""
    width = depth_m.shape[1]
    focal_length_px = camera.focal_length_px(width)
    inverse = 1.0 / depth_m
    widest = max(float(np.quantile(inverse, 0.995)) - 1 / focus_m, 1 / focus_m - float(inverse.min()))
    radius = WIDEST_BLUR_PX * (width / REFERENCE_WIDTH) / widest / focal_length_px
    return SceneLens(focal_length_px, radius, focus_m, refocused_m)


def camera_note(camera: Camera) -> dict[str, Any]:
    """The camera of a frame."""
    return {"position_m": list(camera.position), "yaw": camera.yaw, "pitch": camera.pitch}


def person_note(shows: Mask, wanted: Mask, share: float, disparity: np.ndarray) -> dict[str, Any]:
    """The box of a visible person, the share seen, the disparity, and a pixel well inside the wanted part.

    If that part is hidden, the pixel is well inside the whole person.
    """
    rows, columns = np.nonzero(shows)
    mask = wanted if wanted.any() else shows
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return {
        "box": [int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())],
        "visible": round(share, 3),
        "focal_disparity": round(float(np.median(disparity[shows])), 4),
        "point": [int(column), int(row)],
    }


def write_coded(path: Path, linear: Image) -> None:
    """Write a frame as the video will have it, for the time until the clip is whole."""
    with whole_file(path) as draft, draft.open("wb") as file:
        np.save(file, encode_video(linear))


def truth_at_f2(
    path: Path,
    load: Callable[[], SceneRenderer],
    lens: SceneLens,
    frame: int,
    focal_disparity: float,
    *,
    samples: int,
) -> dict[str, Any]:
    """Write a frame at f/2, focused where the disparity is `focal_disparity`, unless it is there."""
    scale = lens.focal_length_px * lens.aperture_radius_m
    focus_m = 1.0 / (1.0 / lens.focus_m - focal_disparity / scale)
    if not path.is_file():
        image = load().image(lens, aperture_ratio=1.0, focus_m=focus_m, samples=samples, seed=1000 + frame)
        write_hdr(path, low_pass(image))
    about = {"frame": frame, "file": f"truth/{path.name}"}
    return about | {"focal_disparity": focal_disparity, "focus_m": focus_m}
