"""Rendering of clips with scripted focus events: frames, sound, disparity, flow, HDR, and the events."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Bool

from rackfocus.focus.annotation.json_file import annotated_video, save_annotation
from rackfocus.jobs.job import Report
from rackfocus.reading.json_text import read_json
from rackfocus.scenes.clips.motion import Layer, TracedFrame, exact_flow, shown_share, trace_frame
from rackfocus.scenes.clips.notes import (
    SEEN_SHARE,
    WIDEST_BLUR_PX,
    camera_note,
    focused_lens,
    person_note,
    truth_at_f2,
    write_coded,
)
from rackfocus.scenes.clips.speech import SAMPLE_RATE
from rackfocus.scenes.clips.story import Story, make_story
from rackfocus.scenes.clips.video import write_mp4
from rackfocus.scenes.files import write_disparity, write_hdr, write_mask
from rackfocus.scenes.lens import F2_TO_F22, SceneLens
from rackfocus.scenes.mitsuba_shapes import load_mitsuba, load_shapes
from rackfocus.scenes.recipe import Part, SceneRecipe
from rackfocus.scenes.renderer import SceneRenderer, low_pass
from rackfocus.types import FocusAnnotation, FocusTarget, InputError
from rackfocus.video.flow.files import write_flow
from rackfocus.whole_files import DRAFT_SUFFIX

CLIP_FORMAT = "rackfocus.raytraced.events"
CLIP_VERSION = 1

_KEY = 0.2
_FOLDERS = ("disparity", "flow", "hidden", "hdr", "truth")


@dataclass(frozen=True)
class ClipJob:
    """One clip to render, to `clips/<kind>_<seed>` in the folder of the data set.

    `kind` is one of `story.KINDS`; there are at least 8 frames; width and height are even. The images at f/2
    take twice as many samples as the frames. `variant`: see `mitsuba_shapes.load_mitsuba`.

    Raises:
        InputError: a number is not positive, or a size is not even.
    """

    folder: Path
    kind: str
    seed: int
    frames: int = 72
    fps: int = 24
    width: int = 384
    height: int = 256
    samples_per_pixel: int = 121
    variant: str | None = None

    def __post_init__(self) -> None:
        if self.seed < 0 or self.samples_per_pixel < 1:
            raise InputError(
                f"A clip needs a seed of 0 or more and samples_per_pixel of 1 or more, and got "
                f"{self.seed} and {self.samples_per_pixel}."
            )
        if min(self.width, self.height) < 2 or self.width % 2 or self.height % 2:
            raise InputError(f"A clip needs an even width and height, and got {self.width}x{self.height}.")

    @property
    def name(self) -> str:
        """The clip's path relative to the data set, such as `clips/speaks_0002`."""
        return f"clips/{self.kind}_{self.seed:04d}"

    @property
    def steps(self) -> int:
        """Number of steps: one for each frame."""
        return self.frames

    @property
    def place(self) -> Path:
        """The clip's folder."""
        return self.folder / self.name

    def is_done(self) -> bool:
        """Whether the complete clip exists."""
        return (self.place / "clip.json").is_file()

    def run(self, report: Report) -> None:
        """Render the clip; frames of an interrupted run with the same settings are kept."""
        story = make_story(self.kind, self.seed, frames=self.frames, fps=self.fps)
        draft = self.place.with_name(f".{self.place.name}{DRAFT_SUFFIX}")
        self._clear_others(draft)
        for part in (*_FOLDERS, "pictures"):
            (draft / part).mkdir(parents=True, exist_ok=True)
        studio = _StoryRenderer(load_mitsuba(self.variant), story, self)
        seen = studio.render_frames(draft, report)
        events = _events(story, seen)
        truth = studio.render_truth(draft / "truth", events)
        pictures = [np.load(path) for path in sorted((draft / "pictures").glob("*.npy"))]
        write_mp4(draft / "clip.mp4", pictures, fps=self.fps, sound=story.sound, sample_rate=SAMPLE_RATE)
        shutil.rmtree(draft / "pictures")
        (draft / "settings.json").unlink()
        save_annotation(draft / "annotation.json", _annotation(draft / "clip.mp4", seen[0], events))
        (draft / "clip.json").write_text(
            json.dumps(studio.description() | {"events": events, "truth": truth, "frames": seen}, indent=1)
            + "\n"
        )
        shutil.rmtree(self.place, ignore_errors=True)
        draft.rename(self.place)

    def _clear_others(self, draft: Path) -> None:
        """Delete the files of an interrupted run with other settings."""
        settings = {key: value for key, value in vars(self).items() if key != "folder"}
        note = draft / "settings.json"
        if draft.is_dir() and (not note.is_file() or read_json(note) != settings):
            shutil.rmtree(draft)
        draft.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(settings))


class _StoryRenderer:
    """A story loaded into the renderer; static parts are loaded once."""

    def __init__(self, mitsuba: ModuleType, story: Story, job: ClipJob) -> None:
        self._mitsuba, self._story, self._job = mitsuba, story, job
        self._scenery = load_shapes(mitsuba, story.scenery, prefix="scenery")
        self._still = Layer(mitsuba, story.scenery)
        self._layers: dict[int, tuple[np.ndarray, Layer]] = {}
        opening = self._renderer(0, exposure=None)
        self._exposure = opening.exposure
        first = self._traced(0)
        self._lens = _lens(first)

    def render_frames(self, draft: Path, report: Report) -> list[dict[str, Any]]:
        """Write all files of each frame; returns the visible people of each frame."""
        seen = []
        now = self._traced(0)
        for frame in range(self._job.frames):
            later = self._traced(frame + 1) if frame + 1 < self._job.frames else None
            name = f"{frame:04d}"
            disparity = self._lens.disparity(now.depth_m)
            write_disparity(draft / "disparity" / f"{name}.png", disparity)
            if later is not None:
                flow, hidden = exact_flow(now, later)
                write_flow(draft / "flow" / f"{name}.flo", flow)
                write_mask(draft / "hidden" / f"{name}.png", hidden)
            picture = draft / "pictures" / f"{name}.npy"
            if not picture.is_file():
                deep = low_pass(
                    self._renderer(frame, exposure=self._exposure).image(
                        self._lens,
                        aperture_ratio=F2_TO_F22,
                        focus_m=self._lens.focus_m,
                        samples=self._job.samples_per_pixel,
                        seed=frame,
                    )
                )
                write_hdr(draft / "hdr" / f"{name}.exr", deep)
                write_coded(picture, deep)
            seen.append(self._note(frame, now, disparity))
            report(frame + 1)
            if later is not None:
                now = later
        return seen

    def render_truth(self, folder: Path, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """For each event, the frame at f/2, focused on its person."""
        records = []
        for event in events:
            path = folder / f"{event['frame']:04d}_{event['who']}.exr"
            load = partial(self._renderer, event["frame"], exposure=self._exposure)
            where = event["frame"], event["focal_disparity"]
            samples = 2 * self._job.samples_per_pixel
            records.append(truth_at_f2(path, load, self._lens, *where, samples=samples))
        return records

    def description(self) -> dict[str, Any]:
        """The part of `clip.json` that describes the whole clip."""
        job, lens = self._job, self._lens
        return {
            "format": CLIP_FORMAT,
            "version": CLIP_VERSION,
            "kind": job.kind,
            "seed": job.seed,
            "width": job.width,
            "height": job.height,
            "fps": job.fps,
            "focal_length_px": lens.focal_length_px,
            "aperture_radius_m": lens.aperture_radius_m,
            "focus_m": lens.focus_m,
            "samples_per_pixel": job.samples_per_pixel,
            "mitsuba": self._mitsuba.__version__,
            "variant": self._mitsuba.variant(),
        }

    def _renderer(self, frame: int, *, exposure: float | None) -> SceneRenderer:
        story = self._story
        moving = [part for actor in story.actors for part in actor.parts(frame)] + story.props(frame)
        recipe = SceneRecipe(
            seed=story.seed,
            layout=story.kind,
            parts=tuple(moving),
            sky=story.sky,
            camera=story.camera(frame),
            key=_KEY,
            blur_px=WIDEST_BLUR_PX,
        )
        return SceneRenderer(
            self._mitsuba,
            recipe,
            width=self._job.width,
            height=self._job.height,
            exposure=exposure,
            fixed=self._scenery,
        )

    def _traced(self, frame: int) -> TracedFrame:
        """The scenery, each person, and the props, in this order, traced."""
        story = self._story
        moving = [*(actor.parts(frame) for actor in story.actors), story.props(frame)]
        layers = [self._still, *(self._layer(number, parts) for number, parts in enumerate(moving))]
        return trace_frame(story.camera(frame), layers, width=self._job.width, height=self._job.height)

    def _layer(self, number: int, parts: Sequence[Part]) -> Layer:
        """A layer; people who have not moved since the previous frame share its layer."""
        vertices = np.concatenate([part.mesh.vertices for part in parts]) if parts else np.zeros((0, 3))
        before = self._layers.get(number)
        if before is None or not np.array_equal(before[0], vertices):
            self._layers[number] = before = (vertices, Layer(self._mitsuba, parts))
        return before[1]

    def _note(self, frame: int, traced: TracedFrame, disparity: np.ndarray) -> dict[str, Any]:
        """The camera, and for each visible person the box, the visible share, the disparity and a point."""
        people: dict[str, Any] = {}
        for number, actor in enumerate(self._story.actors, start=1):
            shows = traced.nearest == number
            if not shows.any():
                continue
            share = shown_share(traced, number, width=self._job.width, height=self._job.height)
            face = self._face(actor.person.face, actor.parts(frame), traced, number)
            mouth = round(actor.pose(frame).mouth, 4)
            people[actor.name] = person_note(shows, face, share, disparity) | {"mouth": mouth}
        return {"frame": frame, "camera": camera_note(traced.camera), "people": people}

    def _face(
        self, face: Sequence[int], parts: Sequence[Any], traced: TracedFrame, layer: int
    ) -> Bool[np.ndarray, "height width"]:
        """The visible part of a person's head in clips of talk; in other clips the whole visible person."""
        shows = traced.nearest == layer
        if self._story.kind != "speaks":
            return shows
        ends = np.cumsum([len(part.mesh.faces) for part in parts])
        which = np.searchsorted(ends, traced.hits[layer].face, side="right").reshape(shows.shape)
        return shows & np.isin(which, face)


def _lens(first: TracedFrame) -> SceneLens:
    """Focus on the first person, or on the middle of the depth if nobody is there."""
    shows = first.nearest == 1
    depth = first.depth_m[shows] if shows.any() else first.depth_m[np.isfinite(first.depth_m)]
    focus_m = float(np.median(depth))
    return focused_lens(first.camera, first.depth_m, focus_m, focus_m)


def _events(story: Story, seen: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The script with the position of each event; an event that is never visible is left out.

    The frame of an `enters` event is the first one in which half of the person is visible.
    """
    events = []
    for cue in story.cues:
        shares = [note["people"].get(cue.who, {}).get("visible", 0.0) for note in seen]
        frame = cue.frame
        if cue.kind == "enters":
            frame = next((index for index, share in enumerate(shares) if share >= SEEN_SHARE), story.frames)
        if frame >= story.frames or not shares[frame]:
            continue
        person = seen[frame]["people"][cue.who]
        event = {
            "frame": frame,
            "kind": cue.kind,
            "who": cue.who,
            "what": cue.what,
            "x": person["point"][0],
            "y": person["point"][1],
            "box": person["box"],
            "focal_disparity": person["focal_disparity"],
        }
        if cue.kind == "speaks":
            event |= {"until": cue.until, "pitch_hz": cue.pitch_hz}
        events.append(event)
    return sorted(events, key=lambda event: int(event["frame"]))


def _annotation(video: Path, opening: dict[str, Any], events: Sequence[dict[str, Any]]) -> FocusAnnotation:
    """The script as annotated by a user: the initial focus, and each event."""
    targets: dict[int, FocusTarget] = {}
    if first := opening["people"].get("first"):
        x, y = first["point"]
        targets[0] = FocusTarget(0, float(x), float(y), box=_box(first["box"]))
    for event in events:
        target = FocusTarget(event["frame"], float(event["x"]), float(event["y"]), box=_box(event["box"]))
        targets.setdefault(event["frame"], target)
    return FocusAnnotation(video=annotated_video(video), targets=tuple(targets.values()))


def _box(corners: Sequence[int]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in corners)
    return left, top, right, bottom
