"""Draws speaking_and_entering.jpg: real clips refocused without a word about focus, which autofocus finds.

    python speaking_and_entering.py ROOT FOLDER

ROOT is the folder of the videos by others, `../shared/data/video` beside a checkout. FOLDER receives the
rendered videos; one that is there is not rendered again.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import rackfocus
from rackfocus.pipelines.focusing.autofocus import open_footage
from rackfocus.pipelines.focusing.search import LOOK_AHEAD_S
from rackfocus.video import open_video

CLIPS = {
    "grid_talkers/lrwp9a.mpg": {},
    "intel_one_by_one/one-by-one-person-detection.mp4": {"last": 140, "scale": 0.5},
}
COLUMNS, WIDTH, RADIUS = 4, 300, 7


def frames(path, last=None):
    """The frames of a video, reduced, and how much smaller they are."""
    with open_footage(path, disparity=lambda _: np.zeros((1, 1)), longer_side_px=WIDTH, last=last) as footage:
        return [shown.image for shown in footage.pictures()], 1 / footage.scale_to_source


def strip(source, video, settings):
    """The input with the focus point, above the result, in some frames."""
    if not video.exists():
        rackfocus.refocus(source, video, autofocus="general", **settings)
    shallow, _ = frames(video)
    sharp, scale = frames(source, len(shallow))
    with open_video(source) as opened:
        ahead = round(LOOK_AHEAD_S * opened.info.fps)
    # What a part is focused on depends on some seconds after it.
    track = rackfocus.autofocus(source, last=len(shallow) + ahead)
    columns = []
    for at in np.linspace(0, len(shallow) - 1, COLUMNS).round().astype(int):
        marked = Image.fromarray(sharp[at])
        x, y = track.points[at] * scale
        ImageDraw.Draw(marked).ellipse(
            (x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), outline="red", width=2
        )
        columns.append(np.concatenate([np.asarray(marked), shallow[at]]))
    return np.concatenate(columns, axis=1)


root, folder = map(Path, sys.argv[1:])
strips = {
    name: Image.fromarray(strip(root / name, folder / f"{Path(name).stem}.mp4", settings))
    for name, settings in CLIPS.items()
}
title, font = 22, ImageFont.load_default(15)
height = sum(each.height + title for each in strips.values())
sheet = Image.new("RGB", (COLUMNS * WIDTH, height), "white")
draw, top = ImageDraw.Draw(sheet), 0
for name, each in strips.items():
    draw.text((4, top + 2), name, "black", font)
    sheet.paste(each, (0, top + title))
    top += each.height + title
sheet.save(Path(__file__).with_name("speaking_and_entering.jpg"), quality=85)
