"""Relations of boxes: left, top, right and bottom, the latter two outside."""

import numpy as np
from jaxtyping import Float

Box = Float[np.ndarray, "4"]


def inside(point: Float[np.ndarray, "2"], box: Box) -> bool:
    """Whether a point lies in a box."""
    return bool((point >= box[:2]).all() and (point <= box[2:]).all())


def area(box: Box) -> float:
    """The area of a box; 0 for an empty one."""
    return float(np.prod(np.maximum(box[2:] - box[:2], 0)))


def common(one: Box, other: Box) -> float:
    """The area that two boxes have in common."""
    return area(np.concatenate([np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])]))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    both = common(one, other)
    return both / max(area(one) + area(other) - both, 1e-6)


def gap(one: Box, other: Box) -> float:
    """Distance between the nearest points of two boxes."""
    return float(np.hypot(*np.maximum(np.maximum(one[:2] - other[2:], other[:2] - one[2:]), 0)))
