import numpy as np
import pytest

from rackfocus.scenes.geometry import (
    Mesh,
    ball,
    blob,
    box,
    capsule,
    cylinder,
    join,
    lathe,
    quad,
    rotation,
)


def facing(mesh: Mesh) -> np.ndarray:
    corners = mesh.vertices[mesh.faces]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def area(mesh: Mesh) -> float:
    return float(np.linalg.norm(facing(mesh), axis=1).sum() / 2)


def volume(mesh: Mesh) -> float:
    corners = mesh.vertices[mesh.faces]
    return float(np.einsum("fi,fi->f", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)


def test_box_has_its_area_and_volume():
    mesh = box(2.0, 3.0, 0.5)
    assert area(mesh) == pytest.approx(2 * (6.0 + 1.0 + 1.5))
    assert volume(mesh) == pytest.approx(3.0)
    assert mesh.vertices.min(axis=0).tolist() == [-1.0, -1.5, 0.0]


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (ball(0.5), 4 / 3 * np.pi * 0.125),
        (cylinder(0.3, 2.0), np.pi * 0.09 * 2.0),
        (cylinder(0.3, 2.0, top=0.0), np.pi * 0.09 * 2.0 / 3),
        (capsule((0, 0, 0), (1, 0, 0), 0.2), np.pi * 0.04 + 4 / 3 * np.pi * 0.008),
    ],
)
def test_round_things_are_closed_and_face_outwards(mesh, expected):
    assert volume(mesh) == pytest.approx(expected, rel=0.05)
    assert volume(mesh) < expected  # facets lie inside


def test_shading_normals_agree_with_the_faces():
    mesh = lathe([(0.0, 0.0), (0.2, 0.0), (0.3, 0.4), (0.0, 0.4)])
    solid = np.linalg.norm(facing(mesh), axis=1) > 1e-12
    normals = mesh.normals[mesh.faces[solid]]
    assert (np.einsum("fci,fi->fc", normals, facing(mesh)[solid]) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0)


def test_texture_coordinates_are_metres():
    mesh = quad((0, 0, 0), (3, 0, 0), (0, 0, 2))
    assert mesh.texture_m.max(axis=0).tolist() == [3.0, 2.0]
    side = cylinder(0.5, 2.0)
    assert np.ptp(side.texture_m[:, 0]) == pytest.approx(np.pi)


def test_turning_and_tilting_follow_their_words():
    point = Mesh(
        np.array([[0.0, 0.0, 1.0]]), np.zeros((0, 3), int), np.zeros((1, 2)), np.array([[0.0, 0.0, 1.0]])
    )
    np.testing.assert_allclose(point.tilted(90.0).vertices, [[0, -1, 0]], atol=1e-12)
    np.testing.assert_allclose(rotation(90.0, axis=2) @ (1, 0, 0), [0, 1, 0], atol=1e-12)


def test_join_keeps_every_triangle():
    one = box(1.0, 1.0, 1.0)
    assert volume(join([one, one.moved((5, 0, 0))])) == pytest.approx(2.0)


def test_blob_is_the_same_for_the_same_generator():
    first, second = (blob(0.5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.vertices, second.vertices)
    assert volume(first) > 0
