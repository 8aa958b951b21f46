"""A cache for data sets that fit into memory."""

from dataclasses import replace

from torch.utils.data import Dataset

from rackfocus.data.gaze.focus_clip import FocusClip


class CachedDataset(Dataset[FocusClip]):
    """Keeps clips in memory after the first access, their frames as 8-bit codes: for small data sets."""

    def __init__(self, dataset: Dataset[FocusClip]) -> None:
        self.dataset = dataset
        self.kept: dict[int, FocusClip] = {}

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> FocusClip:
        if index not in self.kept:
            clip = self.dataset[index]
            coded = (clip.frames * 255).round().byte()
            self.kept[index] = replace(clip, frames=coded)
        clip = self.kept[index]
        return replace(clip, frames=clip.frames.float() / 255)
