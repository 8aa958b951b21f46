"""Independent motion: optical flow that the camera's own motion does not explain.

It replaces the flow and DeepMatching of Sec. 5.2. The steps are:

1. Optical flow between successive reduced frames (`OpticalFlow`).
2. The background is the dominant motion of the textured pixels: a homography, found by RANSAC, or a static
   camera if that explains enough of them.
3. Motion is the flow minus that of the background, where the warped background also differs in colour (the
   motion measure of Odobez & Bouthemy 1995), because flow is unreliable in uniform areas.
4. Motion with a constant direction is preferred to oscillation, such as of leaves: the mean of the vectors
   over `coherence_s` counts in full, the oscillating part only partly.
5. What has moved all the time, such as a distant passer-by, counts as slower than what begins to move.
6. Speed is measured relative to the noise of the frame and to the strongest motion around that time.
7. Forward in time, what has moved stays an actor along the flow for a while, so that a pause does not end an
   action. Backward in time, it becomes one a little before it moves, since the window contains the future.
"""

from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from rackfocus.focus.detectors.over_time import frame_s, smoothed
from rackfocus.focus.detectors.window import ClipWindow
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.flow.optical_flow import OpticalFlow

GRID_PX = 8
"""Distance of the flow samples for fitting the background; denser ones are not more accurate."""


class Action:
    """Detects independent motion.

    Args:
        flow: the optical flow.
        longer_side_px: size to which frames are reduced for it.
        inlier_px: largest distance of a flow vector from the background's motion, in reduced pixels.
        still_share: the camera is static if that explains this share of the texture.
        slowest: minimum speed of an action, in diagonals of the frame a second.
        noise_times: an action is faster than the typical residual of the background by this factor.
        peak_share: an action has at least this share of the fastest motion around that time.
        peak_s: width of "around that time", as the standard deviation of a Gaussian.
        coherence_s: time over which directions are averaged, as the standard deviation of a Gaussian.
        to_and_fro: the counted part of oscillating motion.
        habituation: by how much less, as a share, continual motion counts.
        habit_s: time after which motion is continual.
        memory_s: half-life of an actor after its motion.
        ahead_s: half-life of an actor before its motion.
    """

    def __init__(
        self,
        *,
        flow: OpticalFlow | None = None,
        longer_side_px: int = 320,
        inlier_px: float = 0.7,
        still_share: float = 0.5,
        slowest: float = 0.025,
        noise_times: float = 4.0,
        peak_share: float = 0.3,
        peak_s: float = 1.0,
        coherence_s: float = 0.2,
        to_and_fro: float = 0.3,
        habituation: float = 0.75,
        habit_s: float = 2.0,
        memory_s: float = 0.6,
        ahead_s: float = 0.15,
    ) -> None:
        self.flow = flow or DISFlow(preset="medium")
        self.longer_side_px = longer_side_px
        self.inlier_px = inlier_px
        self.still_share = still_share
        self.slowest = slowest
        self.noise_times = noise_times
        self.peak_share = peak_share
        self.peak_s = peak_s
        self.coherence_s = coherence_s
        self.to_and_fro = to_and_fro
        self.habituation = habituation
        self.habit_s = habit_s
        self.memory_s = memory_s
        self.ahead_s = ahead_s

    def __call__(self, window: ClipWindow) -> Float32[np.ndarray, "frame rows columns"]:
        """See `rackfocus.focus.detectors.window.Detector`."""
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        for shot in window.shots:
            if shot.stop - shot.start > 1:
                maps[shot] = self._shot(window, shot)
        return maps

    def missing(self, window: ClipWindow) -> str | None:
        """See `rackfocus.focus.detectors.window.Detector`."""
        if len(window.frames) < 2:
            return "One frame shows no motion, so no action is found."
        return None

    def _shot(self, window: ClipWindow, shot: slice) -> Float32[np.ndarray, "frame rows columns"]:
        rows, columns = window.map_size
        shown_s = frame_s(window, shot)
        images = [self._reduced(frame) for frame in window.frames[shot]]
        height, width = images[0].shape[:2]
        # Cells a frame for the flow; diagonals a second for the motion.
        to_cells = np.array([columns / width, rows / height], np.float32)
        to_speed = np.float32(1 / (np.hypot(height, width) * shown_s))
        flows, motions, noises = [], [], []
        for first, second in pairwise(images):
            flow = self.flow(first, second)
            residual, jitter = self._residual(first, second, flow)
            flows.append(_resized(flow, rows, columns) * to_cells)
            motions.append(_resized(residual, rows, columns) * to_speed)
            noises.append(jitter * to_speed)
        along = _Along(flows)
        # The motion of a frame is that to the next one; that of the last frame is from the previous one.
        motion = np.stack([*motions, along.earlier(motions[-1], len(motions))])
        noise = np.array([*noises, noises[-1]], np.float32)
        return self._followed(self._probable(motion, noise, along, shown_s), along, shown_s)

    def _reduced(self, frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "_ _ 3"]:
        height, width = frame.shape[:2]
        scale = min(1.0, self.longer_side_px / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)

    def _residual(
        self,
        first: UInt8[np.ndarray, "h w 3"],
        second: UInt8[np.ndarray, "h w 3"],
        flow: Float32[np.ndarray, "h w 2"],
    ) -> tuple[Float32[np.ndarray, "h w 2"], float]:
        """The motion that is not the camera's, in reduced pixels a frame, and its noise."""
        before, after = (
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (first, second)
        )
        gradient = np.hypot(
            cv2.Sobel(before, -1, 1, 0, scale=1 / 8), cv2.Sobel(before, -1, 0, 1, scale=1 / 8)
        )
        background, noise = self._background(flow, gradient)
        there = _grid(before.shape) + background
        moved = cv2.remap(
            after, there[..., 0], there[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        inside = ((there >= 0) & (there <= np.array(before.shape[::-1]) - 1)).all(axis=2)
        # A grey level is added to the gradient to suppress noise in uniform areas.
        measure = cv2.blur(np.abs(moved - before) * gradient, (7, 7)) / (cv2.blur(gradient**2, (7, 7)) + 1.0)
        seen = np.clip((measure - SEEN_PX) / SEEN_PX, 0, 1) * inside
        return (flow - background) * seen[..., None].astype(np.float32), noise

    def _background(
        self, flow: Float32[np.ndarray, "h w 2"], gradient: Float32[np.ndarray, "h w"]
    ) -> tuple[Float32[np.ndarray, "h w 2"], float]:
        """The camera's flow, and the median distance of its inliers from it."""
        height, width = gradient.shape
        grid = _grid(gradient.shape)
        some = (slice(GRID_PX // 2, None, GRID_PX),) * 2
        at, moved, texture = grid[some].reshape(-1, 2), flow[some].reshape(-1, 2), gradient[some].ravel()
        still = np.zeros_like(flow)
        textured = texture >= max(1.0, float(np.median(texture)) if texture.size else 1.0)
        at, moved = at[textured], moved[textured]
        if len(at) < LEAST_POINTS:
            return still, 0.0
        distance = np.hypot(*moved.T)
        near = distance < self.inlier_px / 2
        if near.mean() >= self.still_share:
            return still, float(np.median(distance[near]))
        homography, _ = cv2.findHomography(at, at + moved, cv2.RANSAC, self.inlier_px)
        if homography is None:
            return still, float(np.median(distance))
        camera = cv2.perspectiveTransform(grid.reshape(1, -1, 2), homography).reshape(height, width, 2) - grid
        distance = np.hypot(*(moved - camera[some].reshape(-1, 2)[textured]).T)
        near = distance < self.inlier_px
        return camera.astype(np.float32), float(np.median(distance[near])) if near.any() else self.inlier_px

    def _probable(
        self,
        motion: Float32[np.ndarray, "frame rows columns 2"],
        noise: Float32[np.ndarray, " frame"],
        along: "_Along",
        shown_s: float,
    ) -> Float32[np.ndarray, "frame rows columns"]:
        """The probability that each cell is an action, from its motion in diagonals a second."""
        size = np.hypot(motion[..., 0], motion[..., 1])[..., None]
        mean = along.mean(np.concatenate([motion, size], axis=3), self.coherence_s / shown_s)
        to_one_side, either_way = np.hypot(mean[..., 0], mean[..., 1]), mean[..., 2]
        speed = to_one_side + self.to_and_fro * (either_way - to_one_side)
        least = np.maximum(self.slowest, self.noise_times * noise)[:, None, None]
        speed *= 1 - self.habituation * self._habit(_soft(speed / least), along, shown_s)
        peaks = np.array([np.percentile(frame, 99.5) for frame in speed], np.float32)
        peak = smoothed(peaks[:, None, None], self.peak_s / shown_s)
        return _soft(speed / np.maximum(least, self.peak_share * peak))

    def _habit(
        self, moves: Float32[np.ndarray, "frame rows columns"], along: "_Along", shown_s: float
    ) -> Float32[np.ndarray, "frame rows columns"]:
        """The share of the past in which each point moved; before the first frame, that of the future."""
        share = np.float32(min(1.0, shown_s / self.habit_s))
        before = moves[-1]
        for frame in range(len(moves) - 2, -1, -1):
            before = share * moves[frame] + (1 - share) * along.later(before, frame)
        habit = np.empty_like(moves)
        habit[0] = before
        for frame in range(1, len(moves)):
            habit[frame] = share * moves[frame - 1] + (1 - share) * along.earlier(habit[frame - 1], frame)
        # Flow misses the rim of small objects.
        return np.stack([cv2.dilate(frame, np.ones((5, 5), np.uint8)) for frame in habit])

    def _followed(
        self, now: Float32[np.ndarray, "frame rows columns"], along: "_Along", shown_s: float
    ) -> Float32[np.ndarray, "frame rows columns"]:
        """Points that move now, that moved recently, or that will move soon."""
        kept, ahead = (0.5 ** (shown_s / time) if time > 0 else 0.0 for time in (self.memory_s, self.ahead_s))
        past, future = now.copy(), now.copy()
        for frame in range(1, len(now)):
            past[frame] = np.maximum(now[frame], kept * along.earlier(past[frame - 1], frame))
        for frame in range(len(now) - 2, -1, -1):
            future[frame] = np.maximum(now[frame], ahead * along.later(future[frame + 1], frame))
        return np.clip(np.maximum(past, future), 0, 1)


def _soft(relative: Float32[np.ndarray, "frame rows columns"]) -> Float32[np.ndarray, "frame rows columns"]:
    """Maps 0 to 0, 1 to a half, and infinity to 1."""
    squared = relative**2
    return squared / (1 + squared)


class _Along:
    """Samples maps of the previous or next frame along the optical flow.

    Args:
        flows: from each frame to the next, in cells.
    """

    def __init__(self, flows: list[Float32[np.ndarray, "rows columns 2"]]) -> None:
        grid = _grid(flows[0].shape[:2])
        self._after = [grid + flow for flow in flows]
        # The flow belongs to the earlier frame; it is smooth enough to be used at the later one.
        self._before = [grid - flow for flow in flows]

    def earlier(self, values: Float32[np.ndarray, "*shape"], frame: int) -> Float32[np.ndarray, "*shape"]:
        """The values of the frame before `frame`, warped to `frame`."""
        return _at(values, self._before[frame - 1])

    def later(self, values: Float32[np.ndarray, "*shape"], frame: int) -> Float32[np.ndarray, "*shape"]:
        """The values of the frame after `frame`, warped to `frame`."""
        return _at(values, self._after[frame])

    def mean(
        self, values: Float32[np.ndarray, "frame rows columns channel"], sigma_frames: float
    ) -> Float32[np.ndarray, "frame rows columns channel"]:
        """The mean over time along the flow, with weights that decrease exponentially in both directions."""
        keep = np.float32(sigma_frames / (1 + sigma_frames))
        ones = np.ones_like(values[..., :1])
        weighted = np.concatenate([values, ones], axis=3)
        past, future = weighted.copy(), weighted.copy()
        for frame in range(1, len(values)):
            past[frame] += keep * self.earlier(past[frame - 1], frame)
        for frame in range(len(values) - 2, -1, -1):
            future[frame] += keep * self.later(future[frame + 1], frame)
        total = past + future - weighted
        return total[..., :-1] / total[..., -1:]


LEAST_POINTS = 8
"""Minimum number of points for a homography, which needs four; fewer are unreliable."""
SEEN_PX = 0.25
"""A pixel differs from the background if at least this motion is needed to explain its difference."""


def _grid(size: tuple[int, ...]) -> Float32[np.ndarray, "rows columns 2"]:
    """The x and y of every pixel."""
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    return np.stack([columns, rows], axis=2)


def _resized(values: Float32[np.ndarray, "h w 2"], rows: int, columns: int) -> Float32[np.ndarray, "_ _ 2"]:
    return cv2.resize(values, (columns, rows), interpolation=cv2.INTER_AREA).reshape(rows, columns, 2)


def _at(
    values: Float32[np.ndarray, "*shape"], at: Float32[np.ndarray, "rows columns 2"]
) -> Float32[np.ndarray, "*shape"]:
    return cv2.remap(values, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
