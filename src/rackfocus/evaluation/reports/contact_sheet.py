"""A contact sheet of the samples of any data set: one row for each sample, one column for each field."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from rackfocus.evaluation.reports.field_pictures import LEGENDS, Kind, field_picture, kind_of

_FRAMES = 3
_CELL_WIDTH, _CELL_HEIGHT = 256, 216
_FRAME_WIDTH, _BETWEEN_FRAMES_PX = 176, 3
_GAP_PX, _MARGIN_PX, _LINE_PX = 10, 16, 20
_INK, _PALE = "#1c1c1c", "#6b6b6b"


@dataclass(frozen=True)
class Tile:
    """One field of one sample, reduced: some frames of a clip (their indices are empty for a single image),
    with the smallest and the largest finite value of the whole field.
    """

    values: Tensor
    frames: tuple[int, ...]
    least: float
    most: float


@dataclass(frozen=True)
class SheetRow:
    """The entry of one sample: its name and numbers, and its tiles by field."""

    title: str
    tiles: dict[str, Tile]


def sheet_row(sample: Any) -> SheetRow:
    """Shrink the tensors of a sample, so that many samples can be kept."""
    words, tiles = [str(sample.name)], {}
    for item in dataclasses.fields(sample):
        value = getattr(sample, item.name)
        if isinstance(value, Tensor) and value.ndim in (3, 4) and value.numel():
            tiles[item.name] = _tile(item.name, value)
        elif isinstance(value, float | int):
            words.append(f"{item.name} {value:.4g}" if isinstance(value, float) else f"{item.name} {value}")
    return SheetRow("   ".join(words), tiles)


def draw_contact_sheet(rows: Sequence[SheetRow], path: Path) -> None:
    """Write the sheet as a PNG."""
    names = list(dict.fromkeys(name for row in rows for name in row.tiles))
    kinds = {name: _column_kind(name, rows) for name in names}
    cells = [{name: _cell(kinds[name], tile) for name, tile in row.tiles.items()} for row in rows]
    font, bold = ImageFont.load_default(13), ImageFont.load_default(15)
    headings = {name: (name, LEGENDS[kinds[name]]) for name in names}
    widths = {
        name: max(
            *(cell[name][0].shape[1] for cell in cells if name in cell),
            *(int(font.getlength(text)) + 4 for text in headings[name]),
        )
        for name in names
    }
    heights = [max([cell[0].shape[0] for cell in row.values()], default=0) for row in cells]
    width = max(
        sum(widths.values()) + _GAP_PX * (len(names) - 1),
        *(int(bold.getlength(row.title)) for row in rows),
    )
    height = 2 * _LINE_PX + sum(tall + 2 * _LINE_PX + _GAP_PX for tall in heights)
    sheet = Image.new("RGB", (width + 2 * _MARGIN_PX, height + 2 * _MARGIN_PX), "white")
    draw = ImageDraw.Draw(sheet)
    lefts = dict(
        zip(names, _MARGIN_PX + np.cumsum([0, *(wide + _GAP_PX for wide in widths.values())]), strict=False)
    )
    top = _MARGIN_PX
    for name in names:
        draw.text((lefts[name], top), headings[name][0], _INK, bold)
        draw.text((lefts[name], top + _LINE_PX), headings[name][1], _PALE, font)
    top += 2 * _LINE_PX + _GAP_PX // 2
    for row, cell, tall in zip(rows, cells, heights, strict=True):
        draw.text((_MARGIN_PX, top), row.title, _INK, bold)
        for name, (pixels, caption) in cell.items():
            sheet.paste(Image.fromarray(pixels), (int(lefts[name]), top + _LINE_PX))
            draw.text((lefts[name], top + _LINE_PX + pixels.shape[0] + 2), caption, _PALE, font)
        top += tall + 2 * _LINE_PX + _GAP_PX
    sheet.save(path)


def _tile(name: str, value: Tensor) -> Tile:
    """Some frames of a field, reduced to a cell; infinite values and NaN become the largest finite value."""
    clip = value.ndim == 4
    frames = value if clip else value[None]
    chosen = tuple(dict.fromkeys(round(i * (len(frames) - 1) / (_FRAMES - 1)) for i in range(_FRAMES)))
    frames = frames[list(chosen)].float()
    finite = value[value.isfinite()].float()
    least, most = (float(finite.min()), float(finite.max())) if finite.numel() else (0.0, 0.0)
    frames = frames.nan_to_num(nan=least, posinf=most, neginf=least)
    height, width = frames.shape[-2:]
    scale = min((_FRAME_WIDTH if clip else _CELL_WIDTH) / width, _CELL_HEIGHT / height)
    if scale < 1:
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        if kind_of(name, frames.shape[1], least, most) is Kind.DISTANCE:
            # Averaging known values with the 0 of unknown ones would give false distances.
            frames = F.interpolate(frames, size=size, mode="nearest-exact")
        else:
            frames = F.interpolate(frames, size=size, mode="bilinear", antialias=True)
    elif scale >= 2:
        frames = frames.repeat_interleave(int(scale), -1).repeat_interleave(int(scale), -2)
    return Tile(frames.clone(), chosen if clip else (), least, most)


def _column_kind(name: str, rows: Sequence[SheetRow]) -> Kind:
    """One kind for the whole column, so that its pictures are comparable."""
    tiles = [row.tiles[name] for row in rows if name in row.tiles]
    return kind_of(
        name,
        tiles[0].values.shape[1],
        min(tile.least for tile in tiles),
        max(tile.most for tile in tiles),
    )


def _cell(kind: Kind, tile: Tile) -> tuple[np.ndarray, str]:
    pixels, note = field_picture(kind, tile.values, least=tile.least, most=tile.most)
    caption = f"{tile.least:.3g} to {tile.most:.3g}{note}"
    if tile.frames:
        caption += f"; frames {', '.join(map(str, tile.frames))}"
    apart = np.pad(pixels, ((0, 0), (0, 0), (0, _BETWEEN_FRAMES_PX), (0, 0)), constant_values=255)
    return np.concatenate(list(apart), axis=1)[:, :-_BETWEEN_FRAMES_PX], caption
