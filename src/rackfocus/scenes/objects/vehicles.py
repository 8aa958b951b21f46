"""A van, and a bicycle of few parts."""

from itertools import pairwise

import numpy as np

from rackfocus.scenes.geometry import Mesh, box, capsule, cylinder, join
from rackfocus.scenes.objects.materials import PAINTS, Rng, stuff
from rackfocus.scenes.recipe import Material, Part


def van(rng: Rng) -> list[Part]:
    """A small delivery van, 3.6 m long, along x."""
    paint = stuff(rng, "metal", PAINTS)
    glass = Material("cloth", 1, (0.05, 0.06, 0.08))
    body = join([box(3.6, 1.6, 0.75).moved((0, 0, 0.28)), box(2.6, 1.5, 0.85).moved((0.45, 0, 1.03))])
    panes = join([box(0.7, 1.52, 0.5).moved((-0.4, 0, 1.2)), box(0.06, 1.3, 0.5).moved((-0.83, 0, 1.2))])
    wheels = join([_wheel(0.31).moved((x, y, 0.31)) for x in (-1.15, 1.15) for y in (-0.73, 0.73)])
    return [Part(body, paint), Part(panes, glass), Part(wheels, stuff(rng, "cloth", ((0.04, 0.04, 0.04),)))]


def bicycle(rng: Rng) -> list[Part]:
    """Two wheels and a frame of tubes, 1.7 m long, along x."""
    hub, tube = 0.34, 0.017
    rims = []
    for x in (-0.52, 0.52):
        points = [(x + hub * np.cos(a), 0.0, hub + hub * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 25)]
        rims += [capsule(a, b, 0.018) for a, b in pairwise(points)]
        rims += [
            capsule(
                (x - hub * np.cos(a), 0, hub - hub * np.sin(a)),
                (x + hub * np.cos(a), 0, hub + hub * np.sin(a)),
                0.004,
            )
            for a in (0.3, 1.3, 2.3)
        ]
    crank, seat, stem = (-0.05, 0.0, 0.32), (-0.2, 0.0, 0.85), (0.4, 0.0, 0.82)
    lines = [(crank, seat), (crank, stem), (seat, stem), (crank, (-0.52, 0, hub)), (seat, (-0.52, 0, hub))]
    lines += [(stem, (0.52, 0.0, hub)), (stem, (0.37, 0.0, 1.0)), ((0.37, -0.25, 1.0), (0.37, 0.25, 1.0))]
    frame = join([capsule(a, b, tube) for a, b in lines])
    saddle = capsule((-0.32, 0, 0.92), (-0.08, 0, 0.92), 0.05, end_radius=0.03)
    dark = Material("cloth", 2, (0.05, 0.05, 0.05))
    return [Part(frame, stuff(rng, "metal", PAINTS)), Part(join([*rims, saddle]), dark)]


def _wheel(radius: float) -> Mesh:
    return cylinder(radius, 0.2).moved((0, 0, -0.1)).tilted(90.0)
