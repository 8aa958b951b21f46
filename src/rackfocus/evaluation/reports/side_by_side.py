"""A sheet of pictures side by side: for each sample its input, the truth, and the methods."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rackfocus.evaluation.images.examination import SheetRow
from rackfocus.whole_files import whole_file

_CELL_PX = 300
_GAP_PX, _MARGIN_PX, _LINE_PX = 8, 16, 20
_INK, _PALE = "#1c1c1c", "#5a5a5a"


def draw_side_by_side(rows: Sequence[SheetRow], path: Path) -> None:
    """Write the sheet; pictures are reduced to one width, with captions below."""
    font, bold = ImageFont.load_default(13), ImageFont.load_default(15)
    cells = [{caption: _fit(pixels) for caption, pixels in row.pictures.items()} for row in rows]
    heights = [max(pixels.shape[0] for pixels in row.values()) for row in cells]
    columns = max(len(row) for row in cells)
    width = 2 * _MARGIN_PX + columns * (_CELL_PX + _GAP_PX) - _GAP_PX
    height = 2 * _MARGIN_PX + sum(tall + 2 * _LINE_PX + 2 * _GAP_PX for tall in heights)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    top = _MARGIN_PX
    for row, pictures, tall in zip(rows, cells, heights, strict=True):
        draw.text((_MARGIN_PX, top), row.title, _INK, bold)
        for column, (caption, pixels) in enumerate(pictures.items()):
            left = _MARGIN_PX + column * (_CELL_PX + _GAP_PX)
            sheet.paste(Image.fromarray(pixels), (left, top + _LINE_PX))
            draw.text((left, top + _LINE_PX + pixels.shape[0] + 2), caption, _PALE, font)
        top += tall + 2 * _LINE_PX + 2 * _GAP_PX
    with whole_file(path) as draft:
        sheet.save(draft, "JPEG", quality=85, subsampling=0)


def _fit(pixels: np.ndarray) -> np.ndarray:
    size = (_CELL_PX, max(1, round(pixels.shape[0] * _CELL_PX / pixels.shape[1])))
    smaller = pixels.shape[1] > _CELL_PX
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_NEAREST)
