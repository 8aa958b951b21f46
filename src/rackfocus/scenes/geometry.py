"""Triangle meshes in metres: the primitives of which all objects of a scene are made.

World axes: `x` to the right, `y` forward (away from the camera), `z` up; the ground is `z = 0`.
Texture coordinates are metres along the surface.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

Point = tuple[float, float, float]
Vector = Sequence[float | int] | np.ndarray
"""Three numbers, in any of these types."""

_CREASE_COS = np.cos(np.radians(40.0))


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh: vertices in metres; vertex indices of each triangle, anticlockwise seen from outside;
    unit shading normals, equal to those of the faces where the surface is flat; and `texture_m`, the position
    along the surface in metres, x then y.
    """

    vertices: Float[np.ndarray, "vertex 3"]
    faces: Int[np.ndarray, "face 3"]
    texture_m: Float[np.ndarray, "vertex 2"]
    normals: Float[np.ndarray, "vertex 3"]

    def moved(self, offset: Vector) -> "Mesh":
        """Translate by `offset` metres."""
        return replace(self, vertices=self.vertices + np.asarray(offset, dtype=np.float64))

    def transformed(self, rotation: Float[np.ndarray, "3 3"]) -> "Mesh":
        """Rotate about the origin."""
        return replace(self, vertices=self.vertices @ rotation.T, normals=self.normals @ rotation.T)

    def turned(self, degrees: float) -> "Mesh":
        """Rotate about the vertical axis, anticlockwise seen from above."""
        return self.transformed(rotation(degrees, axis=2))

    def tilted(self, degrees: float) -> "Mesh":
        """Rotate about the x axis: a positive angle tips an upright object towards `-y`, the camera."""
        return self.transformed(rotation(degrees, axis=0))


def rotation(degrees: float, *, axis: int) -> Float[np.ndarray, "3 3"]:
    """Right-handed rotation about axis 0, 1 or 2."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = cos
    matrix[second, first], matrix[first, second] = sin, -sin
    return matrix


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Merge meshes to one."""
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        vertices=np.concatenate([mesh.vertices for mesh in meshes]),
        faces=np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=True)]),
        texture_m=np.concatenate([mesh.texture_m for mesh in meshes]),
        normals=np.concatenate([mesh.normals for mesh in meshes]),
    )


def quad(corner: Vector, right: Vector, up: Vector) -> Mesh:
    """A flat rectangle given by a corner and two edges; it faces `right x up`."""
    origin, u, v = (np.asarray(value, dtype=np.float64) for value in (corner, right, up))
    normal = np.cross(u, v)
    width, height = float(np.linalg.norm(u)), float(np.linalg.norm(v))
    return Mesh(
        vertices=np.stack([origin, origin + u, origin + u + v, origin + v]),
        faces=np.array([[0, 1, 2], [0, 2, 3]]),
        texture_m=np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]),
        normals=np.tile(normal / np.linalg.norm(normal), (4, 1)),
    )


def box(width: float, depth: float, height: float) -> Mesh:
    """A box that stands on the ground, centred on the origin."""
    x, y, z = width / 2, depth / 2, height
    return join(
        [
            quad((-x, -y, 0), (width, 0, 0), (0, 0, z)),
            quad((x, -y, 0), (0, depth, 0), (0, 0, z)),
            quad((x, y, 0), (-width, 0, 0), (0, 0, z)),
            quad((-x, y, 0), (0, -depth, 0), (0, 0, z)),
            quad((-x, -y, z), (width, 0, 0), (0, depth, 0)),
            quad((-x, y, 0), (width, 0, 0), (0, -depth, 0)),
        ]
    )


def strip(first: Float[np.ndarray, "point 3"], second: Float[np.ndarray, "point 3"]) -> Mesh:
    """Flat quadrilaterals between two polylines of equal length; it faces `along x (second - first)`."""
    return join([_facet(first[i], first[i + 1], second[i + 1], second[i]) for i in range(len(first) - 1)])


def _facet(*corners: np.ndarray) -> Mesh:
    """A flat quadrilateral; its texture is aligned with its first edge."""
    points = np.stack(corners)
    normal = np.cross(points[1] - points[0], points[3] - points[0])
    normal /= np.linalg.norm(normal)
    along = (points[1] - points[0]) / np.linalg.norm(points[1] - points[0])
    across = np.cross(normal, along)
    return Mesh(
        vertices=points,
        faces=np.array([[0, 1, 2], [0, 2, 3]]),
        texture_m=np.stack([points @ along, points @ across], axis=1),
        normals=np.tile(normal, (4, 1)),
    )


def lathe(profile: Sequence[tuple[float, float]], *, segments: int = 32) -> Mesh:
    """A surface of revolution about the vertical axis.

    Args:
        profile: `(radius, z)` from bottom to top; angles above 40 degrees are sharp creases.
        segments: number of facets around the axis; the shading is smooth.
    """
    points = np.asarray(profile, dtype=np.float64)
    steps = np.diff(points, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    directions = steps / lengths[:, None]
    outward = np.stack([directions[:, 1], -directions[:, 0]], axis=1)
    smooth = np.sum(directions[1:] * directions[:-1], axis=1) > _CREASE_COS
    angles = np.linspace(0.0, 2 * np.pi, segments + 1)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    reach = float(points[:, 0].max())
    heights = np.concatenate([[0.0], np.cumsum(lengths)])
    bands = []
    for index in range(len(steps)):
        rims = []
        for end in (index, index + 1):
            joint = end - 1
            shared = 0 <= joint < len(smooth) and smooth[joint]
            slope = outward[joint] + outward[joint + 1] if shared else outward[index]
            slope = slope / np.linalg.norm(slope)
            rims.append((points[end], slope, heights[end]))
        vertices = [np.column_stack([around * p[0], np.full(segments + 1, p[1])]) for p, _, _ in rims]
        normals = [np.column_stack([around * n[0], np.full(segments + 1, n[1])]) for _, n, _ in rims]
        texture = [np.column_stack([angles * reach, np.full(segments + 1, h)]) for _, _, h in rims]
        low = np.arange(segments)
        high = low + segments + 1
        lower, upper = np.stack([low, low + 1, high + 1], 1), np.stack([low, high + 1, high], 1)
        faces = [
            face for face, radius in ((lower, points[index, 0]), (upper, points[index + 1, 0])) if radius
        ]
        bands.append(
            Mesh(
                np.concatenate(vertices),
                np.concatenate(faces),
                np.concatenate(texture),
                np.concatenate(normals),
            )
        )
    return join(bands)


def cylinder(radius: float, height: float, *, top: float | None = None, segments: int = 32) -> Mesh:
    """A closed cylinder (with another `top` radius, a cone) that stands on the ground."""
    upper = radius if top is None else top
    profile = [(0.0, 0.0), (radius, 0.0), (upper, height)]
    return lathe(profile + ([(0.0, height)] if upper > 0 else []), segments=segments)


def capsule(start: Vector, end: Vector, radius: float, *, end_radius: float | None = None) -> Mesh:
    """A rounded limb between two points."""
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    other = radius if end_radius is None else end_radius
    length = float(np.linalg.norm(last - first))
    angles = np.linspace(-np.pi / 2, 0.0, 6)
    lower = [(radius * np.cos(a), radius * np.sin(a)) for a in angles]
    upper = [(other * np.cos(a), length - other * np.sin(a)) for a in angles[::-1]]
    lower[0], upper[-1] = (0.0, -radius), (0.0, length + other)
    along = (last - first) / length
    side = np.cross(along, (0.0, 1.0, 0.0) if abs(along[1]) < 0.9 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(along, side), along], axis=1)
    return lathe(lower + upper, segments=20).transformed(frame).moved(first)


def ball(radius: float, *, segments: int = 48) -> Mesh:
    """A sphere that rests on the ground."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    profile = [(radius * np.cos(a), radius + radius * np.sin(a)) for a in angles]
    profile[0], profile[-1] = (0.0, 0.0), (0.0, 2 * radius)
    return lathe(profile, segments=segments)


def blob(radius: float, rng: np.random.Generator, *, roughness: float = 0.18) -> Mesh:
    """An irregular sphere about the origin, such as the crown of a tree or a stone."""
    base = ball(1.0, segments=40).moved((0.0, 0.0, -1.0))
    directions = base.normals
    swelling = np.zeros(len(directions))
    for octave in (2.0, 4.0, 8.0):
        for _ in range(4):
            wave = rng.standard_normal(3)
            wave *= octave / np.linalg.norm(wave)
            swelling += np.sin(directions @ wave + rng.uniform(0, 2 * np.pi)) / octave
    vertices = base.vertices * (radius * (1.0 + roughness * swelling))[:, None]
    normals = vertex_normals(vertices, base.faces)
    return Mesh(vertices, base.faces, base.texture_m * radius, normals)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted normals, shared by vertices at the same position so that seams are invisible."""
    corners = vertices[faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    _, place = np.unique(np.round(vertices, 7), axis=0, return_inverse=True)
    sums = np.zeros((int(place.max()) + 1, 3))
    for corner in range(3):
        np.add.at(sums, place.ravel()[faces[:, corner]], facing)
    normals = sums[place.ravel()]
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)
