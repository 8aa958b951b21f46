"""Exact optical flow: rays through the pixel centres of a frame, and the same surface points a frame later.

Every layer (the scenery, each person, the props) keeps its triangles from frame to frame. A ray gives a
triangle and a position within it; the same position of that triangle in the next frame is where the point
moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from rackfocus.scenes.geometry import Mesh, join
from rackfocus.scenes.recipe import Camera, Part

_HIDDEN_BEFORE = 1e-3
"""A point is hidden if another surface is nearer by more than this share of its distance."""


@dataclass(frozen=True)
class Hits:
    """Intersections of rays with a layer: distances in lengths of each ray's direction (infinite: no hit),
    indices of triangles, and barycentric coordinates of their second and third corner.
    """

    distance: Float[np.ndarray, " ray"]
    face: Int[np.ndarray, " ray"]
    place: Float[np.ndarray, "ray 2"]


class Layer:
    """Some parts as one mesh for ray casting."""

    def __init__(self, mitsuba: ModuleType, parts: Sequence[Part]) -> None:
        self._mitsuba = mitsuba
        self.mesh: Mesh | None = join([part.mesh for part in parts]) if parts else None
        if self.mesh is not None:
            shape = mitsuba.Mesh("layer", len(self.mesh.vertices), len(self.mesh.faces))
            parameters = mitsuba.traverse(shape)
            parameters["vertex_positions"] = self.mesh.vertices.astype(np.float32).ravel()
            parameters["faces"] = self.mesh.faces.astype(np.uint32).ravel()
            parameters.update()
            self._scene = mitsuba.load_dict({"type": "scene", "layer": shape})

    def trace(self, origin: Float[np.ndarray, " 3"], directions: Float[np.ndarray, "ray 3"]) -> Hits:
        """Cast a ray in each direction."""
        count = len(directions)
        if self.mesh is None or count == 0:
            return Hits(np.full(count, np.inf), np.zeros(count, int), np.zeros((count, 2)))
        lengths = np.linalg.norm(directions, axis=1)
        units = directions / lengths[:, None]
        mitsuba = self._mitsuba
        if "scalar" in mitsuba.variant():
            found = [
                self._scene.ray_intersect_preliminary(mitsuba.Ray3f(origin.tolist(), unit))
                for unit in units.tolist()
            ]
            distance = np.array([each.t for each in found])
            face = np.array([each.prim_index for each in found])
            place = np.array([[each.prim_uv.x, each.prim_uv.y] for each in found])
        else:
            rays = mitsuba.Ray3f(
                mitsuba.Point3f(*origin.tolist()), mitsuba.Vector3f(units.T.astype(np.float32))
            )
            hit: Any = self._scene.ray_intersect_preliminary(rays)
            distance = np.asarray(hit.t, dtype=np.float64)
            face = np.asarray(hit.prim_index).astype(int)
            place = np.asarray(hit.prim_uv, dtype=np.float64).T
        met = np.isfinite(distance)
        return Hits(distance / lengths, np.where(met, face, 0), np.where(met[:, None], place, 0.0))

    def points(self, hits: Hits) -> Float[np.ndarray, "ray 3"]:
        """The world positions of these points of this layer's triangles."""
        if self.mesh is None:
            return np.zeros((len(hits.face), 3))
        corners = self.mesh.vertices[self.mesh.faces[hits.face]]
        u, v = hits.place[:, :1], hits.place[:, 1:]
        return corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v


@dataclass(frozen=True)
class TracedFrame:
    """One frame traced through its pixel centres: its camera, the layers (the scenery first), the hits of
    each layer without the others, the index of the visible layer of each pixel (-1: the sky), and the depth
    in metres along the axis of the lens, infinite in the sky.
    """

    camera: Camera
    layers: tuple[Layer, ...]
    hits: tuple[Hits, ...]
    nearest: Int[np.ndarray, "height width"]
    depth_m: Float[np.ndarray, "height width"]


def trace_frame(camera: Camera, layers: Sequence[Layer], *, width: int, height: int) -> TracedFrame:
    """Cast a ray through every pixel centre against every layer."""
    steps = camera.ray_directions(width=width, height=height).reshape(-1, 3)
    hits = tuple(layer.trace(np.asarray(camera.position), steps) for layer in layers)
    depths = np.stack([each.distance for each in hits])
    nearest = np.where(np.isfinite(depths.min(axis=0)), depths.argmin(axis=0), -1)
    return TracedFrame(
        camera, tuple(layers), hits, nearest.reshape(height, width), depths.min(axis=0).reshape(height, width)
    )


def shown_share(frame: TracedFrame, layer: int, *, width: int, height: int) -> float:
    """The visible share of a layer, of its pixels in a picture twice as wide without occluders."""
    camera = frame.camera
    focal = camera.focal_length_px(width)
    x, y = np.meshgrid(
        np.arange(-(width // 2), width + width // 2) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    )
    steps = np.stack([x / focal, y / focal, np.ones_like(x)], axis=-1).reshape(-1, 3) @ camera.axes()
    hits = frame.layers[layer].trace(np.asarray(camera.position), steps)
    return float((frame.nearest == layer).sum() / max(np.isfinite(hits.distance).sum(), 1))


def exact_flow(
    now: TracedFrame, later: TracedFrame
) -> tuple[Float[np.ndarray, "height width 2"], Bool[np.ndarray, "height width"]]:
    """Optical flow from one traced frame to another, in pixels (`x` right, `y` down), and a mask of
    occlusion.

    Returns:
        The flow, also of the sky; and where a point is hidden or outside the picture in the later frame.
    """
    height, width = now.nearest.shape
    flow = np.zeros((height * width, 2))
    hidden = np.zeros(height * width, dtype=bool)
    nearest = now.nearest.ravel()
    origin = np.asarray(later.camera.position)
    for index in range(-1, len(now.layers)):
        pixels = np.flatnonzero(nearest == index)
        if not len(pixels):
            continue
        if index < 0:  # The sky is at infinity: only the rotation of the camera moves it.
            steps = now.camera.ray_directions(width=width, height=height).reshape(-1, 3)[pixels]
            before, after = steps + np.asarray(now.camera.position), steps + origin
        else:
            hits = now.hits[index]
            hits = Hits(hits.distance[pixels], hits.face[pixels], hits.place[pixels])
            before, after = now.layers[index].points(hits), later.layers[index].points(hits)
        start = now.camera.project(before, width=width, height=height)
        end = later.camera.project(after, width=width, height=height)
        flow[pixels] = end[:, :2] - start[:, :2]
        towards = after - origin
        nearer = np.min([layer.trace(origin, towards).distance for layer in later.layers], axis=0)
        limit = np.inf if index < 0 else 1.0 - _HIDDEN_BEFORE
        outside = (np.abs(end[:, 0] - (width - 1) / 2) > width / 2) | (
            np.abs(end[:, 1] - (height - 1) / 2) > height / 2
        )
        hidden[pixels] = (nearer < limit) | outside | (end[:, 2] <= 0)
    return flow.reshape(height, width, 2), hidden.reshape(height, width)
