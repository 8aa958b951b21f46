"""Colours and materials of objects, drawn from a random generator."""

from collections.abc import Sequence

import numpy as np

from rackfocus.scenes.recipe import Material
from rackfocus.scenes.textures import RGB

Rng = np.random.Generator

WOODS: Sequence[RGB] = ((0.36, 0.20, 0.10), (0.52, 0.34, 0.19), (0.20, 0.11, 0.06), (0.60, 0.46, 0.30))
STONES: Sequence[RGB] = ((0.42, 0.40, 0.37), (0.55, 0.49, 0.40), (0.30, 0.30, 0.32), (0.50, 0.42, 0.36))
LEAVES: Sequence[RGB] = ((0.12, 0.24, 0.06), (0.22, 0.30, 0.07), (0.08, 0.17, 0.07), (0.40, 0.24, 0.06))
PAINTS: Sequence[RGB] = (
    (0.55, 0.08, 0.06), (0.08, 0.18, 0.45), (0.70, 0.45, 0.06), (0.08, 0.30, 0.20), (0.65, 0.62, 0.56),
    (0.10, 0.10, 0.11), (0.50, 0.22, 0.08), (0.30, 0.45, 0.55), (0.62, 0.30, 0.35), (0.35, 0.16, 0.40),
)  # fmt: skip
SKINS: Sequence[RGB] = ((0.62, 0.38, 0.27), (0.45, 0.25, 0.15), (0.22, 0.11, 0.07), (0.70, 0.48, 0.36))
CLOTHES = ("cloth", "cloth", "stripes", "plaid", "dots")


def pick(rng: Rng, colours: Sequence[RGB]) -> RGB:
    """One of the colours, randomly a little lighter or darker."""
    red, green, blue = np.asarray(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.8, 1.2)
    return float(red), float(green), float(blue)


def stuff(rng: Rng, kind: str, colours: Sequence[RGB]) -> Material:
    """A material of this kind in one of the colours."""
    return Material(kind, int(rng.integers(2**31)), pick(rng, colours))
