"""Renders the programmed focus pull of Any-to-Bokeh's demo with its own disparity, and with the network's.

    python any_to_bokeh.py CLIP FOLDER

CLIP holds `videos/N.jpg` and `disp_change_f/N_zf_F.png`: nearness in 0..255, and in each name the nearness in
focus, 0..1. FOLDER gets `given` and `network`, the frames rendered with either, and `masks` of what is in
focus: where the given nearness is within .05 of that. The blur radius is K = 16 pixels for a nearness of 1
from focus, as in the demo.
"""

import sys
from pathlib import Path

import cv2
import torch

import rackfocus
from rackfocus.evaluation.public.results import write_result
from rackfocus.metrics.disparity import align_affine
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.video.stills import read_picture

K = 16
IN_FOCUS = 0.05

clip, folder = map(Path, sys.argv[1:])
maps = {int(path.name.partition("_")[0]): path for path in (clip / "disp_change_f").glob("*.png")}
numbers = sorted(maps)
focus = [float(maps[number].stem.rpartition("_")[2]) for number in numbers]
frames = [read_picture(clip / "videos" / f"{number}.jpg")[None] for number in numbers]
given = torch.stack([read_picture(maps[number])[:1] for number in numbers])

model = rackfocus.load_model()
with torch.inference_mode():
    found = [model(frame, network_size_px=384) for frame in frames]
    estimated = align_affine(torch.cat([-each.disparity for each in found]), given)
    for kind, nearness in (("given", given), ("network", estimated)):
        (folder / kind).mkdir(parents=True)
        for number, frame, near, in_focus, each in zip(numbers, frames, nearness, focus, found, strict=True):
            light = each.log_exposure if kind == "network" else None
            shallow = rackfocus.render(srgb_to_linear(frame), K * (in_focus - near[None]), light)
            write_result(folder / kind, f"{number:03d}", linear_to_srgb(shallow.clamp(0, 1))[0])
(folder / "masks").mkdir()
for number, near, in_focus in zip(numbers, given, focus, strict=True):
    mask = ((near[0] - in_focus).abs() < IN_FOCUS).byte().numpy() * 255
    cv2.imwrite(str(folder / "masks" / f"{number:03d}.png"), mask)
