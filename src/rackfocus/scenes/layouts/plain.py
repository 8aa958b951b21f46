"""From a seed to a scene: a kind of place, things scattered over its ground, light, and a camera.

Six layouts take turns by the seed, and of every six seeds in a row from a multiple of six two have small
bright lights. So `seed`, and nothing else, tells the whole scene.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rackfocus.scenes.geometry import Mesh, Point, blob, join, quad
from rackfocus.scenes.objects import (
    furniture,
    lights,
    materials,
    pedestrians,
    plants,
    street_things,
    structures,
    tableware,
    vehicles,
)
from rackfocus.scenes.recipe import Bulb, Camera, Material, Part, SceneRecipe, Sky, placed
from rackfocus.scenes.textures import RGB

Rng = np.random.Generator
Maker = Callable[[Rng], list[Part]]

_FAR_M = 60.0


@dataclass
class Stage:
    """A scene while it is being furnished."""

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
        """Set parts and their bulbs down at `(x, y, z)`; the middle of a subject may be focused on."""
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
        """Stand things on free ground, evenly over the logarithm of their distance.

        Args:
            makers: what to choose from.
            count: how many to try.
            near: nearest distance in metres.
            far: farthest distance in metres.
            half_width: how far from the middle, in metres.
            spread: how far from the middle, over distance; what the camera sees.
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
        """The plane `z = 0`, to 60 m and beyond."""
        self.surface(quad((-_FAR_M, -8.0, 0.0), (2 * _FAR_M, 0, 0), (0, _FAR_M + 8, 0)), material)

    def surface(self, mesh: Mesh, material: Material) -> None:
        """Something large that nobody focuses on."""
        self.parts.append(Part(mesh, material))

    def wall(
        self, start: tuple[float, float], end: tuple[float, float], height: float, material: Material
    ) -> None:
        """An upright wall over the line from start to end, seen from its right-hand side."""
        along = (end[0] - start[0], end[1] - start[1], 0.0)
        self.surface(quad((start[0], start[1], 0.0), along, (0, 0, height)), material)


def _street(stage: Stage) -> None:
    """A pavement along a row of houses, a kerb and a road."""
    rng = stage.rng
    side = -1.0 if rng.random() < 0.5 else 1.0
    width = float(rng.uniform(2.0, 2.8))
    stage.ground(materials.stuff(rng, "asphalt", ((0.16, 0.16, 0.17), (0.24, 0.23, 0.22))))
    paving = materials.stuff(rng, str(rng.choice(["paving", "tiles", "cobbles", "bricks"])), materials.STONES)
    x0, x1 = sorted((side * (width + 0.6), -side * 1.6))
    stage.surface(quad((x0, -6.0, 0.01), (x1 - x0, 0, 0), (0, 46.0, 0)), paving)
    kerb = materials.stuff(rng, "concrete", materials.STONES)
    stage.surface(quad((-side * 1.6 - 0.08, -6.0, 0.014), (0.16, 0, 0), (0, 46.0, 0)), kerb)
    y = -2.0
    while y < 34.0:
        length = float(rng.uniform(4.0, 8.0))
        front = width + 0.6 + float(rng.uniform(-0.12, 0.12))
        material = materials.stuff(
            rng,
            str(rng.choice(["facade", "facade", "bricks", "plaster"])),
            (*materials.STONES, (0.45, 0.17, 0.10), (0.6, 0.5, 0.3)),
        )
        a, b = (side * front, y), (side * front, y + length)
        tall = float(rng.uniform(4.0, 9.0))
        stage.wall(*((b, a) if side > 0 else (a, b)), tall, material)
        gable = (side * front, y), (side * (front + 4), y)
        stage.wall(*(gable if side > 0 else gable[::-1]), tall, material)
        y += length
    stage.wall(
        (-40.0, 42.0),
        (40.0, 42.0),
        float(rng.uniform(6, 10)),
        materials.stuff(rng, "facade", materials.STONES),
    )
    for k in range(3):
        y = 4.0 + 5.5 * k + float(rng.uniform(-0.6, 0.6))
        post, glow = lights.lamp_post(rng, lit=stage.lit)
        stage.add(post, x=-side * 1.35, y=y, bulbs=glow)
        stage.footprints.append((-side * 1.35, y, 0.2))
    stage.add(
        vehicles.van(rng), x=-side * 3.3, y=float(rng.uniform(9, 14)), turn=90.0 + float(rng.uniform(-4, 4))
    )
    makers: list[Maker] = [
        pedestrians.person,
        street_things.bollard,
        pedestrians.person,
        plants.potted_plant,
        structures.leaning_board,
        vehicles.bicycle,
        street_things.crates,
        pedestrians.person,
        street_things.traffic_cone,
    ]
    stage.scatter(makers, count=10, near=1.6, far=16.0, half_width=1.7, spread=0.42)


def _alley(stage: Stage) -> None:
    """A narrow lane between two walls, an arch at its end."""
    rng = stage.rng
    half = float(rng.uniform(1.4, 2.0))
    stage.ground(materials.stuff(rng, str(rng.choice(["cobbles", "paving", "bricks"])), materials.STONES))
    kinds = ["bricks", "plaster", "concrete", "planks"]
    colours = (*materials.STONES, (0.45, 0.17, 0.10), (0.55, 0.42, 0.22), (0.60, 0.55, 0.48))
    for side in (-1.0, 1.0):
        y = -3.0
        while y < 18.0:
            length = float(rng.uniform(2.5, 5.5))
            front = half + float(rng.uniform(0, 0.35))
            material = materials.stuff(rng, str(rng.choice(kinds)), colours)
            a, b = (side * front, y), (side * front, y + length)
            stage.wall(*((b, a) if side > 0 else (a, b)), float(rng.uniform(3.0, 6.5)), material)
            shut = (side * front, y + length), (side * (front + 0.6), y + length)
            stage.wall(*(shut if side > 0 else shut[::-1]), 3.0, material)
            if rng.random() < 0.7:
                size = float(rng.uniform(0.5, 0.9))
                sign = quad((0, 0, 0), (size, 0, 0), (0, 0, size * 1.3)).turned(-90.0 * side)
                at = y + (0.3 if side < 0 else 0.3 + size)
                stage.surface(
                    sign.moved((side * (front - 0.02), at, 1.2)),
                    materials.stuff(rng, "poster", materials.PAINTS),
                )
            y += length
    gate = float(rng.uniform(8.0, 12.0))
    stage.add(structures.arch(rng), x=float(rng.uniform(-0.3, 0.3)), y=gate)
    stage.wall((-8.0, 26.0), (8.0, 26.0), 7.0, materials.stuff(rng, "facade", colours))
    if stage.lit:
        for k in range(3):
            y = 2.6 + 2.2 * k
            ends: tuple[Point, Point] = ((-half, y, 2.5), (half, y + float(rng.uniform(-1, 1)), 2.5))
            cord, glow = lights.light_string(rng, *ends, spacing=0.45, sag=0.25)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        pedestrians.person,
        street_things.crates,
        street_things.barrel,
        plants.potted_plant,
        vehicles.bicycle,
        pedestrians.person,
        structures.leaning_board,
        structures.ramp,
    ]
    stage.scatter(makers, count=9, near=1.5, far=15.0, half_width=half - 0.45, spread=0.42)


def _room(stage: Stage) -> None:
    """A living room, lit by a window behind or beside the camera."""
    rng = stage.rng
    half, deep = float(rng.uniform(2.2, 3.0)), float(rng.uniform(5.0, 7.0))
    stage.ground(
        materials.stuff(rng, str(rng.choice(["planks", "tiles"])), (*materials.WOODS, *materials.STONES))
    )
    rug_width, rug_depth = float(rng.uniform(1.5, 2.4)), float(rng.uniform(1.5, 2.2))
    stage.surface(
        quad((-rug_width / 2, 1.8, 0.008), (rug_width, 0, 0), (0, rug_depth, 0)),
        materials.stuff(rng, "rug", materials.PAINTS),
    )
    walls = (
        (0.62, 0.57, 0.48),
        (0.45, 0.52, 0.50),
        (0.60, 0.44, 0.34),
        (0.36, 0.42, 0.52),
        (0.66, 0.64, 0.60),
    )
    paper = materials.stuff(rng, str(rng.choice(["plaster", "plaster", "stripes", "bricks"])), walls)
    plain = materials.stuff(rng, "plaster", walls)
    stage.wall((-half, deep), (half, deep), 5.0, paper)
    stage.wall((-half, -1.5), (-half, deep), 5.0, plain)
    stage.wall((half, deep), (half, -1.5), 5.0, plain)
    for k in range(3):
        size = float(rng.uniform(0.5, 0.9))
        x = -half + (k + 0.5) * 2 * half / 3 - size / 2
        stage.surface(
            quad((x, deep - 0.02, 1.35), (size, 0, 0), (0, 0, size)),
            materials.stuff(rng, "poster", materials.PAINTS),
        )
    if stage.lit:
        for k in range(3):
            y = 2.2 + (deep - 2.6) / 3 * (k + 0.5)
            cord, glow = lights.light_string(rng, (-half, y, 2.2), (half, y + 0.3, 2.2), spacing=0.4, sag=0.3)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    shelf = float(rng.uniform(-half + 0.7, half - 0.7))
    stage.add(furniture.bookcase(rng), x=shelf, y=deep - 0.25)
    stage.footprints.append((shelf, deep - 0.2, 0.5))
    couch = float(rng.uniform(-half + 1.1, half - 1.1))
    stage.add(furniture.sofa(rng), x=couch, y=deep - 1.1)
    stage.footprints.append((couch, deep - 1.1, 0.9))
    makers: list[Maker] = [
        furniture.chair,
        plants.potted_plant,
        pedestrians.person,
        street_things.beach_ball,
        furniture.chair,
        street_things.crates,
        _side_table,
        pedestrians.person,
    ]
    stage.scatter(makers, count=8, near=1.5, far=deep - 1.2, half_width=half - 0.45, spread=0.45)


def _side_table(rng: Rng) -> list[Part]:
    top = float(rng.uniform(0.5, 0.7))
    parts = furniture.table(rng, width=0.6, depth=0.5, height=top)
    parts += placed(tableware.vase(rng), x=-0.12, y=0.0, z=top)
    return parts + placed(tableware.book_pile(rng), x=0.14, y=0.0, z=top, turn=20.0)


def _table_top(stage: Stage) -> None:
    """A table laid with small things, a room or a garden behind it."""
    rng = stage.rng
    outside = bool(rng.random() < 0.4) and not stage.lit
    floor = (
        materials.stuff(rng, "grass", materials.LEAVES[:2])
        if outside
        else materials.stuff(rng, str(rng.choice(["tiles", "planks"])), (*materials.WOODS, *materials.STONES))
    )
    stage.ground(floor)
    depth = float(rng.uniform(1.4, 1.8))
    stage.add(
        furniture.table(rng, width=float(rng.uniform(1.6, 2.2)), depth=depth),
        x=0.0,
        y=0.75 + depth / 2,
        subject=False,
    )
    makers: list[Maker] = [
        tableware.vase,
        tableware.bottle,
        tableware.mug,
        tableware.book_pile,
        tableware.fruit,
        tableware.picture_stand,
        tableware.bottle,
        tableware.mug,
    ]
    order = rng.permutation(len(makers))
    spots: list[tuple[float, float]] = []
    for index in range(10):
        for _ in range(20):
            y = float(0.92 + (depth - 0.3) * (index + rng.uniform(0, 1)) / 10)
            x = float(rng.uniform(-0.42, 0.42) * y)
            if all(np.hypot(x - u, y - v) > 0.2 for u, v in spots):
                stage.add(
                    makers[order[index % len(makers)]](rng),
                    x=x,
                    y=y,
                    z=0.75,
                    turn=float(rng.uniform(-40, 40)),
                )
                spots.append((x, y))
                break
    if outside:
        makers = [plants.tree, plants.bush, plants.conifer, pedestrians.person, street_things.bench]
        stage.scatter(makers, count=9, near=3.4, far=14.0, half_width=8.0, spread=0.5)
        add_hills(stage)
        return
    back = float(rng.uniform(3.8, 5.5))
    stage.wall(
        (-5.0, back),
        (5.0, back),
        4.0,
        materials.stuff(rng, str(rng.choice(["plaster", "bricks", "stripes"])), materials.STONES),
    )
    stage.add(furniture.bookcase(rng), x=float(rng.uniform(-1.4, 1.4)), y=back - 0.2)
    makers = [furniture.chair, pedestrians.person, plants.potted_plant, furniture.chair]
    stage.scatter(makers, count=4, near=depth + 1.3, far=back - 0.7, half_width=1.8, spread=0.45)
    if stage.lit:
        for _ in range(4):
            parts, glow = lights.candle(rng)
            y = float(rng.uniform(1.1, 0.65 + depth))
            stage.add(parts, x=float(rng.uniform(-0.4, 0.4) * y), y=y, z=0.75, bulbs=glow)
        cord, glow = lights.light_string(
            rng, (-2.5, back - 0.3, 2.1), (2.5, back - 0.3, 2.1), spacing=0.3, sag=0.4
        )
        stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)


def _park(stage: Stage) -> None:
    """A lawn with a path, trees, people, a fence and hills."""
    rng = stage.rng
    stage.ground(materials.stuff(rng, "grass", ((0.16, 0.26, 0.07), (0.22, 0.28, 0.08))))
    path = materials.stuff(rng, str(rng.choice(["gravel", "paving", "soil"])), materials.STONES)
    lean = float(rng.uniform(-0.25, 0.25))
    stage.surface(quad((-0.9, -2.0, 0.006), (1.8, 0, 0), (lean * 32, 32.0, 0)), path)
    far = float(rng.uniform(11, 16))
    for k in range(5):
        stage.add(
            structures.fence(rng, 4.0) if k != 2 else structures.fence(rng, 3.0),
            x=-9.0 + 4.4 * k,
            y=far,
            subject=False,
        )
    add_hills(stage)
    if stage.lit:
        for k in range(4):
            post, glow = lights.lamp_post(rng, lit=True)
            y = 3.4 + 3.2 * k
            stage.add(post, x=lean * y + (1.2 if k % 2 else -1.2), y=y, bulbs=glow)
            stage.footprints.append((lean * y + (1.2 if k % 2 else -1.2), y, 0.2))
        cord, glow = lights.light_string(rng, (-3.4, 5.2, 2.7), (3.4, 6.0, 2.6), spacing=0.5, sag=0.4)
        stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        pedestrians.person,
        plants.tree,
        street_things.bench,
        plants.bush,
        pedestrians.person,
        plants.conifer,
        street_things.stone,
        street_things.signboard,
        plants.tree,
        street_things.beach_ball,
        structures.lattice,
    ]
    stage.scatter(makers, count=15, near=1.7, far=24.0, half_width=9.0, spread=0.5)


def _terrace(stage: Stage) -> None:
    """A paved square with a railing, steps, arches and a view."""
    rng = stage.rng
    stage.ground(
        materials.stuff(
            rng, str(rng.choice(["tiles", "paving", "planks"])), (*materials.STONES, *materials.WOODS)
        )
    )
    edge = float(rng.uniform(7.0, 10.0))
    for k in range(-2, 3):
        stage.add(structures.railing(rng, 2.6), x=2.8 * k, y=edge, subject=False)
    stage.surface(
        quad((-_FAR_M, edge + 0.3, 0.01), (2 * _FAR_M, 0, 0), (0, _FAR_M, 0)),
        materials.stuff(rng, "soil", (*materials.LEAVES, *materials.STONES)),
    )
    stage.add(
        structures.arch(rng),
        x=float(rng.uniform(-2.5, 2.5)),
        y=float(rng.uniform(5.0, edge - 0.8)),
        turn=float(rng.uniform(-25, 25)),
    )
    stage.footprints.append((stage.subjects[-1][0], stage.subjects[-1][1], 1.1))
    for _ in range(5):
        x, y = float(rng.uniform(-14, 14)), float(rng.uniform(edge + 3, 28))
        stage.add(plants.tree(rng), x=x, y=y)
    add_hills(stage)
    if stage.lit:
        for k in range(3):
            y = 3.2 + 1.6 * k
            cord, glow = lights.light_string(rng, (-3.0, y, 2.5), (3.0, y, 2.4), spacing=0.5, sag=0.35)
            stage.add(cord, x=0.0, y=0.0, bulbs=glow, subject=False)
    makers: list[Maker] = [
        pedestrians.person,
        structures.ramp,
        plants.potted_plant,
        furniture.chair,
        street_things.signboard,
        structures.lattice,
        street_things.crates,
        street_things.beach_ball,
        pedestrians.person,
        street_things.barrel,
    ]
    stage.scatter(makers, count=11, near=1.6, far=edge - 0.6, half_width=4.5, spread=0.48)


def add_hills(stage: Stage) -> None:
    """Rows of distant blobs that close the horizon."""
    rng = stage.rng
    leaves = materials.stuff(rng, "foliage", materials.LEAVES)
    lumps = []
    for _ in range(16):
        size = float(rng.uniform(2.0, 4.5))
        lumps.append(
            blob(size, rng).moved((float(rng.uniform(-26, 26)), float(rng.uniform(26, 40)), size * 0.3))
        )
    stage.surface(join(lumps), leaves)


LAYOUTS: dict[str, Callable[[Stage], None]] = {
    "street": _street,
    "room": _room,
    "park": _park,
    "table": _table_top,
    "alley": _alley,
    "terrace": _terrace,
}
"""The kinds of place, in the order in which seeds take turns."""


def has_lights(seed: int) -> bool:
    """Whether the scene of this seed has small bright lights: two of every six."""
    return (seed + seed // 6) % 3 == 2


def make_recipe(seed: int) -> SceneRecipe:
    """Make the scene of a seed. The same seed makes the same scene, on every machine."""
    rng = np.random.default_rng(seed)
    layout = list(LAYOUTS)[seed % len(LAYOUTS)]
    lit = has_lights(seed)
    stage = Stage(rng=rng, lit=lit)
    LAYOUTS[layout](stage)
    indoors = layout in ("room", "table")
    sky = _dim_sky(rng) if lit else (window_light(rng) if indoors else daylight(rng))
    tall, pitch = (
        (1.25, -13.0) if layout == "table" else (float(rng.uniform(0.9, 1.7)), float(rng.uniform(-7, 0)))
    )
    camera = Camera(
        position=(0.0, 0.0, tall), yaw=float(rng.uniform(-5, 5)), pitch=pitch, fov=float(rng.uniform(47, 63))
    )
    return SceneRecipe(
        seed=seed,
        layout=layout,
        parts=tuple(stage.parts),
        bulbs=tuple(stage.bulbs),
        sky=sky,
        camera=camera,
        subjects=tuple(stage.subjects),
        key=float(rng.uniform(0.05, 0.10)) if lit else float(rng.uniform(0.17, 0.25)),
        blur_px=float(rng.uniform(4.5, 5.5)),
    )


def _towards(azimuth: float, elevation: float) -> Point:
    a, e = np.radians(azimuth), np.radians(elevation)
    return float(np.cos(e) * np.sin(a)), float(np.cos(e) * np.cos(a)), float(np.sin(e))


def _rgb(values: Sequence[float], factor: float = 1.0) -> RGB:
    red, green, blue = (float(value * factor) for value in values)
    return red, green, blue


def daylight(rng: Rng) -> Sky:
    """Noon, overcast or a low sun, from the side or from behind the camera."""
    kind = int(rng.integers(4))
    azimuth = float(rng.uniform(50, 310))
    below: RGB = (0.25, 0.23, 0.20)
    seed = int(rng.integers(2**31))
    if kind == 0:  # overcast
        return Sky(
            (0.75, 0.80, 0.88),
            (1.0, 1.0, 1.0),
            below,
            0.3,
            _towards(azimuth, 60),
            (0.9, 0.9, 0.85),
            2.0,
            (0.0, 0.0, 1.0),
            (0.0, 0.0, 0.0),
            seed,
        )
    if kind == 1:  # late sun
        sun, high = (2.6, 1.65, 0.8), float(rng.uniform(12, 22))
        return Sky(
            (0.28, 0.36, 0.60),
            (1.0, 0.72, 0.50),
            below,
            0.35,
            _towards(azimuth, high),
            (0.8, 0.5, 0.25),
            5.0,
            _towards(azimuth, high),
            sun,
            seed,
        )
    high = float(rng.uniform(32, 62))
    strength = float(rng.uniform(1.6, 3.0))
    return Sky(
        (0.22, 0.42, 0.85),
        (0.75, 0.88, 1.05),
        below,
        float(rng.uniform(0.1, 0.5)),
        _towards(azimuth, high),
        (0.4, 0.4, 0.35),
        6.0,
        _towards(azimuth, high),
        _rgb((1.0, 0.93, 0.82), strength),
        seed,
    )


def window_light(rng: Rng) -> Sky:
    """A large soft window behind and to one side of the camera, over dim light from all around."""
    side = float(rng.choice([-1.0, 1.0]))
    warm = _rgb((1.0, 0.90, 0.76)) if rng.random() < 0.5 else _rgb((0.86, 0.94, 1.0))
    around = _rgb(warm, 0.5)
    window = _towards(180.0 + side * float(rng.uniform(20, 60)), float(rng.uniform(30, 50)))
    return Sky(
        around,
        around,
        _rgb(warm, 0.3),
        0.0,
        window,
        _rgb(warm, 4.0),
        7.0,
        (0.0, 0.0, 1.0),
        (0.0, 0.0, 0.0),
        0,
    )


def _dim_sky(rng: Rng) -> Sky:
    """The blue hour: what is left when the lamps are on."""
    return Sky(
        (0.16, 0.24, 0.48),
        (0.42, 0.42, 0.58),
        (0.10, 0.10, 0.12),
        0.2,
        _towards(float(rng.uniform(60, 300)), 25.0),
        (0.5, 0.36, 0.3),
        4.0,
        (0.0, 0.0, 1.0),
        (0.0, 0.0, 0.0),
        int(rng.integers(2**31)),
    )
