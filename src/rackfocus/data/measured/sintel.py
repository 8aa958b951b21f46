"""MPI-Sintel: exact optical flow of an animated film (Butler et al. 2012)."""

import re
from dataclasses import dataclass
from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, read_mask
from rackfocus.data.evaluation_samples import FlowSample, require_size
from rackfocus.types import InputError
from rackfocus.video.flow.files import read_flow
from rackfocus.video.stills import read_picture

_NUMBER = re.compile(r"frame_(\d+)$")


@dataclass(frozen=True)
class _Pair:
    first: Path
    second: Path
    flow: Path
    occlusions: Path
    invalid: Path
    name: str


class Sintel(Dataset[FlowSample]):
    """Two successive frames and the flow from the first to the second.

    Args:
        root: the data set's folder (with `training/` in it), or a folder of a single scene: `<rendering>/
            frame_<n>.png`, `gt_frame_<n>.flo`, `occlusions_<n>.png`, `invalid_<n>.png`.
        rendering: `clean`, or `final` with motion blur, defocus and atmospheric effects.

    Raises:
        InputError: there is no such folder, or no frames of this rendering in it; on access, a file is
            missing, damaged or of another size than the frame.
    """

    def __init__(self, root: str | Path, *, rendering: str = "clean") -> None:
        self.root = existing_folder(root)
        if (self.root / "training" / "flow").is_dir() or (self.root / "training" / rendering).is_dir():
            self._pairs = _published(self.root / "training", rendering)
        else:
            self._pairs = _loose(self.root, rendering)
        if not self._pairs:
            raise InputError(
                f"{self.root} holds no training/{rendering}/<scene>/frame_<n>.png with its flow; set "
                "data.root to the folder of MPI-Sintel, and rendering to clean or final."
            )

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> FlowSample:
        pair = self._pairs[index]
        first = read_picture(pair.first)
        second = read_picture(pair.second)
        flow, known = read_flow(pair.flow)
        occluded, invalid = read_mask(pair.occlusions), read_mask(pair.invalid)
        for path, tensor in (
            (pair.second, second),
            (pair.flow, flow),
            (pair.occlusions, occluded),
            (pair.invalid, invalid),
        ):
            require_size(path, tensor, first, pair.first)
        return FlowSample(
            name=pair.name, first=first, second=second, flow=flow, occluded=occluded, valid=known & ~invalid
        )


def _published(training: Path, rendering: str) -> list[_Pair]:
    """Every frame but the last of each scene, even if its other files are missing."""
    pairs = []
    frames = training / rendering
    for scene in sorted(path for path in frames.iterdir() if path.is_dir()) if frames.is_dir() else []:
        numbered = sorted(path for path in scene.glob("frame_*.png") if _NUMBER.search(path.stem))
        flows = {
            path.stem
            for path in (training / "flow" / scene.name).glob("frame_*.flo")
            if _NUMBER.search(path.stem)
        }
        stems = sorted({path.stem for path in numbered[:-1]} | flows)
        for stem in stems:
            pairs.append(
                _Pair(
                    first=scene / f"{stem}.png",
                    second=_next(scene / f"{stem}.png"),
                    flow=training / "flow" / scene.name / f"{stem}.flo",
                    occlusions=training / "occlusions" / scene.name / f"{stem}.png",
                    invalid=training / "invalid" / scene.name / f"{stem}.png",
                    name=f"{scene.name}/{stem}",
                )
            )
    return pairs


def _loose(folder: Path, rendering: str) -> list[_Pair]:
    pairs = []
    for flow in sorted(folder.glob("gt_frame_*.flo")):
        number = flow.stem.removeprefix("gt_frame_")
        first = folder / rendering / f"frame_{number}.png"
        if not number.isdigit() or not first.parent.is_dir():
            continue
        pairs.append(
            _Pair(
                first=first,
                second=_next(first),
                flow=flow,
                occlusions=folder / f"occlusions_{number}.png",
                invalid=folder / f"invalid_{number}.png",
                name=f"{folder.resolve().name}/frame_{number}",
            )
        )
    return pairs


def _next(frame: Path) -> Path:
    number = frame.stem.removeprefix("frame_")
    return frame.with_name(f"frame_{int(number) + 1:0{len(number)}d}{frame.suffix}")
