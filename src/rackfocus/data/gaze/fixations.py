"""Gaze of viewers as points, as density maps, and as a single focus region.

A point is `(x, y)` in pixels, centres at integers. A density map sums to 1, or is zero without fixations.
"""

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SIGMA_SHARE = 12.74 / 640
"""Standard deviation of the Gaussian of a fixation, as a share of the width of the picture.

That of DHF1K's own maps: its authors use Gaussians 30 pixels wide at half maximum on videos 640 pixels wide,
which they call one degree of visual angle. It is used for all data sets, so that their maps are comparable.
"""

REGION_LEVEL = 0.5
"""A focus region is where the map is at least this share of its maximum."""


def fixation_counts(points: Float[Tensor, "point 2"], *, height: int, width: int) -> Float[Tensor, "1 h w"]:
    """The number of points in each pixel; points outside the picture are left out."""
    columns, rows = torch.floor(points + 0.5).long().unbind(1)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    counts = torch.zeros(height * width)
    counts.index_add_(0, rows[inside] * width + columns[inside], torch.ones(int(inside.sum())))
    return counts.view(1, height, width)


def counted_points(counts: Float[Tensor, "1 height width"]) -> Float[Tensor, "point 2"]:
    """The fixated pixels, each repeated by its number of fixations; the inverse of `fixation_counts`."""
    rows, columns = torch.nonzero(counts[0] > 0, as_tuple=True)
    times = counts[0, rows, columns].round().long()
    return torch.stack([columns, rows], 1).float().repeat_interleave(times, 0)


def fixation_map(
    points: Float[Tensor, "point 2"], *, height: int, width: int, sigma_px: float
) -> Float[Tensor, "1 height width"]:
    """Density of fixations: a Gaussian of this deviation at each point inside the picture, in pixels of the
    map; sums to 1, or is zero without points.
    """
    columns, rows = points.unbind(1)
    inside = (columns >= -0.5) & (columns < width - 0.5) & (rows >= -0.5) & (rows < height - 0.5)
    across = torch.exp(-((torch.arange(width) - columns[inside, None]) ** 2) / (2 * sigma_px**2))
    down = torch.exp(-((torch.arange(height) - rows[inside, None]) ** 2) / (2 * sigma_px**2))
    return as_density((down.T @ across)[None])


def as_density(values: Float[Tensor, "1 height width"]) -> Float[Tensor, "1 height width"]:
    """The map normalised to sum 1; a zero map stays zero."""
    total = values.sum()
    return values / total if total > 0 else torch.zeros_like(values)


def focus_region(density: Float[Tensor, "1 height width"]) -> Float[Tensor, "1 height width"]:
    """The filtered fixation map of the focus region (Sec. 5.3): a single region.

    The paper does not specify its filter. Here the map is thresholded at `REGION_LEVEL` of its maximum, and
    of the connected components the one with the most density is kept: a lens focuses on one object, while a
    group of viewers looks at several, and a few viewers look at random places.

    Returns:
        The density inside that component, normalised to sum 1; zero without fixations.
    """
    plane = density[0].numpy()
    if not plane.max() > 0:
        return torch.zeros_like(density)
    bright = (plane >= REGION_LEVEL * plane.max()).astype(np.uint8)
    parts, labels = cv2.connectedComponents(bright, connectivity=8)
    weights = np.bincount(labels.ravel(), weights=plane.ravel(), minlength=parts)
    best = 1 + int(weights[1:].argmax())
    return as_density(torch.where(torch.from_numpy(labels)[None] == best, density, 0.0))


def resized_points(
    points: Float[Tensor, "point 2"], *, source: tuple[int, int], size: tuple[int, int]
) -> Float[Tensor, "point 2"]:
    """Points of a picture of `source` pixels (height, width), scaled to one of `size`."""
    scale = torch.tensor([size[1] / source[1], size[0] / source[0]], dtype=points.dtype)
    return (points + 0.5) * scale - 0.5


def resized_map(
    density: Float[Tensor, "1 height width"], *, size: tuple[int, int]
) -> Float[Tensor, "1 rows columns"]:
    """A density map resized to another size (height, width); sums to 1, or is zero as before."""
    shrinks = size[0] <= density.shape[1] and size[1] <= density.shape[2]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return as_density(torch.from_numpy(cv2.resize(density[0].numpy(), size[::-1], interpolation=how))[None])
