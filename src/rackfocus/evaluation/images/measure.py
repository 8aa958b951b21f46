"""Methods x data set -> records. What is measured follows from what the data set's samples are."""

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
from rackfocus.evaluation.images.silhouettes import examine_silhouette, examine_video
from rackfocus.types import InputError

Progress = Callable[[int, int | None], None]


class WholeScenes(Dataset[RaytracedScene]):
    """Ray-traced scenes with all that is known, once each, where training sees two samples a scene."""

    def __init__(self, scenes: RaytracedScenes) -> None:
        self.folders = scenes.folders

    def __len__(self) -> int:
        return len(self.folders)

    def __getitem__(self, index: int) -> RaytracedScene:
        return load_scene(self.folders[index])


@singledispatch
def to_evaluate(data_set: Any) -> Any:
    """The data set as it is evaluated: most as they are, those made for training without repetition."""
    return data_set


to_evaluate.register(RaytracedScenes, WholeScenes)


@to_evaluate.register(Photographs)
def _(data_set: Photographs) -> ShallowPhotographs:
    return ShallowPhotographs(data_set.items)


def examine_all(
    scene: RaytracedScene, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """A ray-traced scene: the methods between the unblurred input and the renderers with the truth."""
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
    PictureToFocus: show_refocused,
}
"""What is done with a sample, by its type."""


def measure(
    name: str,
    data_set: Any,
    methods: Sequence[Predictor],
    conditions: Conditions,
    *,
    sheet_samples: int = 8,
    progress: Progress | None = None,
) -> Examined:
    """Examine every sample under every method.

    Args:
        name: of the data set, for the records.
        data_set: a torch data set of samples of one of the types in `EXAMINATIONS`.
        methods: beside those that go with the kind of data set.
        conditions: the same for all.
        sheet_samples: of how many samples pictures are kept, from the first to the last.
        progress: called with samples done and all.

    Raises:
        InputError: there is no way to evaluate such samples; as the data set raises on access.
    """
    samples = to_evaluate(data_set)
    count = len(samples)
    shown = {round(i * (count - 1) / max(1, sheet_samples - 1)) for i in range(sheet_samples)}
    found = Examined()
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
