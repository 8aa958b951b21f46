"""The metadata of a refocusable clip: the file `clip.json`.

    {"format": "rackfocus.clip", "version": 1,
     "video": {"path", "bytes", "sha256", "width", "height", "fps", "time_base", "is_folder"},
     "first", "last", "settings": {...}, "software", "revision",
     "frames", "cuts", "disparity_range_px", "pts", "durations",
     "chunk_sha256": {"disparity": [...], "log_exposure": [...]}, "sha256"}

The keys from `frames` on are added when the clip is finished; clips from before sums were recorded lack the
last two. `first`, `last` and `cuts` are indices in the whole video. `sha256` is the sum of everything else
except the path of the video, which may be moved.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from rackfocus.pipelines.clip.arrays import CHANNELS, disparity_limits_px
from rackfocus.pipelines.clip.source import ClipSource
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError

FORMAT = "rackfocus.clip"
VERSION = 1
INFO_FILE = "clip.json"
DEVICE = "device"
"""The setting that names the device on which a clip was made; a clip made on a CPU has none."""


@dataclass(frozen=True)
class ClipHead:
    """The metadata that are known before the first frame of a clip is written.

    Attributes:
        video: which video the clip belongs to.
        first: the first frame of the video that is in the clip.
        last: the frame after the last one; `None`: the end of the video.
        settings: of the network and the stabiliser that made the clip.
        software: name and version of the program that made it.
        revision: of that program's source code.
    """

    video: ClipSource
    first: int
    last: int | None
    settings: dict[str, Any]
    software: str
    revision: str

    def difference_from(self, other: "ClipHead") -> str | None:
        """What differs between two clips, except `last` and the program's version; `None` if nothing does.

        It is `DEVICE` only if nothing else differs.
        """
        if self.video.sha256 != other.video.sha256:
            return "video"
        if self.first != other.first:
            return "first frame"
        names = sorted({*self.settings, *other.settings}, key=lambda name: (name == DEVICE, name))
        return next((name for name in names if self.settings.get(name) != other.settings.get(name)), None)


@dataclass(frozen=True)
class ClipInfo(ClipHead):
    """The metadata of a finished clip: all of `clip.json`.

    Attributes:
        pts: the presentation time of each frame, in units of `video.time_base`.
        durations: of each frame, in the same units.
        cuts: the first frames of new shots, as indices in the video.
        disparity_range_px: the smallest and the largest disparity of the clip.
        chunk_sha256: for each array the sums of its chunks, one a frame; empty if the clip was made before
            they were recorded.
    """

    pts: tuple[int, ...] = field(repr=False)
    durations: tuple[int, ...] = field(repr=False)
    cuts: tuple[int, ...]
    disparity_range_px: tuple[float, float]
    chunk_sha256: dict[str, tuple[str, ...]] = field(repr=False)

    @property
    def frames(self) -> int:
        """The number of frames in the clip."""
        return len(self.pts)

    @property
    def frame_range(self) -> range:
        """The frames of the video that the clip holds."""
        return range(self.first, self.first + self.frames)


def head_text(head: ClipHead) -> str:
    """The text of `clip.json` for a clip that is being made."""
    return json.dumps(_head_fields(head), indent=2, ensure_ascii=False) + "\n"


def info_text(info: ClipInfo) -> str:
    """The text of `clip.json` for a finished clip: indented, with each list on one line."""
    tail: dict[str, Any] = {
        "frames": info.frames,
        "cuts": info.cuts,
        "disparity_range_px": info.disparity_range_px,
        "pts": info.pts,
        "durations": info.durations,
        "chunk_sha256": info.chunk_sha256,
    }
    tail["sha256"] = _sum(_head_fields(info) | tail)
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in tail.items()]
    return head_text(info).removesuffix("\n}\n") + ",\n" + ",\n".join(lines) + "\n}\n"


def read_info(path: Path) -> ClipHead | ClipInfo:
    """Read `clip.json`: a `ClipInfo` if the clip is finished, otherwise a `ClipHead`.

    Raises:
        InputError: the file is missing, damaged, of a newer version, or not that of a clip.
    """
    with reading(path, "cannot be read as JSON ({reason}); make the clip again."):
        try:
            content = read_json(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise InputError(
                f"{path.parent} is no refocusable clip; make one with `rackfocus make-clip`."
            ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f'{path} has no format "{FORMAT}"; it belongs to something else than a clip.')
    version = content.get("version")
    if version != VERSION:
        advice = (
            "update rackfocus" if isinstance(version, int) and version > VERSION else "make the clip again"
        )
        raise InputError(f"{path} is of version {version}, and {VERSION} is known here; {advice}.")
    with reading(path, "is damaged ({reason}); make the clip again."):
        return _parsed(content)


def _head_fields(head: ClipHead) -> dict[str, Any]:
    video = asdict(head.video) | {"fps": str(head.video.fps), "time_base": str(head.video.time_base)}
    return {"format": FORMAT, "version": VERSION, "video": video} | {
        part.name: getattr(head, part.name) for part in fields(ClipHead) if part.name != "video"
    }


def _sum(content: dict[str, Any]) -> str:
    """The sha256 of the fields, without itself and without the path of the video."""
    video = {name: value for name, value in content["video"].items() if name != "path"}
    told = {name: value for name, value in content.items() if name != "sha256"} | {"video": video}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _parsed(content: dict[str, Any]) -> ClipHead | ClipInfo:
    video = content["video"]
    if not (isinstance(video["path"], str) and video["width"] > 0 and video["height"] > 0):
        raise ValueError("the video has no path or no size")
    head = ClipHead(
        video=ClipSource(
            **video | {"fps": Fraction(video["fps"]), "time_base": Fraction(video["time_base"])}
        ),
        first=int(content["first"]),
        last=None if content["last"] is None else int(content["last"]),
        settings=dict(content["settings"]),
        software=str(content["software"]),
        revision=str(content["revision"]),
    )
    if "frames" not in content:
        return head
    least, largest = map(float, content["disparity_range_px"])
    sums = {name: tuple(map(str, each)) for name, each in content.get("chunk_sha256", {}).items()}
    info = ClipInfo(
        **vars(head),
        pts=tuple(map(int, content["pts"])),
        durations=tuple(map(int, content["durations"])),
        cuts=tuple(map(int, content["cuts"])),
        disparity_range_px=(least, largest),
        chunk_sha256=sums,
    )
    if not 0 < info.frames == len(info.durations) == content["frames"]:
        raise ValueError("frames, pts and durations do not agree")
    if any(before >= after for before, after in pairwise(info.pts)):
        raise ValueError("pts do not rise")
    lowest, highest = disparity_limits_px(head.video.width, head.video.height)
    if not lowest <= least <= largest <= highest:
        raise ValueError(f"disparities lie outside of {lowest:g} to {highest:g} px")
    if "sha256" in content and content["sha256"] != _sum(content):
        raise ValueError("it is not what was written, by its sha256")
    if sums and not ("sha256" in content and all(len(sums[name]) == info.frames for name in CHANNELS)):
        raise ValueError("sums are missing")
    return info
