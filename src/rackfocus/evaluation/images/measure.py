"""Evaluates methods on a data set; the type of its samples determines what is measured."""

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Any

from torch.utils.data import Dataset

from rackfocus.data.apertures.photographs import Photographs
from rackfocus.data.apertures.raytraced import RaytracedScene, RaytracedScenes, load_scene
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.evaluation_samples import (
    DisparitySample,
    HDRSample,
    Picture,
    PictureToFocus,
    PosedClip,
    SilhouetteSample,
    VideoSample,
)
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.images.depth import examine_clip, examine_depth
from rackfocus.evaluation.images.examination import Conditions, Examined
from rackfocus.evaluation.images.photographs import (
    ShallowPhotograph,
    ShallowPhotographs,
    examine_photograph,
    examine_triplet,
)
from rackfocus.evaluation.images.radiance import examine_radiance
from rackfocus.evaluation.images.raytraced import examine_scene, predictor_method, renderer_methods, unblurred
from rackfocus.evaluation.images.refocused_pictures import show_refocused
from rackfocus.evaluation.images.shown_pictures import show_predictions
from rackfocus.evaluation.images.silhouettes import examine_silhouette, examine_video
from rackfocus.types import InputError

Progress = Callable[[int, int | None], None]


class DistinctScenes(Dataset[RaytracedScene]):
    """Each ray-traced scene once, with its ground truth; the training data set has two samples a scene."""

    def __init__(self, scenes: RaytracedScenes) -> None:
        self.folders = scenes.folders

    def __len__(self) -> int:
        return len(self.folders)

    def __getitem__(self, index: int) -> RaytracedScene:
        return load_scene(self.folders[index])


@singledispatch
def evaluation_dataset(data_set: Any) -> Any:
    """The data set for evaluation: unchanged, or without the repetition of training data sets."""
    return data_set


evaluation_dataset.register(RaytracedScenes, DistinctScenes)


@evaluation_dataset.register(Photographs)
def _(data_set: Photographs) -> ShallowPhotographs:
    return ShallowPhotographs(data_set.items)


def examine_all(
    scene: RaytracedScene, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """For a ray-traced scene: the unblurred input, the methods, and the renderers with the truth."""
    between = [unblurred(), *(predictor_method(method) for method in methods), *renderer_methods()]
    return examine_scene(scene, between, conditions, data_set=data_set)


EXAMINATIONS: dict[type, Callable[..., Examined]] = {
    RaytracedScene: examine_all,
    ShallowPhotograph: examine_photograph,
    FocusSample: examine_triplet,
    DisparitySample: examine_depth,
    PosedClip: examine_clip,
    HDRSample: examine_radiance,
    SilhouetteSample: examine_silhouette,
    VideoSample: examine_video,
    Picture: show_predictions,
    PictureToFocus: show_refocused,
}
"""The function that evaluates a sample, by the sample's type."""


def measure(
    name: str,
    data_set: Any,
    methods: Sequence[Predictor],
    conditions: Conditions,
    *,
    sheet_samples: int = 8,
    progress: Progress | None = None,
    found: Examined | None = None,
) -> Examined:
    """Evaluate every method, and the baselines of this kind of data set, on every sample.

    The data set gives samples of one of the types in `EXAMINATIONS`. The pictures of `sheet_samples` of them,
    evenly spaced, are kept. Results are added to `found`, which has those of the samples before an error.

    Raises:
        InputError: samples of this type cannot be evaluated; and as the data set raises on access.
    """
    samples = evaluation_dataset(data_set)
    count = len(samples)
    shown = {round(i * (count - 1) / max(1, sheet_samples - 1)) for i in range(sheet_samples)}
    found = Examined() if found is None else found
    for index in range(count):
        sample = samples[index]
        examine = EXAMINATIONS.get(type(sample))
        if examine is None:
            raise InputError(
                f"{name} gives samples of {type(sample).__name__}, which have no truth to evaluate by; "
                "choose another data set."
            )
        one = examine(sample, methods, conditions, data_set=name)
        found.records.extend(one.records)
        found.rows.extend(one.rows if index in shown else ())
        if progress is not None:
            progress(index + 1, count)
    return found
