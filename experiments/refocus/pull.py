"""Draws pull.jpg: a real video, its disparity, and the video with focus pulled from the trees to the man.

    python pull.py VIDEO FOLDER

VIDEO is 05_default_juggle.mp4 of the SAM 2 demo (Apache-2.0); FOLDER keeps the clip, for another run.
"""

import sys
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import rackfocus
from rackfocus.evaluation.reports.pictures import disparity_picture
from rackfocus.focus.annotation.json_file import annotated_video

FRAMES = 72
MOMENTS = (8, 31, 35, 64)
PULL = rackfocus.FocusPulls(duration_frames=18, easing="eased")
SIZE = (448, 252)
REACH_PX = 5

source, folder = map(Path, sys.argv[1:])
clip, video = folder / "juggle.rvr", folder / "pull.mp4"
if not clip.exists():
    rackfocus.make_clip(source, clip, last=FRAMES)
targets = (
    rackfocus.FocusTarget(0, 150, 60, box=(60, 20, 300, 150)),
    rackfocus.FocusTarget(44, 690, 230, box=(600, 40, 780, 670)),
)
annotation = rackfocus.FocusAnnotation(annotated_video(source), targets, PULL)
rackfocus.refocus(clip, video, focus=annotation, f_number=1.0)


def small(picture):
    """A picture in its size on the sheet."""
    return cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA)


def frames(path):
    """The frames of the sheet."""
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [small(pictures[moment]) for moment in MOMENTS]


estimates = rackfocus.RefocusableClip.open(clip)
disparity = [disparity_picture(estimates.disparity(moment)[None], reach_px=REACH_PX) for moment in MOMENTS]
rows = {
    "input": frames(source),
    "disparity (red: near, blue: far)": [small(picture) for picture in disparity],
    "focus pulled from the trees to the man, f/1": frames(video),
}
title, font = 26, ImageFont.load_default(17)
sheet = Image.new("RGB", (SIZE[0] * len(MOMENTS), (SIZE[1] + title) * len(rows)), "white")
draw = ImageDraw.Draw(sheet)
for row, (name, pictures) in enumerate(rows.items()):
    top = row * (SIZE[1] + title)
    draw.text((4, top + 3), name, "black", font)
    sheet.paste(Image.fromarray(np.concatenate(pictures, axis=1)), (0, top + title))
sheet.save(Path(__file__).with_name("pull.jpg"), quality=88)
