"""Table of AF-Net trained from gaze, on videos that it was not trained on: each is left out once.

Videos with gaze are few, so only the last layers of the focus region are trained (those after the features of
CNN-1), together with the centre prior. Features are computed once for each video. CNN-2 stays as it is, and
with it the times of new focus targets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.data.gaze.hevc_gaze import WatchedVideo
from rackfocus.evaluation.autofocus.focus_table import LEFT_OUT, Progress, Row, Value
from rackfocus.evaluation.autofocus.gaze.gaze_focus import (
    best_points,
    centre_points,
    map_maxima,
    share_met,
    watched_frames,
)
from rackfocus.evaluation.reports.bootstrap import bootstrap_interval
from rackfocus.losses.af_net import kullback_leibler
from rackfocus.models.af_net import AFNet
from rackfocus.models.af_net_files import load_af_net, save_af_net
from rackfocus.types import InputError

CENTRE, AS_IT_IS, TRAINED, BEST = "centre", "AF-Net", "AF-Net, left out", "best"
WEIGHTS_FILE = "af_net.safetensors"
PRIOR_RATE = 10.0
"""Learning rate of the centre prior over that of the layers: its weights are about 3, theirs about .1."""


@dataclass(frozen=True, eq=False)
class SeenVideo:
    """What training needs of a video, without the frames that nobody looked at.

    Attributes:
        features: of CNN-1, for the frames and for their mirror images.
        density: of the fixations, for the same; each sums to 1.
    """

    features: Float[Tensor, "frame channel rows columns"]
    density: Float[Tensor, "frame 1 height width"]


@dataclass(frozen=True)
class GazeLeftOut:
    """A row for each video: the share of fixations near the centre, near the point that AF-Net prefers, as it
    is and trained from the other videos, and near the best possible point; see `gaze_focus`.

    The network trained from all videos is written beside the table.

    Attributes:
        sets: each makes a data set with fixations whose clips are whole videos, in the size that AF-Net sees.
        together: groups of videos, by their names, that show the same place; each is left out as a whole.
        checkpoint: the network to begin with, by its name or file.
        steps: of AdamW.
        frames_at_once: in a step; for each, a video is drawn first, so that long ones do not count more.
        learning_rate: of the layers.
        weight_decay: of the layers.
        seed: of the draws and of the intervals.
    """

    sets: Mapping[str, Callable[[], Dataset[FocusClip]]]
    together: Sequence[Sequence[str]]
    checkpoint: str
    steps: int
    frames_at_once: int
    learning_rate: float
    weight_decay: float
    seed: int

    def rows(self, folder: Path, progress: Progress) -> Iterator[Row]:
        """Video by video; a missing data set is a row with the reason.

        Raises:
            InputError: there is no video, or none of another place.
        """
        clips: list[FocusClip] = []
        for name, videos in self.sets.items():
            try:
                data = videos()
            except InputError as error:
                yield {"set": name, LEFT_OUT: str(error)}
                continue
            clips += [data[number] for number in range(len(data))]  # type: ignore[arg-type]
        names = [clip.name.partition("/")[0] for clip in clips]
        places = [{name}.union(*(group for group in self.together if name in group)) for name in names]
        if not names or any(place.issuperset(names) for place in places):
            raise InputError(
                "Leaving a video out needs others with gaze, of another place; set root to the folder of "
                "gaze_saliency."
            )
        network = load_af_net(self.checkpoint)
        seen = [seen_video(network, clip) for clip in clips]
        for number, (clip, place) in enumerate(zip(clips, places, strict=True)):
            trained = self._trained(
                [video for name, video in zip(names, seen, strict=True) if name not in place]
            )
            watched = watched_frames(clip)
            yield {
                "video": names[number],
                CENTRE: share_met(centre_points(watched), watched),
                AS_IT_IS: share_met(preferred_points(network, clip, watched), watched),
                TRAINED: share_met(preferred_points(trained, clip, watched), watched),
                BEST: share_met(best_points(watched), watched),
            }
            progress(number + 1, len(clips))
        save_af_net(self._trained(seen), folder / WEIGHTS_FILE)

    def summary(self, rows: Sequence[Row]) -> list[Row]:
        """Means over the videos and their differences from the centre, with the bounds of their bootstrap
        intervals over videos.
        """
        told = [row for row in rows if LEFT_OUT not in row]
        columns = (CENTRE, AS_IT_IS, TRAINED, BEST)
        table = np.array([[float(row[column]) for column in columns] for row in told])
        lines: list[Row] = []
        for name, values in (("mean", table), ("above the centre", table - table[:, :1])):
            found = [bootstrap_interval([column], self.seed) for column in values.T]
            for part in ("mean", "low", "high"):
                line: dict[str, Value] = {"video": name if part == "mean" else f"{name}, {part}"}
                lines.append(line | {at: getattr(one, part) for at, one in zip(columns, found, strict=True)})
        return lines

    def _trained(self, videos: Sequence[SeenVideo]) -> AFNet:
        network = load_af_net(self.checkpoint, centre_prior=True)
        train_region(
            network,
            videos,
            steps=self.steps,
            frames_at_once=self.frames_at_once,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            generator=torch.Generator().manual_seed(self.seed),
        )
        return network


@torch.no_grad()
def seen_video(network: AFNet, clip: FocusClip) -> SeenVideo:
    """Compute the features of a clip with fixations, by a network in evaluation mode."""
    assert clip.fixation_maps is not None
    looked_at = clip.fixation_maps.flatten(1).sum(1) > 0
    density = clip.fixation_maps[looked_at]
    return SeenVideo(
        torch.cat([network.region_features(each)[looked_at] for each in (clip.frames, clip.frames.flip(3))]),
        torch.cat([density, density.flip(3)]),
    )


def train_region(
    network: AFNet,
    videos: Sequence[SeenVideo],
    *,
    steps: int,
    frames_at_once: int,
    learning_rate: float,
    weight_decay: float,
    generator: torch.Generator,
) -> None:
    """Train the last layers of the focus region and the centre prior, by `kullback_leibler`.

    The network is in evaluation mode, so that the statistics of batch normalisation stay, and has a centre
    prior; the other arguments are those of `GazeLeftOut`.
    """
    region = network.region_network
    optimizer = torch.optim.AdamW(
        [
            {"params": region.region.parameters(), "weight_decay": weight_decay},
            {"params": [region.centre], "lr": PRIOR_RATE * learning_rate, "weight_decay": 0.0},
        ],
        lr=learning_rate,
    )
    for _ in range(steps):
        losses = []
        for video in _drawn(videos, frames_at_once, generator):
            logits = region.logits(video.features, (video.density.shape[2], video.density.shape[3]))
            losses.append(kullback_leibler(logits, video.density))
        optimizer.zero_grad()
        torch.cat(losses).mean().backward()
        optimizer.step()


def preferred_points(network: AFNet, clip: FocusClip, watched: WatchedVideo) -> Float[np.ndarray, "frame 2"]:
    """The most probable pixel of the focus region in each frame of a clip."""
    with torch.inference_mode():
        logits, _ = network.units(clip.frames[None])
    density = logits[0, :, 0].flatten(1).softmax(1).view(logits.shape[1], *logits.shape[3:])
    return map_maxima(density.double().numpy(), width=watched.width, height=watched.height)


def _drawn(videos: Sequence[SeenVideo], count: int, generator: torch.Generator) -> Iterator[SeenVideo]:
    """Frames drawn at random, those of one video together, as videos differ in size."""
    chosen = torch.randint(len(videos), (count,), generator=generator)
    for number in chosen.unique().tolist():
        video, frames = videos[number], int((chosen == number).sum())
        at = torch.randint(len(video.features), (frames,), generator=generator)
        yield SeenVideo(video.features[at], video.density[at])
