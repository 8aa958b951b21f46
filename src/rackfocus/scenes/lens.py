"""The lens of a scene: focus and aperture, chosen from its exact depth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from rackfocus.optics.thin_lens import depth_to_disparity
from rackfocus.scenes.geometry import Point
from rackfocus.scenes.recipe import Camera

F2_TO_F8 = 1 / 4
F2_TO_F22 = 1 / 11
"""Ratios of the aperture radius to that at f/2."""

_NEAREST, _FARTHEST = -8.0, 9.0
REFERENCE_WIDTH = 384
"""Blur radii are given in pixels of an image this wide."""


@dataclass(frozen=True)
class SceneLens:
    """The thin lens of one scene: focal length in pixels of the image, radius of the aperture at f/2, and
    depth of the focal planes of the aperture triplet and of the focal triplet's other image.
    """

    focal_length_px: float
    aperture_radius_m: float
    focus_m: float
    refocused_focus_m: float

    def disparity(self, depth_m: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Signed blur radius in pixels at f/2; `depth_m` may be infinite."""
        return depth_to_disparity(
            depth_m,
            focus_m=self.focus_m,
            focal_length_px=self.focal_length_px,
            aperture_radius_m=self.aperture_radius_m,
        )

    @property
    def focal_disparity(self) -> float:
        """The disparity that comes into focus at `refocused_focus_m`."""
        return float(self.disparity(np.array(self.refocused_focus_m)))


def choose_lens(
    depth_m: Float[np.ndarray, "height width"],
    *,
    camera: Camera,
    subjects: Sequence[Point],
    blur_px: float,
    seed: int,
) -> SceneLens:
    """Focus on one visible subject, then on another, with the aperture whose largest blur is `blur_px`.

    Args:
        depth_m: exact depth, infinite in the sky.
        camera: of the depth.
        subjects: world points worth focusing on.
        blur_px: wanted largest blur radius for an image 384 pixels wide; limited to -8 .. 9 px.
        seed: of the random choices.
    """
    width = depth_m.shape[1]
    rng = np.random.default_rng(seed)
    focal_length_px = camera.focal_length_px(width)
    inverse = 1.0 / depth_m
    near, far = float(np.quantile(inverse, 0.995)), float(np.quantile(inverse, 0.005))
    seen = [value for value in _seen(depth_m, camera, subjects) if far <= value <= near]
    first, second = _two_apart(np.array(seen), near=near, far=far, rng=rng)
    scale = width / REFERENCE_WIDTH
    widest = max(near - first, first - far)
    product = blur_px * scale / widest
    product = min(
        product, _FARTHEST * scale / max(first - far, 1e-6), -_NEAREST * scale / max(near - first, 1e-6)
    )
    return SceneLens(
        focal_length_px=focal_length_px,
        aperture_radius_m=product / focal_length_px,
        focus_m=1.0 / first,
        refocused_focus_m=1.0 / second,
    )


def _seen(depth_m: np.ndarray, camera: Camera, subjects: Sequence[Point]) -> list[float]:
    """Inverse depths of the subjects that are visible in the picture."""
    height, width = depth_m.shape
    if not subjects:
        return []
    inverse = []
    for x, y, z in camera.project(np.asarray(subjects, dtype=np.float64), width=width, height=height):
        column, row = round(float(x)) if z > 0 else -1, round(float(y)) if z > 0 else -1
        if 0 <= column < width and 0 <= row < height and abs(depth_m[row, column] - z) < 0.1 * z + 0.1:
            inverse.append(1.0 / float(depth_m[row, column]))
    return inverse


def _two_apart(seen: np.ndarray, *, near: float, far: float, rng: np.random.Generator) -> tuple[float, float]:
    """Two inverse depths a sixth to a third of the range apart, of subjects if possible.

    The first is that of the subject nearest to the usual focus of photographers: a little in front of the
    middle of the range, so that mostly the background is blurred. A deep-DOF image does not show where the
    photographer focused, so a network can only learn it if there is a rule (Fig. 5 of the paper focuses its
    pairs on the middle). The second may be any, in front or behind.
    """
    extent = near - far
    usual = far + 0.62 * extent
    first = float(min(seen, key=lambda value: abs(value - usual))) if len(seen) else usual
    others = [float(value) for value in seen if extent / 6 < abs(value - first) < extent / 3]
    if others:
        return first, others[int(rng.integers(len(others)))]
    return first, first + (0.25 if first < usual else -0.25) * extent
