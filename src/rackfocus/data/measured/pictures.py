"""Any photographs, without truth: to see and time what networks make of them."""

from pathlib import Path

from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, folders_below, list_files
from rackfocus.data.evaluation_samples import Picture
from rackfocus.types import InputError
from rackfocus.video.stills import STILL_SUFFIXES, read_picture


class Pictures(Dataset[Picture]):
    """The still pictures of a folder and its subfolders, in the order of their paths.

    Raises:
        InputError: there is no such folder, or no picture in it; on access, a file is damaged.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = existing_folder(root)
        self.files = [
            file for folder in folders_below(self.root) for file in list_files(folder, STILL_SUFFIXES)
        ]
        if not self.files:
            raise InputError(f"{root} holds no picture such as a.jpg; set data.root to a folder of them.")

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Picture:
        file = self.files[index]
        return Picture(str(file.relative_to(self.root)), read_picture(file))
