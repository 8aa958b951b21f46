"""Detailed models: turned vessels, rocks, trees with separate leaves, tubes."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.geometry import Mesh, ball, join, lathe, vertex_normals
from rackfocus.scenes.objects import materials
from rackfocus.scenes.recipe import Material, Part

Rng = np.random.Generator

_SIDES = 8


def tube(points: Float[np.ndarray, "point 3"], radii: Float[np.ndarray, " point"]) -> Mesh:
    """A round tube along a curve with these radii; its cross-section does not twist."""
    steps = np.gradient(points, axis=0)
    along = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    helper = np.array([0.0, 1.0, 0.0]) if abs(along[0, 1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    side = np.cross(along[0], helper)
    angles = np.linspace(0.0, 2 * np.pi, _SIDES + 1)
    rings, normals = [], []
    for point, direction, radius in zip(points, along, radii, strict=True):
        side = side - direction * (side @ direction)
        side = side / np.linalg.norm(side)
        other = np.cross(direction, side)
        ring = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * other
        rings.append(point + ring * radius)
        normals.append(ring)
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    around = angles * float(np.max(radii))
    texture = np.stack(np.meshgrid(around, lengths), axis=-1).reshape(-1, 2)
    first = (np.arange(len(points) - 1)[:, None] * (_SIDES + 1) + np.arange(_SIDES)).ravel()
    above = first + _SIDES + 1
    faces = np.concatenate(
        [np.stack([first, first + 1, above + 1], 1), np.stack([first, above + 1, above], 1)]
    )
    return Mesh(np.concatenate(rings), faces, texture, np.concatenate(normals))


def vessel(rng: Rng) -> list[Part]:
    """A vessel turned on a potter's wheel, 0.12 to 0.4 m high: a smooth curve through a few random radii."""
    tall = float(rng.uniform(0.12, 0.4))
    knots = rng.uniform(0.25, 1.0, 5) * float(rng.uniform(0.18, 0.5)) * tall
    knots[0] = max(knots[0], 0.12 * tall)
    heights = np.linspace(0.0, 1.0, 25)
    # A sum of Gaussians at the knots is smooth like clay; linear interpolation would have creases.
    weights = np.exp(-(((heights[:, None] - np.linspace(0, 1, 5)) / 0.22) ** 2))
    radii = (weights @ knots) / weights.sum(axis=1)
    outer = [(float(r), float(h * tall)) for r, h in zip(radii, heights, strict=True)]
    wall = min(0.006, 0.3 * float(radii.min()))
    inner = [(r - wall, h) for r, h in outer[:12:-1]]
    kind = str(rng.choice(["plaster", "stripes", "dots", "concrete", "cloth"]))
    mesh = lathe([(0.0, 0.0), *outer, *inner, (0.0, inner[-1][1])], segments=48)
    return [Part(mesh, materials.stuff(rng, kind, (*materials.PAINTS, *materials.STONES)))]


def rock(rng: Rng, *, size: float | None = None) -> list[Part]:
    """A boulder of 0.3 to 1.4 m: a sphere displaced by waves of many lengths, with a few flat faces."""
    radius = float(rng.uniform(0.3, 1.4)) if size is None else size
    base = ball(1.0, segments=72).moved((0.0, 0.0, -1.0))
    direction = base.normals
    swelling = np.zeros(len(direction))
    for octave in (1.5, 3.0, 6.0, 12.0, 24.0):
        for _ in range(5):
            wave = rng.standard_normal(3)
            wave *= octave / np.linalg.norm(wave)
            swelling += np.sin(direction @ wave + rng.uniform(0, 2 * np.pi)) / octave
    reach = 1.0 + 0.16 * swelling
    for _ in range(6):
        facing = rng.standard_normal(3)
        facing /= np.linalg.norm(facing)
        cut = rng.uniform(0.72, 0.95)
        lean = direction @ facing
        reach = np.where(lean > 0.05, np.minimum(reach, cut / np.maximum(lean, 0.05)), reach)
    shape = rng.uniform((0.9, 0.8, 0.5), (1.3, 1.1, 0.9))
    vertices = base.vertices * (radius * reach)[:, None] * shape
    vertices[:, 2] -= 0.8 * vertices[:, 2].min()  # A fifth of it is in the ground.
    mesh = Mesh(vertices, base.faces, base.texture_m * radius, vertex_normals(vertices, base.faces))
    return [Part(mesh, materials.stuff(rng, str(rng.choice(["soil", "concrete"])), materials.STONES))]


def leafy_tree(rng: Rng, *, tall: float | None = None) -> list[Part]:
    """A tree with bent, divided branches and separate thin, translucent leaves; 2 to 5 m."""
    height = float(rng.uniform(2.2, 5.0)) if tall is None else tall
    wood: list[Mesh] = []
    tips: list[np.ndarray] = []

    def grow(start: np.ndarray, heading: np.ndarray, length: float, thick: float, level: int) -> None:
        count = 9
        points = [start]
        direction = heading
        for _ in range(count - 1):
            direction = direction + rng.normal(0.0, 0.16, 3) + np.array([0.0, 0.0, 0.06])
            direction = direction / np.linalg.norm(direction)
            points.append(points[-1] + direction * length / (count - 1))
        line = np.stack(points)
        wood.append(tube(line, np.linspace(thick, 0.55 * thick, count)))
        if level >= 2:
            tips.append(line[3:])
        if level == 3:
            return
        for _ in range(5 if level == 0 else 4):
            at = int(rng.integers(count // 2, count))
            side = rng.standard_normal(3)
            branch = direction * 0.9 + side / np.linalg.norm(side) * 0.85
            branch[2] = abs(branch[2]) * 0.8
            share = float(rng.uniform(0.5, 0.75))
            grow(line[at], branch / np.linalg.norm(branch), length * share, 0.5 * thick, level + 1)

    grow(np.zeros(3), np.array([0.0, 0.0, 1.0]), 0.45 * height, 0.028 * height, 0)
    twigs = np.concatenate(tips)
    count = min(2600, 9 * len(twigs))
    centres = twigs[rng.integers(0, len(twigs), count)] + rng.normal(0.0, 0.05 * height / 4, (count, 3))
    leaves = _leaves(rng, centres, 0.02 * height)
    bark = materials.stuff(rng, "bark", materials.WOODS)
    green = materials.stuff(rng, "foliage", ((0.20, 0.36, 0.06), (0.30, 0.40, 0.07), (0.45, 0.26, 0.05)))
    return [
        Part(join(wood), bark),
        Part(leaves, Material(green.kind, green.seed, green.tint, translucent=True)),
    ]


def _leaves(rng: Rng, centres: np.ndarray, size: float) -> Mesh:
    """A bent kite-shaped leaf at each centre, randomly rotated."""
    count = len(centres)
    kite = np.array([[0, -1.0, 0], [0.42, 0, 0.12], [0, 1.0, 0], [-0.42, 0, 0.12]]) * size
    axes = np.linalg.qr(rng.standard_normal((count, 3, 3)))[0]
    scale = rng.uniform(0.6, 1.2, (count, 1, 1))
    vertices = centres[:, None] + (kite @ np.swapaxes(axes, 1, 2)) * scale
    normals = np.repeat(axes[:, :, 2], 4, axis=0)
    faces = np.array([[0, 1, 2], [0, 2, 3]]) + 4 * np.arange(count)[:, None, None]
    texture = vertices.reshape(-1, 3)[:, :2].copy()
    return Mesh(vertices.reshape(-1, 3), faces.reshape(-1, 3), texture, normals)


def city_bicycle(rng: Rng) -> list[Part]:
    """A bicycle of bent tubes: curved frame and handlebar, round rims, many thin spokes; 1.75 m, along x."""
    hub = 0.34
    around = np.linspace(0.0, 2 * np.pi, 49)
    rims: list[Mesh] = []
    spokes: list[Mesh] = []
    for x in (-0.53, 0.53):
        circle = np.column_stack([x + hub * np.cos(around), np.zeros(49), hub + hub * np.sin(around)])
        rims.append(tube(circle, np.full(49, 0.017)))
        guard = np.linspace(0.1, 1.25 * np.pi, 20) if x < 0 else np.linspace(-0.1, 0.9 * np.pi, 20)
        arc = np.column_stack([x + 0.38 * np.cos(guard), np.zeros(20), hub + 0.38 * np.sin(guard)])
        rims.append(tube(arc, np.full(20, 0.014)))
        for angle in around[:-1:2]:
            rim = np.array([x + hub * np.cos(angle), 0.0, hub + hub * np.sin(angle)])
            spokes.append(tube(np.stack([np.array([x, 0.02, hub]), rim]), np.full(2, 0.002)))
    bend = np.linspace(0.0, 1.0, 14)
    swan = np.column_stack([0.45 - 0.5 * bend, 0 * bend, 0.85 - 0.5 * bend - 0.22 * np.sin(np.pi * bend)])
    lines: list[Sequence[tuple[float, float, float]]] = [
        [(-0.05, 0, 0.32), (-0.2, 0, 0.86)],
        [(-0.05, 0, 0.32), (-0.53, 0, hub)],
        [(-0.17, 0, 0.74), (-0.53, 0, hub)],
        [(0.45, 0, 0.85), (0.49, 0, 0.6), (0.53, 0, hub)],
        [(0.45, 0, 0.8), (0.41, 0, 1.02)],
    ]
    frame = [tube(swan, np.full(14, 0.02))]
    frame += [tube(np.array(line, dtype=np.float64), np.full(len(line), 0.014)) for line in lines]
    sweep = np.linspace(-1.0, 1.0, 17)
    bar = np.column_stack([0.41 - 0.22 * sweep**2, 0.3 * sweep, 1.02 + 0.06 * np.cos(np.pi * sweep)])
    saddle = ball(1.0, segments=20).moved((0, 0, -1))
    seat = Mesh(saddle.vertices * (0.13, 0.075, 0.035), saddle.faces, saddle.texture_m * 0.1, saddle.normals)
    dark = materials.stuff(rng, "cloth", ((0.05, 0.05, 0.05),))
    steel = materials.stuff(rng, "plaster", ((0.5, 0.5, 0.5),))
    return [
        Part(join(frame), materials.stuff(rng, "metal", materials.PAINTS)),
        Part(join([*rims, tube(bar, np.full(17, 0.013)), seat.moved((-0.2, 0, 0.89))]), dark),
        Part(join(spokes), steel),
    ]
