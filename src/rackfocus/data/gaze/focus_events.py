"""Ray-traced clips with scripted focus events, as written by `rackfocus render-scenes clips=...`."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.video_frames import read_frames
from rackfocus.focus.annotation.json_file import load_annotation
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.scenes.clips.events import CLIP_FORMAT
from rackfocus.scenes.files import read_disparity
from rackfocus.types import FocusAnnotation, InputError
from rackfocus.video.flow.files import read_flow
from rackfocus.whole_files import DRAFT_SUFFIX


@dataclass(frozen=True)
class FocusEvent:
    """An event to which focus should turn.

    Attributes:
        frame: its first frame.
        kind: `enters`, `acts` or `speaks`.
        who: the person, by a name that is unique in the clip.
        x: pixels to the right, of a point on the person (on the face if they speak).
        y: pixels down.
        focal_disparity: the disparity that should come into focus.
        until: the frame in which a speaker becomes silent. `None` for other kinds.
    """

    frame: int
    kind: str
    who: str
    x: float
    y: float
    focal_disparity: float
    until: int | None = None


@dataclass(frozen=True)
class FocusEventClip:
    """One whole clip.

    Attributes:
        name: such as `speaks_0002`.
        video: the file, with sound if people talk.
        fps: frames a second.
        frames: encoded sRGB in 0..1.
        disparity: signed blur radius at f/2 in pixels, relative to the initial focal plane.
        flow: from each frame but the last to the next, in pixels, `x` right and `y` down.
        events: the script, in time order.
        annotation: the same as focus targets of a user; the one at frame 0 is the initial focus.
    """

    name: str
    video: Path
    fps: float
    frames: Float[Tensor, "frame 3 height width"]
    disparity: Float[Tensor, "frame 1 height width"]
    flow: Float[Tensor, "step 2 height width"]
    events: tuple[FocusEvent, ...]
    annotation: FocusAnnotation


class FocusEventClips(Dataset[FocusEventClip]):
    """The clips of the folder `clips` of `root`, in the order of their names: of one kind, `enters`, `acts`
    or `speaks`, or all.

    Raises:
        InputError: there is no such folder, or no such clip in it; on access, a file is missing or damaged.
    """

    def __init__(self, root: str | Path, kind: str | None = None) -> None:
        folder = Path(root) / "clips"
        self.folders = sorted(
            path for path in folder.glob(f"{kind or '*'}_*") if path.is_dir() and path.suffix != DRAFT_SUFFIX
        )
        if not self.folders:
            wanted = "clip" if kind is None else f"clip of kind {kind!r}"
            raise InputError(
                f"{folder} holds no {wanted}; make some with "
                f"`rackfocus render-scenes folder={root} clips=0:12`."
            )

    def __len__(self) -> int:
        return len(self.folders)

    def __getitem__(self, index: int) -> FocusEventClip:
        folder = self.folders[index]
        about, events = _description(folder / "clip.json")
        annotation = load_annotation(folder / "annotation.json")
        size, count = (annotation.video.height, annotation.video.width), annotation.video.frames
        video = folder / annotation.video.name
        frames = read_frames(video, range(count), longer_side_px=max(size)).frames
        _require(video, frames[0], size)
        disparity = [
            _require(path, torch.from_numpy(read_disparity(path))[None], size)
            for path in (folder / "disparity" / f"{frame:04d}.png" for frame in range(count))
        ]
        flow = [
            _require(path, read_flow(path)[0], size)
            for path in (folder / "flow" / f"{frame:04d}.flo" for frame in range(count - 1))
        ]
        return FocusEventClip(
            name=folder.name,
            video=video,
            fps=float(about["fps"]),
            frames=frames,
            disparity=torch.stack(disparity),
            flow=torch.stack(flow),
            events=events,
            annotation=annotation,
        )


def _description(path: Path) -> tuple[dict[str, Any], tuple[FocusEvent, ...]]:
    if not path.is_file():
        raise InputError(f"{path} is missing; render the clip again.")
    with reading(path, "cannot be read as a clip with focus events; render it again."):
        about = read_json(path)
        if about["format"] != CLIP_FORMAT:
            raise ValueError(about["format"])
        events = tuple(
            FocusEvent(
                frame=int(event["frame"]),
                kind=str(event["kind"]),
                who=str(event["who"]),
                x=float(event["x"]),
                y=float(event["y"]),
                focal_disparity=float(event["focal_disparity"]),
                until=None if event.get("until") is None else int(event["until"]),
            )
            for event in about["events"]
        )
        if not 0 < float(about["fps"]) < math.inf:
            raise ValueError("fps")
        return about, events


def _require(path: Path, tensor: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(tensor.shape[-2:]) != size:
        raise InputError(
            f"{path} is {tensor.shape[-1]}x{tensor.shape[-2]} pixels where annotation.json says "
            f"{size[1]}x{size[0]}; render the clip again."
        )
    return tensor
