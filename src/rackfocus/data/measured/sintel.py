"""MPI-Sintel: exact optical flow of an animated film (Butler et al. 2012)."""

import re
from pathlib import Path
from typing import NamedTuple

from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, read_mask
from rackfocus.data.evaluation_samples import FlowSample, require_size
from rackfocus.types import InputError
from rackfocus.video.flow.files import read_flow
from rackfocus.video.stills import read_picture

_NUMBER = re.compile(r"frame_(\d+)$")


class _Pair(NamedTuple):
    name: str
    first: Path
    flow: Path
    occlusions: Path
    invalid: Path

    @property
    def second(self) -> Path:
        """The next frame of the first one's folder."""
        number = self.first.stem.removeprefix("frame_")
        return self.first.with_stem(f"frame_{int(number) + 1:0{len(number)}d}")


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
        flow, occlusions, invalid = (
            training / kind / scene.name for kind in ("flow", "occlusions", "invalid")
        )
        flows = {path.stem for path in flow.glob("frame_*.flo") if _NUMBER.search(path.stem)}
        stems = sorted({path.stem for path in numbered[:-1]} | flows)
        for stem in stems:
            files = (scene / f"{stem}.png", flow / f"{stem}.flo")
            masks = (occlusions / f"{stem}.png", invalid / f"{stem}.png")
            pairs.append(_Pair(f"{scene.name}/{stem}", *files, *masks))
    return pairs


def _loose(folder: Path, rendering: str) -> list[_Pair]:
    pairs = []
    for flow in sorted(folder.glob("gt_frame_*.flo")):
        number = flow.stem.removeprefix("gt_frame_")
        first = folder / rendering / f"frame_{number}.png"
        if not number.isdigit() or not first.parent.is_dir():
            continue
        masks = (folder / f"occlusions_{number}.png", folder / f"invalid_{number}.png")
        pairs.append(_Pair(f"{folder.resolve().name}/frame_{number}", first, flow, *masks))
    return pairs
