"""A sheet of pictures for visual comparison: truth and renderings above, their errors below."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rackfocus.data.apertures.raytraced import RaytracedScene, load_scene
from rackfocus.evaluation.benchmarks.renderer.quality import tensor
from rackfocus.evaluation.benchmarks.renderer_peers import METHODS
from rackfocus.evaluation.reports.pictures import difference_picture, picture
from rackfocus.metrics.silhouette import silhouette_mask

SHOWN = ("ours", "paper", "weighted-sum")
DIFFERENCE_GAIN = 8
_CROP_WIDTH, _CROP_HEIGHT = 384, 256
_GAP_PX = 4
_TITLE_PX = 26
_JPEG_QUALITY = 90


def draw_sheet(folders: Sequence[Path], path: Path) -> None:
    """Write the sheet as a JPEG: two rows for each scene.

    For large scenes it shows a crop at full size: the one with the most blurred foreground over background.
    """
    rows: list[list[tuple[str, np.ndarray]]] = []
    for folder in folders:
        rows += _scene_rows(load_scene(folder))
    step = max(row[0][1].shape[1] for row in rows) + _GAP_PX
    heights = [row[0][1].shape[0] + _TITLE_PX for row in rows]
    sheet = Image.new("RGB", (len(rows[0]) * step - _GAP_PX, sum(heights)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for down, row in enumerate(rows):
        top = sum(heights[:down])
        for across, (title, pixels) in enumerate(row):
            draw.text((across * step + 4, top + 4), title, "#222222", font)
            sheet.paste(Image.fromarray(pixels), (across * step, top + _TITLE_PX))
    sheet.save(path, quality=_JPEG_QUALITY, optimize=True)


def foreground_scenes(folders: Sequence[Path]) -> list[Path]:
    """The scene without lights and the one with lights that have the most foreground silhouettes."""
    best: dict[bool, tuple[float, Path]] = {}
    for folder in folders:
        scene = load_scene(folder)
        amount = float(_front_silhouettes(scene).mean())
        if scene.has_lights not in best or amount > best[scene.has_lights][0]:
            best[scene.has_lights] = (amount, folder)
    return [folder for _, (_, folder) in sorted(best.items())]


def _scene_rows(scene: RaytracedScene) -> list[list[tuple[str, np.ndarray]]]:
    part = _busiest(scene)
    linear = scene.radiance.permute(1, 2, 0).contiguous().numpy()
    disparity = scene.disparity[0].numpy()
    truth = scene.f2[None]
    lights = ", lights" if scene.has_lights else ""
    size = f"{linear.shape[1]}x{linear.shape[0]}"
    above = [(f"{scene.name} ({size}{lights}): ray-traced truth", picture(truth)[part])]
    below = [("input, all sharp", picture(tensor(linear))[part])]
    for name in SHOWN:
        with METHODS[name].forward(linear, disparity) as session:
            rendered = tensor(session.render().picture)
        difference = difference_picture(rendered, truth, gain=DIFFERENCE_GAIN)
        above.append((METHODS[name].title, picture(rendered)[part]))
        below.append((f"{METHODS[name].title} less truth, times {DIFFERENCE_GAIN}", difference[part]))
    return [above, below]


def _front_silhouettes(scene: RaytracedScene) -> np.ndarray:
    """Where something in front of the focal plane is blurred over its background."""
    front = scene.disparity.clamp_max(0)[None]
    return silhouette_mask(front)[0, 0].numpy().astype(np.float32)


def _busiest(scene: RaytracedScene) -> tuple[slice, slice]:
    """The crop with the most of these pixels."""
    mask = _front_silhouettes(scene)
    width, height = min(_CROP_WIDTH, mask.shape[1]), min(_CROP_HEIGHT, mask.shape[0])
    sums = cv2.boxFilter(mask, -1, (width, height), anchor=(0, 0), borderType=cv2.BORDER_ISOLATED)
    inside = sums[: mask.shape[0] - height + 1, : mask.shape[1] - width + 1]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return slice(int(top), int(top) + height), slice(int(left), int(left) + width)
