import numpy as np
import pytest

from rackfocus.scenes.clips import people


@pytest.fixture(scope="module")
def person() -> people.Person:
    return people.Person(np.random.default_rng(3))


def put(person, pose):
    return person.parts(pose, x=0.0, y=0.0, turn=0.0)


@pytest.mark.parametrize("time_s", [0.1, 0.4, 0.9])
@pytest.mark.parametrize("motion", [people.walk, people.wave, people.jump, people.kick])
def test_limbs_turn_and_keep_their_triangles(person, motion, time_s):
    rest, moved = put(person, people.REST), put(person, motion(time_s))
    for before, after in zip(rest, moved, strict=True):
        assert before.material == after.material
        np.testing.assert_array_equal(before.mesh.faces, after.mesh.faces)
    shin = rest[7].mesh.faces[:40]
    edges = [
        np.linalg.norm(np.diff(part.mesh.vertices[shin], axis=1), axis=2) for part in (rest[7], moved[7])
    ]
    np.testing.assert_allclose(*edges, atol=1e-9)


@pytest.mark.parametrize("motion", list(people.ACTIONS.values()))
def test_an_action_starts_at_rest_and_moves_at_once(motion):
    assert motion(0.0) == people.REST
    assert motion(1 / 24) != people.REST


def test_feet_stand_on_the_ground_but_for_jumps(person):
    for pose, height in ((people.REST, 0.0), (people.walk(0.3), 0.0), (people.jump(0.5), 0.31)):
        lowest = min(part.mesh.vertices[:, 2].min() for part in put(person, pose))
        assert lowest == pytest.approx(height, abs=1e-3)


def test_the_mouth_opens_with_loudness(person):
    sizes = [
        np.ptp(put(person, people.talk(1.0, loudness))[6].mesh.vertices[:, 2]) for loudness in (0.0, 0.5, 1.0)
    ]
    assert sizes[0] < 0.02 < sizes[1] < sizes[2]


def test_blend_ends_in_both_poses():
    first, second = people.wave(1.0), people.REST
    assert people.blend(first, second, 0.0) == first
    assert people.blend(first, second, 1.0).arms[1].out == pytest.approx(second.arms[1].out)
