"""Light fields as folders of sub-aperture views: `<light field>/view_<row>_<column>.png`, or `.jpg`."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from rackfocus.data.apertures.light_fields.light_field import LightField
from rackfocus.data.apertures.light_fields.samples import LightFieldSamples, Refocus
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

_VIEW = re.compile(r"view_(\d+)_(\d+)\.(png|jpe?g)", re.IGNORECASE)


class LightFieldFolders(LightFieldSamples):
    """A folder of views, or a folder of such folders.

    Args:
        root: the folder.
        is_linear: whether the pictures contain linear light; otherwise they are sRGB-encoded.
        mirrored: whether the indices of views run against the camera's motion: near objects then move to the
            right when the column grows.
        focus_slope: see `LightFieldSamples`.
        adjusted: see `LightFieldSamples`.

    Raises:
        InputError: there is no folder of views; on access, a view is missing, damaged or of another size.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        is_linear: bool = False,
        mirrored: bool = False,
        focus_slope: float,
        adjusted: Sequence[Refocus],
    ) -> None:
        read = partial(read_views, is_linear=is_linear, mirrored=mirrored)
        super().__init__(light_field_folders(Path(root)), read, focus_slope=focus_slope, adjusted=adjusted)


def light_field_folders(root: Path) -> list[Path]:
    """`root` itself if it contains views, otherwise its subfolders that do, in order.

    Raises:
        InputError: there is none.
    """
    if not root.is_dir():
        raise InputError(
            f"{root} is no folder; name a folder of views such as view_0_0.png, or of such folders."
        )
    inner = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = [folder for folder in (root, *inner) if _views(folder)]
    if not found:
        raise InputError(
            f"{root} holds no view such as view_0_0.png, nor a folder of them; name another folder."
        )
    return found[:1] if found[0] == root else found


def read_views(folder: Path, *, is_linear: bool = False, mirrored: bool = False) -> LightField:
    """The light field of a folder. The grid spans the smallest to the largest row and column found there.

    Raises:
        InputError: a view of the grid is missing, damaged, or of another size than the first.
    """
    files = _views(folder)
    if not files:
        raise InputError(f"{folder} holds no view such as view_0_0.png; name another folder.")
    rows, columns = (range(min(places), max(places) + 1) for places in zip(*files, strict=True))
    codes: np.ndarray | None = None
    for row in rows:
        for column in columns:
            path = files.get((row, column)) or folder / _name_like(
                next(iter(files.values())).name, row, column
            )
            view = (read_picture(path) * 255).round().byte().permute(1, 2, 0).numpy()
            if codes is None:
                codes = np.empty((len(rows), len(columns), *view.shape), np.uint8)
            if view.shape != codes.shape[2:]:
                (height, width), (high, wide) = view.shape[:2], codes.shape[2:4]
                raise InputError(
                    f"{path} is {width}x{height} pixels where the first view is {wide}x{high}; replace it."
                )
            codes[row - rows.start, column - columns.start] = view
    assert codes is not None
    return LightField(folder.name, codes[::-1, ::-1] if mirrored else codes, is_linear)


def _views(folder: Path) -> dict[tuple[int, int], Path]:
    """The files of views by row and column."""
    names = ((_VIEW.fullmatch(path.name), path) for path in sorted(folder.iterdir()))
    return {(int(name[1]), int(name[2])): path for name, path in names if name}


def _name_like(name: str, row: int, column: int) -> str:
    """The expected name of a missing view, from the name of another view."""
    digits = len(_VIEW.fullmatch(name)[1])  # type: ignore[index]
    return f"view_{row:0{digits}d}_{column:0{digits}d}{Path(name).suffix}"
