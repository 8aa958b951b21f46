"""Agreement of focus with gaze: the share of viewers who look near the focus point.

For each frame it is the share of the current fixations within `REACH` of the focus point; frames without
fixations do not count. Even the best point misses most fixations, because viewers look at different objects
at once, so each figure should be compared with that of `best_points`.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rackfocus.data.gaze.fixations import counted_points
from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.data.gaze.gaze_shifts import Fixations
from rackfocus.data.gaze.hevc_gaze import WatchedVideo

REACH = 0.05
"""As a share of the diagonal of the frame."""


def gaze_hits(points: Float[np.ndarray, "frame 2"], video: WatchedVideo) -> Float[np.ndarray, " frame"]:
    """The share of the fixations within reach of the focus point in each frame; NaN without fixations.

    Points are in pixels of the video; NaN counts as a miss.
    """
    hits = np.full(video.frames, np.nan)
    for frame, fixations in _fixations(video):
        hits[frame] = (np.hypot(*(fixations - points[frame]).T) <= _reach_px(video)).mean()
    return hits


def share_met(points: Float[np.ndarray, "frame 2"], video: WatchedVideo) -> float:
    """The mean of `gaze_hits` over the frames with fixations."""
    return float(np.nanmean(gaze_hits(points, video)))


def watched_frames(clip: FocusClip) -> WatchedVideo:
    """The frames of a clip that has fixations, as a video of one frame a second."""
    assert clip.fixations is not None
    points = [counted_points(counts).double().numpy() for counts in clip.fixations]
    at = np.repeat(np.arange(len(points), dtype=np.float64), [len(some) for some in points])
    height, width = clip.frames.shape[2:]
    gaze = Fixations(at, at + 1, np.concatenate(points))
    return WatchedVideo(Path(clip.name), len(points), 1.0, width, height, gaze)


def centre_points(video: WatchedVideo) -> Float[np.ndarray, "frame 2"]:
    """The centre of each frame."""
    return np.tile([(video.width - 1) / 2, (video.height - 1) / 2], (video.frames, 1))


def best_points(video: WatchedVideo) -> Float[np.ndarray, "frame 2"]:
    """The point of each frame with the most fixations within reach; NaN without fixations.

    A disk with the most fixations can be moved until two are on its rim, unless it has a single one.
    """
    points = np.full((video.frames, 2), np.nan)
    # Slightly smaller, so that rounding does not exclude points on the rim.
    reach = _reach_px(video) * (1 - 1e-9)
    for frame, fixations in _fixations(video):
        one, other = np.triu_indices(len(fixations), 1)
        apart = fixations[other] - fixations[one]
        length = np.hypot(*apart.T)
        near = (length > 0) & (length < 2 * reach)
        middle = (fixations[one] + fixations[other])[near] / 2
        across = apart[near][:, ::-1] * [-1, 1] / length[near, None]
        away = across * np.sqrt(reach**2 - (length[near, None] / 2) ** 2)
        candidates = np.concatenate([fixations, middle - away, middle + away])
        distances = np.hypot(*(candidates[:, None] - fixations[None]).transpose(2, 0, 1))
        points[frame] = candidates[(distances <= _reach_px(video)).sum(1).argmax()]
    return points


def map_maxima(
    maps: Float[np.ndarray, "frame rows columns"], *, width: int, height: int
) -> Float[np.ndarray, "frame 2"]:
    """The position of the maximum of each of a detector's maps, in pixels of the video; for an empty map, the
    centre.
    """
    frames, rows, columns = maps.shape
    at = maps.reshape(frames, -1).argmax(1)
    points = np.stack([(at % columns + 0.5) * width / columns, (at // columns + 0.5) * height / rows], 1)
    points[maps.reshape(frames, -1).max(1) <= 0] = width / 2, height / 2
    return points - 0.5


def _fixations(video: WatchedVideo) -> Iterator[tuple[int, Float[np.ndarray, "point 2"]]]:
    """The frames with fixations, and these fixations."""
    for frame in range(video.frames):
        points = video.fixations.at(frame / video.fps)
        if len(points):
            yield frame, points


def _reach_px(video: WatchedVideo) -> float:
    return REACH * float(np.hypot(video.width, video.height))
