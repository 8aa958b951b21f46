"""Photographs with gaze density maps, in the layout of MIT1003 and others, as clips without motion.

stimuli/i05june05.jpeg      the photographs
fixmaps/i05june05.png       the density of the fixations of each, grey; also as <name>_fixMap.jpg
"""

from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.gaze.fixations import as_density, focus_region, resized_map
from rackfocus.data.gaze.focus_clip import PAPER_SAMPLING_FPS, FocusClip
from rackfocus.data.video_frames import small_picture
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

PICTURES = (".jpeg", ".jpg", ".png")
MAP_NAMES = ("{}.png", "{}.jpg", "{}_fixMap.jpg", "{}_fixMap.png")


class FixationStills(Dataset[FocusClip]):
    """Each photograph as a clip of repeated frames, without a new focus target.

    Args:
        root: the folder that contains `stimuli` and `fixmaps`.
        first: index of the first photograph, in the order of names.
        last: the index after the last photograph. `None`: all.
        frames: number of frames in a clip.
        longer_side_px: size of the frames; the aspect ratio is kept.

    Raises:
        InputError: the folder is missing or has no photograph with a map; on access, a file is damaged.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        first: int = 0,
        last: int | None = None,
        frames: int = 20,
        longer_side_px: int = 160,
    ) -> None:
        root = Path(root)
        found = [path for path in sorted((root / "stimuli").glob("*")) if path.suffix.lower() in PICTURES]
        pairs = [(path, _map_of(root / "fixmaps", path.stem)) for path in found]
        self.stills = [(path, density) for path, density in pairs if density is not None][first:last]
        if not self.stills:
            raise InputError(
                f"{root} holds no photograph in stimuli with its map of the same name in fixmaps; set "
                "data.root to a folder such as that of MIT1003."
            )
        self.frames = frames
        self.longer_side_px = longer_side_px

    def __len__(self) -> int:
        return len(self.stills)

    def __getitem__(self, index: int) -> FocusClip:
        path, map_path = self.stills[index]
        whole = read_picture(path)
        picture = small_picture(whole, self.longer_side_px)
        gray = read_picture(map_path).mean(0, keepdim=True)
        density = resized_map(as_density(gray), size=(picture.shape[1], picture.shape[2]))
        return FocusClip(
            name=f"{path.stem}/000000",
            frames=picture.expand(self.frames, -1, -1, -1),
            frame_indices=tuple(range(self.frames)),
            times_s=tuple(number / PAPER_SAMPLING_FPS for number in range(self.frames)),
            source_size=(whole.shape[1], whole.shape[2]),
            fixation_maps=density.expand(self.frames, -1, -1, -1),
            focus_regions=focus_region(density).expand(self.frames, -1, -1, -1),
            targets=(),
        )


def _map_of(folder: Path, stem: str) -> Path | None:
    return next(
        (folder / name.format(stem) for name in MAP_NAMES if (folder / name.format(stem)).is_file()), None
    )
