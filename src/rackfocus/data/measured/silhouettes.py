"""Pictures with the mask of a subject that is nearer than its surroundings."""

from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, list_files, read_mask
from rackfocus.data.evaluation_samples import SilhouetteSample, require_size
from rackfocus.types import InputError
from rackfocus.video.stills import read_picture

PICTURES = (".jpg", ".jpeg", ".png")
_MASK = "_mask.png"


class Silhouettes(Dataset[SilhouetteSample]):
    """The pictures of a folder and their masks, in order.

    One of two layouts:

    - `<name>.jpg` (or `.png`) with `<name>_mask.png` beside it;
    - `frames/<name>.jpg` with `masks/<name>.png`, as in video object segmentation.

    Masks are 8-bit, above 0 on the subject.

    Args:
        root: the folder.
        every: the step from picture to picture, such as 8 for a video, whose successive frames are similar.

    Raises:
        InputError: there is no such folder, or no picture with a mask in it, or `every` is below 1; on
            access, a file is missing, damaged or of another size than its picture.
    """

    def __init__(self, root: str | Path, *, every: int = 1) -> None:
        if every < 1:
            raise InputError(f"every must be 1 or more, and is {every}.")
        self.root = existing_folder(root)
        frames = self.root / "frames"
        if frames.is_dir():
            pairs = [
                (path, self.root / "masks" / f"{path.stem}.png") for path in list_files(frames, PICTURES)
            ]
        else:
            pairs = [
                (path, path.with_name(path.stem + _MASK))
                for path in list_files(self.root, PICTURES)
                if not path.name.endswith(_MASK)
            ]
        self.pairs = pairs[::every]
        if not pairs:
            raise InputError(
                f"{self.root} holds no picture such as a.jpg with a_mask.png, nor frames/ with masks/; set "
                "data.root to a folder of pictures with masks."
            )

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> SilhouetteSample:
        path, mask_path = self.pairs[index]
        image, mask = read_picture(path), read_mask(mask_path)
        require_size(mask_path, mask, image, path)
        return SilhouetteSample(path.stem, image, mask)
