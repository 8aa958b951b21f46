"""Measures Blender's Defocus node, driven by exported frames, beside the renderer of rackfocus.

    python compare.py FOLDER blender_3.4
    python compare.py FOLDER blender_5.0 python        # one that has bpy, Blender as a module

Needs Blender. FOLDER gets what is exported and rendered; `blender_3.4_radius.csv`, `_compare.csv` and `.jpg`
are written beside this file, and the table of its README is printed. What follows the name is the command
that runs a script of Blender.
"""

import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenEXR
import torch
from focus_track import focus_track
from jaxtyping import Float
from shot import shot_of
from torch import Tensor

import rackfocus
from rackfocus.data.apertures.raytraced import load_scene, scene_folders
from rackfocus.evaluation.images.examination import SheetRow
from rackfocus.evaluation.reports.pictures import difference_picture, disparity_picture, picture
from rackfocus.evaluation.reports.records import write_dataclasses
from rackfocus.evaluation.reports.side_by_side import draw_side_by_side
from rackfocus.focus.annotation.keyframes import keyframes_json
from rackfocus.metrics.image import psnr, ssim
from rackfocus.metrics.silhouette import silhouette_psnr
from rackfocus.pipelines.clip.exr import export_exr, write_exr
from rackfocus.reading.exr import read_exr

HERE = Path(__file__).resolve().parent
RAYTRACED = HERE.parents[1] / "datasets" / "raytraced"

POINT_PX = 10.0
"""The disparity of the point light."""
POINT_FOCAL_PX = (-6.0, 0.0, 4.0, 16.0)
F_NUMBERS = (1.4, 2.0, 4.0, 8.0)
CLIP_F_NUMBER = 1.0
BLENDER = ["blender", "--background", "--factory-startup", "-noaudio", "--python"]
SHOWN = {"1203 refocused": 2.0, "clip 12": CLIP_F_NUMBER}
"""The frames on the sheet, and their f-number."""
DIFFERENCE_GAIN = 4.0


@dataclass(frozen=True)
class Still:
    """A frame that was exported, and how it is focused.

    Attributes:
        name: of the row in the table.
        light: linear light.
        disparity: in pixels at f/2.
        focal_px: the disparity in focus.
        f_number: of the lens.
        truth: the ray-traced photograph; `None`: there is none.
    """

    name: str
    light: Float[Tensor, "3 height width"]
    disparity: Float[Tensor, "height width"]
    focal_px: float
    f_number: float
    truth: Float[Tensor, "3 height width"] | None = None

    @property
    def blur(self) -> Float[Tensor, "1 1 height width"]:
        """The signed blur radius in pixels."""
        ratio = rackfocus.Lens(f_number=self.f_number).aperture_ratio
        disparity = self.disparity[None, None]
        return rackfocus.refocus_disparity(disparity, aperture_ratio=ratio, focal_disparity=self.focal_px)

    def rendered(self) -> Float[Tensor, "1 3 height width"]:
        """The frame through the renderer of rackfocus."""
        return rackfocus.render(self.light[None], self.blur)


@dataclass(frozen=True)
class Export:
    """What other programs get: a folder of frames and a file of keyframes; `stills` are the same frames."""

    folder: Path
    track: Path
    stills: Sequence[Still]


@dataclass(frozen=True)
class Radius:
    """The blur radius of a point light, in pixels: what is expected, and what was measured."""

    disparity: float
    focal_disparity: float
    f_number: float
    expected: float
    rackfocus: float
    blender: float


@dataclass(frozen=True)
class Comparison:
    """Another program's picture beside that of rackfocus, and both beside the truth where there is one.

    `largest_px` is the largest blur radius; PSNR is in dB, `psnr_silhouettes` within one blur radius of edges
    of the disparity.
    """

    frame: str
    f_number: float
    focal_disparity: float
    largest_px: float
    psnr: float
    ssim: float
    psnr_silhouettes: float | None
    rackfocus_truth: float | None
    other_truth: float | None


def main(folder: Path, name: str, blender: Sequence[str]) -> None:
    """Measure all and write it down."""
    folder.mkdir(parents=True, exist_ok=True)
    points = exported(list(point_lights()), folder / "points")
    radii = [radius(*pair) for pair in zip(points.stills, blended(points, blender), strict=True)]
    write_dataclasses(Radius, map(rounded, radii), HERE / f"{name}_radius.csv")
    compared, rows = [], []
    for export in (exported(list(scenes()), folder / "scenes"), exported_clip(folder / "clip")):
        for still, seen in zip(export.stills, blended(export, blender), strict=True):
            ours = still.rendered()
            compared.append(comparison(still, ours, seen))
            if SHOWN.get(still.name) == still.f_number:
                rows.append(sheet_row(still, ours, seen))
    write_dataclasses(Comparison, map(rounded, compared), HERE / f"{name}_compare.csv")
    draw_side_by_side(rows, HERE / f"{name}.jpg")
    print_table(compared)


def point_lights() -> Iterator[Still]:
    """A point light at several apertures and focal planes."""
    light, disparity = torch.zeros(3, 97, 97), torch.full((97, 97), POINT_PX)
    light[:, 48, 48] = 1000.0
    for focal in POINT_FOCAL_PX:
        for f_number in F_NUMBERS:
            yield Still("point", light, disparity, focal, f_number)


def scenes() -> Iterator[Still]:
    """The ray-traced test scenes, their true light and disparity, at each aperture and two focal planes."""
    for path in scene_folders(RAYTRACED, "test"):
        scene = load_scene(path)
        other = scene.focal_disparity
        truths = {(2.0, 0.0): scene.f2, (8.0, 0.0): scene.f8, (2.0, other): scene.f2_refocused}
        for word, focal in (("as shot", 0.0), ("refocused", other)):
            for f_number in F_NUMBERS:
                name, truth = f"{path.name} {word}", truths.get((f_number, focal))
                yield Still(name, scene.radiance, scene.disparity[0], focal, f_number, truth)


def exported(stills: Sequence[Still], folder: Path) -> Export:
    """Write stills as `rackfocus clip export` writes frames, and their focus as keyframes."""
    folder.mkdir(parents=True, exist_ok=True)
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    files = f"{folder.name}.%06d.exr"
    for number, still in enumerate(stills):
        write_exr(folder / (files % number), header=header, light=still.light, disparity=still.disparity)
    about = {"format": "rackfocus.export", "files": files, "first": 0, "frames": len(stills)}
    (folder / "export.json").write_text(json.dumps(about))
    keyframes = (
        rackfocus.FocusKeyframe(number, still.focal_px, still.f_number) for number, still in enumerate(stills)
    )
    track = folder.with_suffix(".json")
    track.write_text(keyframes_json(rackfocus.FocusKeyframes(tuple(keyframes))))
    return Export(folder, track, stills)


def exported_clip(folder: Path) -> Export:
    """The clip of `datasets/raytraced` as the network that ships sees it, focused as its annotation says."""
    clip, track = folder.with_suffix(".rvr"), folder.with_suffix(".json")
    rackfocus.make_clip(RAYTRACED / "clip" / "clip.mp4", clip)
    export_exr(rackfocus.RefocusableClip.open(clip), folder)
    annotation = rackfocus.load_annotation(RAYTRACED / "clip" / "annotation.json")
    annotation = dataclasses.replace(annotation, aperture=CLIP_F_NUMBER)
    track.write_text(keyframes_json(focus_track(clip, annotation)))
    shot = shot_of(folder, str(track))
    stills = []
    for number, (focal, f_number) in enumerate(zip(shot.focal_px, shot.f_numbers, strict=True), shot.first):
        channels = read_exr(folder / (shot.files % number), "cannot be read; export it again.")
        light = torch.from_numpy(channels["RGB"].pixels.astype(np.float32)).permute(2, 0, 1)
        stills.append(Still(f"clip {number}", light, torch.from_numpy(channels["Z"].pixels), focal, f_number))
    return Export(folder, track, stills)


def blended(export: Export, blender: Sequence[str]) -> Iterator[Float[Tensor, "1 3 height width"]]:
    """The frames of an export through Blender's Defocus node."""
    target, shot = export.folder.with_suffix(".blender"), shot_of(export.folder, str(export.track))
    given = [HERE / "to_blender.py", "--", export.folder, target, "--focus", export.track]
    subprocess.run([*blender, *map(str, given)], check=True, stdout=subprocess.DEVNULL)
    for frame in range(shot.first, shot.last + 1):
        pixels = read_exr(target / (shot.files % frame), "was not written by Blender.")["RGBA"].pixels
        yield torch.from_numpy(pixels[..., :3].astype(np.float32)).permute(2, 0, 1)[None]


def radius(still: Still, seen: Tensor) -> Radius:
    """The radius of a point light in both pictures."""
    expected, ours = float(still.blur.abs().max()), disk_radius(still.rendered())
    return Radius(POINT_PX, still.focal_px, still.f_number, expected, ours, disk_radius(seen))


def disk_radius(seen: Float[Tensor, "1 3 height width"]) -> float:
    """The radius of the evenly lit disk with the second moment of the light: `sqrt(2 <r^2>)`."""
    light = seen[0, 1].double()
    share = light / light.sum()
    rows, columns = (torch.arange(length, dtype=torch.float64) for length in light.shape)
    down = rows - (share.sum(1) * rows).sum()
    across = columns - (share.sum(0) * columns).sum()
    return float((2 * share * (down[:, None] ** 2 + across**2)).sum().sqrt())


def comparison(still: Still, ours: Tensor, seen: Tensor) -> Comparison:
    """Another program's picture of a still beside ours."""
    truth = None if still.truth is None else still.truth[None]
    return Comparison(
        still.name,
        still.f_number,
        still.focal_px,
        float(still.blur.abs().max()),
        psnr(seen, ours).item(),
        ssim(seen, ours).item(),
        number(silhouette_psnr(seen, ours, still.blur)),
        None if truth is None else number(psnr(ours, truth)),
        None if truth is None else number(psnr(seen, truth)),
    )


def number(value: Tensor) -> float | None:
    """The value; `None` where it is NaN: there is no silhouette."""
    return None if value.isnan() else value.item()


def sheet_row(still: Still, ours: Tensor, seen: Tensor) -> SheetRow:
    """The pictures of a still for the sheet."""
    return SheetRow(
        f"{still.name}, f/{still.f_number:g}, in focus {still.focal_px:.2f} px",
        {
            "exported light": picture(still.light[None]),
            "exported disparity, red: near": disparity_picture(still.disparity[None, None], reach_px=5.0),
            "rackfocus": picture(ours),
            "Blender's Defocus node": picture(seen),
            f"difference, {DIFFERENCE_GAIN:g} times": difference_picture(seen, ours, gain=DIFFERENCE_GAIN),
        },
    )


def rounded(record: Radius | Comparison) -> Radius | Comparison:
    """The record with four decimals."""
    values = dataclasses.asdict(record).items()
    return dataclasses.replace(record, **{name: round(at, 4) for name, at in values if isinstance(at, float)})


def print_table(compared: Iterable[Comparison]) -> None:
    """Means over the scenes, and over the frames of the clip, for each aperture and focal plane."""
    groups: dict[tuple[str, float], list[Comparison]] = {}
    for each in compared:
        first, last = each.frame.split(" ", 1)
        groups.setdefault(("clip" if first == "clip" else last, each.f_number), []).append(each)
    names = ("largest_px", "psnr", "ssim", "psnr_silhouettes", "rackfocus_truth", "other_truth")
    print("| focus | lens | frames | least psnr |", " | ".join(names), "|")
    for (kind, f_number), rows in sorted(groups.items()):
        columns = ([getattr(row, name) for row in rows] for name in names)
        means = ("-" if None in column else f"{statistics.fmean(column):.3f}" for column in columns)
        least = min(row.psnr for row in rows)
        print(f"| {kind} | f/{f_number:g} | {len(rows)} | {least:.1f} |", " | ".join(means), "|")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:] or BLENDER)
