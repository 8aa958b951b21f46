"""A strip of pictures of the maps of several stabilisers, for visual comparison."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from rackfocus.evaluation.reports.pictures import disparity_picture
from rackfocus.evaluation.stabilizer.clips import Clip
from rackfocus.evaluation.stabilizer.quality import Maps


def draw_strip(
    clip: Clip, rows: Mapping[str, Maps], path: Path, *, columns: Sequence[int], width_px: int = 320
) -> None:
    """A row of frames by their indices, then a row of disparity for each method, in one colour scale."""
    every = torch.stack([maps[column] for maps in rows.values() for column in columns])
    low, high = (float(every.flatten()[:: max(1, every.numel() // 10**6)].quantile(q)) for q in (0.01, 0.99))
    reach = max((high - low) / 2, 1e-6)
    shown = [[clip.frames[column] for column in columns]]
    for maps in rows.values():
        shown.append(
            [disparity_picture(maps[column][None] - (low + high) / 2, reach_px=reach) for column in columns]
        )
    lines = []
    for name, line in zip(["frame", *rows], shown, strict=True):
        pictures = [_small(picture, width_px) for picture in line]
        for picture, column in zip(pictures, columns, strict=True):
            cv2.putText(
                picture,
                f"{name}, {column}",
                (5, 14),
                cv2.FONT_HERSHEY_SIMPLEX,
                0.45,
                (255, 255, 255),
                1,
                cv2.LINE_AA,
            )
        lines.append(np.hstack(pictures))
    Image.fromarray(np.vstack(lines)).save(path, "JPEG", quality=85)


def _small(picture: np.ndarray, width_px: int) -> np.ndarray:
    height, width = picture.shape[:2]
    size = (width_px, round(height * width_px / width))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).copy()
