"""People who move: limbs that rotate at joints, and a face whose mouth opens.

Every part keeps its vertices from frame to frame and moves rigidly (the mouth is scaled), so optical flow can
be computed exactly from the vertices.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
from jaxtyping import Float

from rackfocus.scenes.geometry import Mesh, ball, capsule, join, lathe, rotation
from rackfocus.scenes.objects import materials
from rackfocus.scenes.recipe import Material, Part, placed

Rng = np.random.Generator


@dataclass(frozen=True)
class Limb:
    """The pose of an arm or a leg, in degrees; 0 hangs straight down.

    The upper limb is turned `forward` and `out`, away from the body; the elbow bends forwards, a knee
    backwards.
    """

    forward: float = 0.0
    out: float = 0.0
    bend: float = 0.0


@dataclass(frozen=True)
class Pose:
    """The pose of a person: arms and legs (of each the one at smaller `x` first), nod of the head forwards
    and its look to the person's left in degrees, opening of the mouth from 0 to 1, and the height of the
    lower foot above the ground.
    """

    arms: tuple[Limb, Limb] = (Limb(out=8.0, bend=12.0), Limb(out=8.0, bend=12.0))
    legs: tuple[Limb, Limb] = (Limb(out=2.0), Limb(out=2.0))
    nod: float = 0.0
    look: float = 0.0
    mouth: float = 0.0
    above_m: float = 0.0


REST = Pose()
Motion = Callable[[float], Pose]
"""A pose for each time in seconds since the start of the motion; `REST` up to 0."""


class Person:
    """A person with joints, standing at the origin and facing `-y`, with random clothes and build.

    `face` has the indices of the parts of the head.
    """

    def __init__(self, rng: Rng) -> None:
        self.height_m = float(rng.uniform(1.6, 1.86))
        unit = self._unit = self.height_m / 1.75
        self._build = float(rng.uniform(0.9, 1.15)) * unit
        skin = materials.stuff(rng, "cloth", materials.SKINS)
        top = materials.stuff(rng, str(rng.choice(materials.CLOTHES)), materials.PAINTS)
        bottom = materials.stuff(rng, "cloth", materials.PAINTS)
        hair_colours = ((0.05, 0.03, 0.02), (0.20, 0.11, 0.05), (0.45, 0.32, 0.14), (0.3, 0.3, 0.3))
        hair = materials.stuff(rng, "bark", hair_colours)
        shoe = materials.stuff(rng, "cloth", ((0.05, 0.04, 0.04), (0.3, 0.16, 0.08), (0.6, 0.6, 0.6)))
        self._skin, self._hair, self._top, self._bottom, self._shoe = skin, hair, top, bottom, shoe
        self._dark = Material("cloth", 4, (0.05, 0.02, 0.02))
        self._chest = self._torso()
        self._skull, self._cap, self._features, self._lips = self._head()
        build = self._build
        self._upper_arm = capsule((0, 0, 0), (0, 0, -0.29 * unit), 0.055 * build, end_radius=0.045 * build)
        self._forearm = capsule((0, 0, 0), (0, 0, -0.25 * unit), 0.045 * build, end_radius=0.036 * build)
        hand = capsule((0, 0, -0.26 * unit), (0, -0.01, -0.34 * unit), 0.042 * unit)
        self._hand = hand
        self._thigh = capsule((0, 0, 0), (0, 0, -0.40 * unit), 0.088 * build, end_radius=0.066 * build)
        self._shin = capsule((0, 0, 0), (0, 0, -0.38 * unit), 0.064 * build, end_radius=0.05 * build)
        self._foot = capsule(
            (0, 0.02, -0.415 * unit), (0, -0.16 * unit, -0.43 * unit), 0.052 * unit, end_radius=0.04 * unit
        )
        self.face = tuple(range(3, 7))

    def parts(self, pose: Pose, *, x: float, y: float, turn: float) -> list[Part]:
        """The person in that pose, always in the same order; `turn` is anticlockwise from above."""
        unit, build = self._unit, self._build
        arms, hands, legs, shoes = [], [], [], []
        for side, arm, leg in ((-1, pose.arms[0], pose.legs[0]), (1, pose.arms[1], pose.legs[1])):
            shoulder = np.array([side * 0.20 * build, 0.0, 0.545 * unit])
            upper = _held(side, arm)
            elbow = shoulder + upper @ (0, 0, -0.29 * unit)
            lower = upper @ rotation(-arm.bend, axis=0)
            arms += [self._upper_arm.transformed(upper).moved(shoulder)]
            arms += [self._forearm.transformed(lower).moved(elbow)]
            hands += [self._hand.transformed(lower).moved(elbow)]
            hip = np.array([side * 0.095 * build, 0.0, 0.0])
            upper = _held(side, leg)
            knee = hip + upper @ (0, 0, -0.40 * unit)
            lower = upper @ rotation(leg.bend, axis=0)
            legs += [self._thigh.transformed(upper).moved(hip)]
            legs += [self._shin.transformed(lower).moved(knee)]
            shoes += [self._foot.transformed(lower).moved(knee)]
        tilt = rotation(pose.look, axis=2) @ rotation(pose.nod, axis=0)
        neck = np.array([0.0, 0.0, 0.62 * unit])
        head = [each.transformed(tilt).moved(neck) for each in (self._skull, self._cap, self._features)]
        lips = self._mouth(pose.mouth).transformed(tilt).moved(neck)
        parts = [
            Part(self._chest, self._top),
            Part(join(arms), self._top),
            Part(join(hands), self._skin),
            Part(head[0], self._skin),
            Part(head[1], self._hair),
            Part(head[2], self._dark),
            Part(lips, self._dark),
            Part(join(legs), self._bottom),
            Part(join(shoes), self._shoe),
        ]
        lowest = min(float(part.mesh.vertices[:, 2].min()) for part in parts)
        return placed(parts, x=x, y=y, z=pose.above_m - lowest, turn=turn)

    def _torso(self) -> Mesh:
        profile = [(0.0, -0.06), (0.15, -0.02), (0.165, 0.09), (0.15, 0.22), (0.18, 0.44), (0.17, 0.54)]
        mesh = lathe([*profile, (0.06, 0.61), (0.0, 0.62)])
        shape = np.array([1.15 * self._build, 0.75 * self._build, self._unit])
        return Mesh(mesh.vertices * shape, mesh.faces, mesh.texture_m, mesh.normals)

    def _head(self) -> tuple[Mesh, Mesh, Mesh, Mesh]:
        """Parts relative to the neck: skull with neck and nose, hair, eyes with brows, closed mouth."""
        unit = self._unit
        skull = _stretched(ball(0.115 * unit), (0.92, 1.0, 1.12)).moved((0, -0.01, 0.05 * unit))
        neck = capsule((0, 0.01, -0.04 * unit), (0, 0, 0.08 * unit), 0.05 * unit)
        nose = capsule(
            (0, -0.118 * unit, 0.19 * unit),
            (0, -0.13 * unit, 0.155 * unit),
            0.011 * unit,
            end_radius=0.016 * unit,
        )
        cap = _stretched(ball(0.122 * unit), (0.95, 1.0, 1.05)).moved((0, 0.022, 0.075 * unit))
        features = []
        for side in (-1, 1):
            features.append(
                ball(0.016 * unit, segments=16).moved((side * 0.042 * unit, -0.108 * unit, 0.178 * unit))
            )
            brow = capsule(
                (side * 0.02 * unit, -0.112 * unit, 0.222 * unit),
                (side * 0.062 * unit, -0.098 * unit, 0.222 * unit),
                0.007 * unit,
            )
            features.append(brow)
        lips = _stretched(ball(1.0, segments=24).moved((0, 0, -1)), (0.038 * unit, 0.02 * unit, 0.028 * unit))
        return join([skull, neck, nose]), cap, join(features), lips

    def _mouth(self, share: float) -> Mesh:
        """A dark ellipsoid that grows downwards as it opens."""
        open_z = 0.14 + 1.1 * share
        unit = self._unit
        return _stretched(self._lips, (1.0 - 0.15 * share, 1.0, open_z)).moved(
            (0, -0.106 * unit, (0.112 - 0.022 * share) * unit)
        )


def _held(side: int, limb: Limb) -> Float[np.ndarray, "3 3"]:
    return rotation(-side * limb.out, axis=1) @ rotation(-limb.forward, axis=0)


def _stretched(mesh: Mesh, factors: tuple[float, float, float]) -> Mesh:
    normals = mesh.normals / np.asarray(factors)
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return Mesh(mesh.vertices * factors, mesh.faces, mesh.texture_m, normals)


def walk(time_s: float) -> Pose:
    """Walking, two steps a second."""
    swing = float(np.sin(2 * np.pi * time_s))
    lift = [max(0.0, float(np.cos(2 * np.pi * time_s + shift))) for shift in (0.0, np.pi)]
    return Pose(
        arms=(Limb(-24 * swing, 6, 18), Limb(24 * swing, 6, 18)),
        legs=(Limb(24 * swing, 1, 6 + 38 * lift[0]), Limb(-24 * swing, 1, 6 + 38 * lift[1])),
    )


def wave(time_s: float) -> Pose:
    """Raising an arm and waving."""
    up = ramp(time_s / 0.4)
    wag = 32.0 * float(np.sin(2 * np.pi * 1.8 * max(time_s, 0.0))) * up
    still = REST.arms[0]
    raised = Limb(forward=20.0 * up, out=8.0 + 122.0 * up + 0.4 * wag, bend=12.0 + (14.0 + wag) * up)
    return Pose(arms=(still, raised), nod=-4.0 * up)


def jump(time_s: float) -> Pose:
    """Jumping on the spot, arms up: 0.25 s crouched, 0.5 s in the air, and again."""
    if time_s <= 0:
        return REST
    phase = time_s % 0.95
    if phase < 0.25 or phase > 0.75:
        share = phase / 0.25 if phase < 0.25 else (0.95 - phase) / 0.2
        deep = float(np.sin(np.pi * share))
        arm = Limb(forward=-35.0 * deep, out=8.0, bend=12.0)
        leg = Limb(forward=42.0 * deep, out=2.0, bend=80.0 * deep)
        return Pose(arms=(arm, arm), legs=(leg, leg))
    air = (phase - 0.25) / 0.5
    arc = 4.0 * air * (1.0 - air)
    arm = Limb(forward=30.0 * arc, out=8.0 + 130.0 * arc, bend=12.0)
    leg = Limb(forward=6.0 * arc, out=2.0 + 12.0 * arc, bend=12.0 * arc)
    return Pose(arms=(arm, arm), legs=(leg, leg), above_m=0.31 * arc)


KICK_CONTACT_S = 0.42
"""The time at which the foot meets the ball."""


def kick(time_s: float) -> Pose:
    """Kicking: the leg swings back, kicks, and stops."""
    if time_s <= 0:
        return REST
    at = np.array([0.0, 0.25, KICK_CONTACT_S, 0.55, 1.0])
    swing = float(np.interp(time_s, at, [0.0, -42.0, 18.0, 58.0, 0.0]))
    knee = float(np.interp(time_s, at, [0.0, 62.0, 14.0, 4.0, 0.0]))
    arm = 0.6 * swing
    return Pose(
        arms=(Limb(arm, 14, 16), Limb(-arm, 14, 16)) if time_s < 1 else REST.arms,
        legs=(Limb(0.0, 2.0), Limb(swing, 2.0, knee)),
    )


ACTIONS: dict[str, Motion] = {"jumps": jump, "waves an arm": wave, "kicks a ball": kick}


def talk(time_s: float, loudness: float) -> Pose:
    """Talking: the mouth opens with the loudness; head and hands move along."""
    if time_s <= 0:
        return REST
    start = ramp(time_s / 0.3)
    beat = float(np.sin(2 * np.pi * 0.9 * time_s))
    other = float(np.sin(2 * np.pi * 0.63 * time_s + 1.0))
    arms = (
        Limb(forward=14.0 * start + 6.0 * other * start, out=10.0, bend=12.0 + (45.0 + 14.0 * other) * start),
        Limb(forward=26.0 * start + 9.0 * beat * start, out=12.0, bend=12.0 + (62.0 + 22.0 * beat) * start),
    )
    return Pose(
        arms=arms, nod=(5.0 * beat + 4.0 * loudness) * start, look=6.0 * other * start, mouth=loudness
    )


def ramp(share: float) -> float:
    """0 to 1, smooth at both ends."""
    held = min(max(share, 0.0), 1.0)
    return held * held * (3.0 - 2.0 * held)


def blend(first: Pose, second: Pose, share: float) -> Pose:
    """Interpolates two poses: the first at share 0, the second at 1."""

    def limbs(name: str) -> tuple[Limb, Limb]:
        left, right = (
            Limb(*(u + (v - u) * share for u, v in zip(astuple(a), astuple(b), strict=True)))
            for a, b in zip(getattr(first, name), getattr(second, name), strict=True)
        )
        return left, right

    numbers = {
        name: getattr(first, name) + (getattr(second, name) - getattr(first, name)) * share
        for name in ("nod", "look", "mouth", "above_m")
    }
    return Pose(arms=limbs("arms"), legs=limbs("legs"), **numbers)
