"""People who stand or walk, in real sizes."""

import numpy as np

from rackfocus.scenes.geometry import Mesh, Point, ball, capsule, join, lathe
from rackfocus.scenes.objects.materials import CLOTHES, PAINTS, SKINS, Rng, stuff
from rackfocus.scenes.recipe import Part


def person(rng: Rng, *, height: float | None = None, stride: float | None = None) -> list[Part]:
    """A person who stands or walks; `stride` is the swing of a leg in degrees. `None`: random."""
    tall = float(rng.uniform(1.5, 1.88)) if height is None else height
    swing = float(rng.uniform(-18, 18)) if stride is None else stride
    unit = tall / 1.75
    build = float(rng.uniform(0.9, 1.2)) * unit
    skin = stuff(rng, "cloth", SKINS)
    top, bottom = stuff(rng, str(rng.choice(CLOTHES)), PAINTS), stuff(rng, "cloth", PAINTS)
    hair = stuff(rng, "bark", ((0.05, 0.03, 0.02), (0.20, 0.11, 0.05), (0.45, 0.32, 0.14), (0.3, 0.3, 0.3)))
    sway = float(np.sin(np.radians(swing)))
    legs, hands, arms = [], [], []
    for side in (-1, 1):
        step = side * sway * 0.8 * unit
        hip: Point = (side * 0.09 * build, 0.0, 0.86 * unit)
        knee: Point = (side * 0.10 * build, -0.5 * step - 0.03, 0.48 * unit)
        foot: Point = (side * 0.11 * build, -step, 0.06 * unit)
        toe: Point = (side * 0.13 * build, -step - 0.16 * unit, 0.045 * unit)
        legs += [capsule(hip, knee, 0.085 * build, end_radius=0.065 * build)]
        legs += [capsule(knee, foot, 0.065 * build, end_radius=0.05 * build)]
        hands += [capsule(foot, toe, 0.05 * unit, end_radius=0.04 * unit)]
        shoulder: Point = (side * 0.19 * build, 0.0, 1.40 * unit)
        elbow: Point = (side * 0.25 * build, 0.35 * step, 1.12 * unit)
        hand: Point = (side * 0.24 * build, 0.6 * step - 0.12, 0.90 * unit)
        arms += [capsule(shoulder, elbow, 0.055 * build, end_radius=0.045 * build)]
        arms += [capsule(elbow, hand, 0.045 * build, end_radius=0.038 * build)]
        hands += [capsule(hand, (hand[0], hand[1] - 0.02, hand[2] - 0.07), 0.042 * unit)]
    chest = lathe(
        [
            (0.0, 0.80),
            (0.15, 0.84),
            (0.165, 0.95),
            (0.15, 1.08),
            (0.18, 1.30),
            (0.17, 1.40),
            (0.06, 1.47),
            (0.0, 1.48),
        ],
    )
    shape = np.diag([1.15 * build, 0.75 * build, unit])
    chest = Mesh(chest.vertices @ shape, chest.faces, chest.texture_m, chest.normals)
    neck = capsule((0, 0, 1.44 * unit), (0, 0, 1.54 * unit), 0.05 * unit)
    skull = ball(0.115 * unit).moved((0, -0.01, 1.53 * unit))
    cap = ball(0.122 * unit).moved((0, 0.018, 1.545 * unit))
    return [
        Part(join([skull, neck, *hands[1::2]]), skin),
        Part(
            join(hands[0::2]), stuff(rng, "cloth", ((0.05, 0.04, 0.04), (0.3, 0.16, 0.08), (0.6, 0.6, 0.6)))
        ),
        Part(cap, hair),
        Part(join([chest, *arms]), top),
        Part(join(legs), bottom),
    ]
