"""The dolly clip: the camera moves slowly past a near person while another walks out from behind a kiosk.

It gives a deep-DOF video as from a phone, in H.264; the exact disparity of every frame; and the exact pixel
and frame of its single focus event: the walker comes into view.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from rackfocus.focus.annotation.json_file import annotated_video, save_annotation
from rackfocus.scenes.clips.notes import (
    SEEN_SHARE,
    WIDEST_BLUR_PX,
    camera_note,
    focused_lens,
    person_note,
    truth_at_f2,
    write_coded,
)
from rackfocus.scenes.clips.video import write_mp4
from rackfocus.scenes.files import write_disparity
from rackfocus.scenes.geometry import box
from rackfocus.scenes.layouts.stage import Stage, add_hills
from rackfocus.scenes.lens import F2_TO_F22, SceneLens
from rackfocus.scenes.mitsuba_shapes import load_mitsuba, load_shapes, trace_depth
from rackfocus.scenes.objects.materials import STONES, stuff
from rackfocus.scenes.objects.pedestrians import person
from rackfocus.scenes.objects.plants import bush, conifer, tree
from rackfocus.scenes.objects.street_things import bench
from rackfocus.scenes.recipe import Camera, Part, SceneRecipe, Sky, placed
from rackfocus.scenes.renderer import SceneRenderer, low_pass
from rackfocus.types import FocusAnnotation, FocusTarget, InputError
from rackfocus.whole_files import DRAFT_SUFFIX

FRAMES_PER_SECOND = 24
CLIP_SEED = 9001

_WALKER_DEPTH_M = 6.6
_WALK_M_PER_FRAME = 1.4 / FRAMES_PER_SECOND
_FIRST_AT = (-0.62, 2.7)


@dataclass(frozen=True)
class ClipFrame:
    """One frame of the clip: the whole scene, and the parts of the near person and of the walker."""

    recipe: SceneRecipe
    first: tuple[Part, ...]
    walker: tuple[Part, ...]


def make_clip_frame(frame: int, *, seed: int = CLIP_SEED) -> ClipFrame:
    """The scene at a frame; it depends only on the frame and the seed."""
    stage = Stage(rng=np.random.default_rng(seed), lit=False)
    stage.ground(stuff(stage.rng, "paving", STONES))
    stage.scatter(
        [tree, bush, conifer, bench],
        count=10,
        near=9.0,
        far=22.0,
        half_width=9.0,
        spread=0.6,
    )
    add_hills(stage)
    kiosk = box(1.9, 0.7, 2.5)
    rng = np.random.default_rng(seed + 1)
    stage.add([Part(kiosk, stuff(rng, "bricks", ((0.45, 0.17, 0.10),)))], x=1.95, y=5.3)
    first = placed(
        person(np.random.default_rng(seed + 2), height=1.7, stride=4.0),
        x=_FIRST_AT[0],
        y=_FIRST_AT[1],
        turn=20.0,
    )
    stride = 24.0 * float(np.sin(2 * np.pi * frame / 24))
    walker = placed(
        person(np.random.default_rng(seed + 8), height=1.78, stride=stride),
        x=2.55 - _WALK_M_PER_FRAME * frame,
        y=_WALKER_DEPTH_M,
        turn=-90.0,
    )
    share = frame / 47
    recipe = SceneRecipe(
        seed=seed,
        layout="clip",
        parts=(*stage.parts, *first, *walker),
        sky=_afternoon(),
        camera=Camera(position=(0.0, 0.35 * share, 1.35), yaw=-1.0 + 4.0 * share, pitch=-3.0, fov=54.0),
        key=0.2,
        blur_px=WIDEST_BLUR_PX,
    )
    return ClipFrame(recipe=recipe, first=tuple(first), walker=tuple(walker))


def _afternoon() -> Sky:
    towards = (-0.55, -0.45, 0.62)
    return Sky(
        zenith=(0.25, 0.44, 0.85),
        horizon=(0.85, 0.90, 1.0),
        below=(0.25, 0.23, 0.20),
        clouds=0.35,
        patch_direction=towards,
        patch_colour=(0.4, 0.38, 0.32),
        patch_sharpness=6.0,
        sun_direction=towards,
        sun=(2.5, 2.25, 1.9),
        seed=5,
    )


def render_clip(
    folder: Path,
    *,
    frames: int = 48,
    width: int = 384,
    height: int = 256,
    samples_per_pixel: int = 121,
    truth_samples_per_pixel: int = 578,
    variant: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Render the clip into `folder`; a complete clip is left unchanged, and an interrupted run is continued.

    Args:
        folder: for `clip.mp4`, `clip.json`, `annotation.json`, `disparity/` and `truth/`.
        frames: number of frames.
        width: in pixels; even.
        height: in pixels; even.
        samples_per_pixel: of the frames.
        truth_samples_per_pixel: of the three images at f/2.
        variant: see `mitsuba_shapes.load_mitsuba`.
        progress: called with `("clip/0007", done, total)` after each frame.

    Raises:
        InputError: a size is not positive and even, or Mitsuba is missing or cannot start the variant.
    """
    if frames < 1 or width < 2 or height < 2 or width % 2 or height % 2:
        raise InputError(
            f"A clip needs frames and an even width and height, and got {frames} of {width}x{height}."
        )
    if (folder / "clip.json").is_file():
        return folder
    draft = folder.with_name(f".{folder.name}{DRAFT_SUFFIX}")
    for part in ("disparity", "truth", "frames"):
        (draft / part).mkdir(parents=True, exist_ok=True)
    mitsuba = load_mitsuba(variant)
    load = partial(SceneRenderer, mitsuba, width=width, height=height)
    opening = make_clip_frame(0)
    renderer = load(opening.recipe)
    exposure = renderer.exposure
    first_m = _own_depth(mitsuba, opening, opening.first, width, height)
    focus_m = float(np.median(first_m[np.isfinite(first_m)]))
    lens = focused_lens(opening.recipe.camera, renderer.depth(), focus_m, _WALKER_DEPTH_M)
    notes: list[dict[str, Any]] = []
    for frame in range(frames):
        story = make_clip_frame(frame)
        renderer = load(story.recipe, exposure=exposure)
        disparity = lens.disparity(renderer.depth())
        write_disparity(draft / "disparity" / f"{frame:04d}.png", disparity)
        seen = {
            who: _seen(disparity, lens.disparity(_own_depth(mitsuba, story, parts, width, height)))
            for who, parts in (("first", story.first), ("walker", story.walker))
        }
        notes.append(_note(frame, story, disparity, seen))
        picture = draft / "frames" / f"{frame:04d}.npy"
        if not picture.is_file():
            deep = renderer.image(
                lens, aperture_ratio=F2_TO_F22, focus_m=lens.focus_m, samples=samples_per_pixel, seed=frame
            )
            write_coded(picture, low_pass(deep))
        if progress is not None:
            progress(f"clip/{frame:04d}", frame + 1, frames)
    event = _event(notes, frames)
    truth = _render_truth(draft / "truth", load, lens, notes, event, exposure, truth_samples_per_pixel)
    pictures = [np.load(path) for path in sorted((draft / "frames").glob("*.npy"))]
    write_mp4(draft / "clip.mp4", pictures, fps=FRAMES_PER_SECOND)
    shutil.rmtree(draft / "frames")
    description = {
        "format": "rackfocus.raytraced.clip",
        "version": 1,
        "seed": CLIP_SEED,
        "width": width,
        "height": height,
        "fps": FRAMES_PER_SECOND,
        "focal_length_px": lens.focal_length_px,
        "aperture_radius_m": lens.aperture_radius_m,
        "focus_m": lens.focus_m,
        "samples_per_pixel": samples_per_pixel,
        "mitsuba": mitsuba.__version__,
        "event": event,
        "truth": truth,
        "frames": notes,
    }
    if event is not None:
        save_annotation(draft / "annotation.json", _annotation(draft / "clip.mp4", notes[0], event))
    (draft / "clip.json").write_text(json.dumps(description, indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return folder


def _own_depth(
    mitsuba: ModuleType, story: ClipFrame, parts: tuple[Part, ...], width: int, height: int
) -> Float[np.ndarray, "height width"]:
    """Depth of some parts alone, infinite elsewhere."""
    scene = mitsuba.load_dict({"type": "scene", **load_shapes(mitsuba, parts)})
    return trace_depth(mitsuba, scene, story.recipe.camera, width=width, height=height)


def _seen(disparity: np.ndarray, own: np.ndarray) -> tuple[Bool[np.ndarray, "height width"], float]:
    """The pixels where an object is visible, and the visible share of its pixels within the frame."""
    background = float(own.max())
    inside = own < background - 1e-6
    shows = inside & (np.abs(disparity - own) < 1e-3)
    return shows, float(shows.sum() / max(inside.sum(), 1))


def _note(
    frame: int, story: ClipFrame, disparity: np.ndarray, seen: dict[str, tuple[np.ndarray, float]]
) -> dict[str, Any]:
    """The entry of a frame in `clip.json`: the camera, and each person's box, visible share and disparity."""
    note: dict[str, Any] = {"frame": frame, "camera": camera_note(story.recipe.camera)}
    for who, (shows, share) in seen.items():
        note[who] = person_note(shows, shows, share, disparity) if shows.any() else None
    return note


def _event(notes: list[dict[str, Any]], frames: int) -> dict[str, Any] | None:
    """The event: the first frame in which at least half of the walker is visible."""
    for frame in range(frames):
        walker = notes[frame]["walker"]
        if walker is not None and walker["visible"] >= SEEN_SHARE:
            x, y = walker["point"]
            return {
                "frame": frame,
                "x": x,
                "y": y,
                "box": walker["box"],
                "focal_disparity": walker["focal_disparity"],
                "what": "the walker has come out from behind the kiosk by half",
            }
    return None


def _annotation(video: Path, opening: dict[str, Any], event: dict[str, Any]) -> FocusAnnotation:
    """The near person in the first frame, then the walker, as annotated by a user."""
    targets = [
        FocusTarget(
            frame, float(x), float(y), box=(float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        )
        for frame, (x, y), box in (
            (0, opening["first"]["point"], opening["first"]["box"]),
            (event["frame"], (event["x"], event["y"]), event["box"]),
        )
    ]
    return FocusAnnotation(video=annotated_video(video), targets=tuple(targets))


def _render_truth(
    folder: Path,
    load: Callable[..., SceneRenderer],
    lens: SceneLens,
    notes: list[dict[str, Any]],
    event: dict[str, Any] | None,
    exposure: float,
    samples: int,
) -> list[dict[str, Any]]:
    """Three images at f/2: the first person in focus at the start and late, the walker in focus late."""
    late = len(notes) - 1 if event is None else min(len(notes) - 1, event["frame"] + 12)
    plans = [(0, "first"), (late, "first"), (late, "walker")]
    records = []
    for frame, who in plans:
        if notes[frame][who] is None:
            continue
        path = folder / f"{frame:04d}_{who}.exr"
        focal_disparity = notes[frame][who]["focal_disparity"]
        recipe = make_clip_frame(frame).recipe
        at_f2 = partial(load, recipe, exposure=exposure)
        records.append(truth_at_f2(path, at_f2, lens, frame, focal_disparity, samples=samples))
    return records
