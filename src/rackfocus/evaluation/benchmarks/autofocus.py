"""Benchmark of autofocus: time of each stage for a frame."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from rackfocus.evaluation.benchmarks.stage_clock import StageClock, StageCost
from rackfocus.focus.following import Following
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.trackers.default_tracker import default_tracker
from rackfocus.focus.trackers.tracker import Tracker
from rackfocus.pipelines.focusing.analysis import OVERLAP_S, WINDOW_S, CurveBuilder, clip_window
from rackfocus.pipelines.focusing.footage import Footage, FrameDisparityStore

Value = TypeVar("Value")

READING = "decode, reduce, cuts"
DISPARITY = "disparity"
REGIONS = "intersection, clusters, targets"
FOLLOWING = "following, pulls"
IN_ALL = "all, but disparity"


def stage_costs(
    footage: Footage, scene: SceneSpecific, tracker: Tracker | None, puller: FocusPuller, *, frames: int
) -> list[StageCost]:
    """Autofocus of at most this number of frames of a video as one window, each stage timed separately.

    Work that detectors share, such as the detection of faces, counts for the first of them. Decoding counts
    twice, since autofocus reads a video twice; detectors are scaled by the overlap of windows.
    """
    clock = _Clock()
    with FrameDisparityStore() as known:
        for _ in clock.each(READING, islice(footage.pictures(), frames)):
            pass
        read = clock.spent(READING)
        held = list(clock.each(DISPARITY, islice(footage.frames(), frames)))
        for shown in held:
            known.append(shown)
        clock.seconds[DISPARITY] = [_less(clock.spent(DISPARITY), read)]
        clock.seconds[READING] = [read, read]
        window = clip_window(footage, held)
        maps = {name: clock.timed(name, detect, window) for name, detect in scene.detectors.items()}
        twice = WINDOW_S / (WINDOW_S - OVERLAP_S)
        for name in scene.detectors:
            cpu, wall = clock.spent(name)
            clock.seconds[name] = [(cpu * twice, wall * twice)]
        info = footage.reader.info
        draft = CurveBuilder((info.width, info.height), float(info.fps))

        def decide() -> Any:
            regions = scene.regions_of(maps, window)
            for at, shown in enumerate(held):
                draft.put(shown, regions, at, footage.scale_to_source)
            return scene.targets(draft.curve())

        targets = clock.timed(REGIONS, decide)

        def follow() -> Any:
            following = Following(
                targets,
                tracker=tracker or default_tracker(),
                puller=puller,
                scale_from_source=1 / footage.scale_to_source,
            )
            for shown in held:
                following.push(shown.image, shown.disparity, shown.is_cut)
            return following.finish()

        clock.timed(FOLLOWING, follow)
    costs = [StageCost(stage, *(each / len(held) for each in clock.spent(stage))) for stage in clock.seconds]
    counted = [cost for cost in costs if cost.stage != DISPARITY]
    whole = StageCost(IN_ALL, *(sum(getattr(each, name) for each in counted) for name in ("cpu_s", "wall_s")))
    return [*costs, whole]


class _Clock(StageClock):
    """Also times the values of an iterator."""

    def spent(self, stage: str) -> tuple[float, float]:
        """The sums over all runs of a stage."""
        cpu, wall = np.sum(self.seconds[stage], axis=0).tolist()
        return cpu, wall

    def each(self, stage: str, values: Iterator[Value]) -> Iterator[Value]:
        end: Any = object()
        while (value := self.timed(stage, next, values, end)) is not end:
            yield value


def _less(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return max(one[0] - other[0], 0.0), max(one[1] - other[1], 0.0)
