"""A scene under construction: objects are placed and scattered, walls and hills are added."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rackfocus.scenes.geometry import Mesh, Point, blob, join, quad
from rackfocus.scenes.objects import materials
from rackfocus.scenes.recipe import Bulb, Material, Part, placed

Rng = np.random.Generator
Maker = Callable[[Rng], list[Part]]

FAR_M = 60.0


@dataclass
class Stage:
    """A scene under construction."""

    rng: Rng
    lit: bool
    parts: list[Part] = field(default_factory=list)
    bulbs: list[Bulb] = field(default_factory=list)
    subjects: list[Point] = field(default_factory=list)
    footprints: list[tuple[float, float, float]] = field(default_factory=list)

    def add(
        self,
        parts: Sequence[Part],
        *,
        x: float,
        y: float,
        z: float = 0.0,
        turn: float = 0.0,
        bulbs: Sequence[Bulb] = (),
        subject: bool = True,
    ) -> None:
        """Place parts and their bulbs at `(x, y, z)`; the middle of a subject is a possible focus."""
        put = placed(parts, x=x, y=y, z=z, turn=turn)
        self.parts += put
        for bulb in bulbs:
            u, v, w = bulb.centre
            self.bulbs.append(replace(bulb, centre=(u + x, v + y, w + z)))
        if subject:
            vertices = np.concatenate([part.mesh.vertices for part in put])
            low, high = vertices.min(axis=0), vertices.max(axis=0)
            middle = (low + high) / 2
            self.subjects.append((float(middle[0]), float(middle[1]), float(0.3 * low[2] + 0.7 * high[2])))

    def scatter(
        self,
        makers: Sequence[Maker],
        *,
        count: int,
        near: float,
        far: float,
        half_width: float,
        spread: float,
    ) -> None:
        """Place objects on free ground, uniformly over the logarithm of their distance.

        Args:
            makers: the objects to choose from.
            count: how many to try.
            near: nearest distance in metres.
            far: farthest distance in metres.
            half_width: largest distance from the middle, in metres.
            spread: largest distance from the middle over the distance from the camera: the field of view.
        """
        rng = self.rng
        order = rng.permutation(len(makers))
        for index in range(count):
            for _ in range(12):
                share = (index + rng.uniform(0, 1)) / count
                y = float(near * (far / near) ** share)
                reach = min(half_width, spread * y)
                x = float(rng.uniform(-reach, reach))
                if y < 1.9 and abs(x) < 0.4 * spread * y:
                    continue
                parts = makers[order[index % len(makers)]](rng)
                turn = float(rng.uniform(-35, 35))
                put = placed(parts, x=x, y=y, turn=turn)
                outline = np.concatenate([part.mesh.vertices[:, :2] for part in put])
                radius = float(np.hypot(*(outline - (x, y)).T).max())
                near_edge = y - radius
                if near_edge > 0.75 and all(
                    np.hypot(x - u, y - v) > 0.75 * (radius + r) for u, v, r in self.footprints
                ):
                    self.add(parts, x=x, y=y, turn=turn)
                    self.footprints.append((x, y, radius))
                    break

    def ground(self, material: Material) -> None:
        """The plane `z = 0`, to more than 60 m."""
        self.surface(quad((-FAR_M, -8.0, 0.0), (2 * FAR_M, 0, 0), (0, FAR_M + 8, 0)), material)

    def surface(self, mesh: Mesh, material: Material) -> None:
        """A large surface that is never in focus on purpose."""
        self.parts.append(Part(mesh, material))

    def wall(
        self, start: tuple[float, float], end: tuple[float, float], height: float, material: Material
    ) -> None:
        """An upright wall from start to end, visible from its right-hand side."""
        along = (end[0] - start[0], end[1] - start[1], 0.0)
        self.surface(quad((start[0], start[1], 0.0), along, (0, 0, height)), material)


def add_hills(stage: Stage) -> None:
    """Rows of distant blobs along the horizon."""
    rng = stage.rng
    leaves = materials.stuff(rng, "foliage", materials.LEAVES)
    lumps = []
    for _ in range(16):
        size = float(rng.uniform(2.0, 4.5))
        lumps.append(
            blob(size, rng).moved((float(rng.uniform(-26, 26)), float(rng.uniform(26, 40)), size * 0.3))
        )
    stage.surface(join(lumps), leaves)
