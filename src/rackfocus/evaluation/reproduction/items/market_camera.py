"""Sec. 6.4: our look-ahead beside a camera that cannot look ahead, on the same ray-traced clips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rackfocus.evaluation.autofocus.camera_autofocus import (
    CameraAutofocus,
    FocusReport,
    magnification,
    report,
)
from rackfocus.evaluation.autofocus.focus_clips import AnnotatedClip
from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.numbers import Number, mean_of
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.pipelines.focusing.streaming import streaming_autofocus
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json

Curve = Float[np.ndarray, " frame"]
AT_ONCE = FocusPuller(duration_frames=0, early_frames=0, smoothing_frames=0)
"""A focus without a lens: where the subject is."""
BY_HAND, FOUND = "ours, targets by hand", "ours, look-ahead"
TOLD = "told its subject"
ASPECTS: Mapping[str, tuple[str, Callable[[FocusReport], float]]] = {
    "share of frames in focus": ("", lambda found: found.in_focus),
    "lag after an event": ("s", lambda found: found.lag_s),
    "turns of focus": ("a second", lambda found: found.turns_per_s),
    "breathing": ("% of the picture's size", lambda found: 100 * found.breathing),
}


@dataclass(frozen=True)
class MarketCamera:
    """Ours by hand (as the paper compares) and by itself, and cameras that choose what moves on seeing it,
    or are told their subject in the frame of the event.

    Attributes:
        title: of the item.
        cameras: by what they detect.
        autofocus: what chooses subjects, for ours and, without look-ahead, for the cameras.
        longer_side_px: of the frames that it sees.
    """

    title: str
    cameras: Mapping[str, CameraAutofocus]
    autofocus: SceneSpecific
    longer_side_px: int = 640

    @property
    def claims(self) -> list[Claim]:
        """One for each camera."""
        return [
            Claim(
                f"A camera ({name} detection) fails to change focus in time where ours does not",
                "Sec. 6.4",
                _lag_of(name),
                above=0,
            )
            for name in self.cameras
        ]

    def make(self, material: Material, folder: Path) -> Made:
        """How much is in focus, how late, how often focus turns, and how much the picture's size changes."""
        reports: dict[str, list[FocusReport]] = {}
        for clip in material.annotated_clips():
            curves, subject = self._curves(clip, material.seed)
            events = [target.t for target in clip.targets if target.t > 0]
            for name, curve in curves.items():
                size = None if name in (BY_HAND, FOUND) else _size(clip, curve * clip.level_px)
                found = report(curve, subject, events, fps=clip.annotation.video.fps, magnification=size)
                reports.setdefault(name, []).append(found)
            if not (folder / "picture.png").exists():
                draw_focus(clip.name, curves, subject, folder / "picture.png")
        numbers: list[Number] = [
            mean_of(f"{aspect}, {name}", [value(each) for each in found], unit=unit)
            for aspect, (unit, value) in ASPECTS.items()
            for name, found in reports.items()
        ]
        for name in self.cameras:
            pairs = zip(reports[f"{name}, {TOLD}"], reports[BY_HAND], strict=True)
            later = [theirs.lag_s - own.lag_s for theirs, own in pairs]
            numbers.append(mean_of(_lag_of(name), later, unit="s"))
        remark = (
            "Ray-traced clips with true disparity. The cameras are simulated, with assumed speeds and "
            "delays; the paper filmed with one camera."
        )
        return Made(numbers, remark)

    def _curves(self, clip: AnnotatedClip, seed: int) -> tuple[dict[str, Curve], Curve]:
        """The focus by each way and the subject's disparity, in levels."""
        settings: dict[str, Any] = {"longer_side_px": self.longer_side_px, "device": "cpu"}
        level = clip.level_px
        subject = clip.true_focus(AT_ONCE, **settings) / level
        found = autofocus(clip.video, self.autofocus, disparity=clip.disparity, **settings)
        causal = streaming_autofocus(
            clip.video, self.autofocus, buffer_s=0.0, disparity=clip.disparity, puller=AT_ONCE, **settings
        )
        curves = {
            BY_HAND: clip.true_focus(FocusPuller(), **settings) / level,
            FOUND: found.focal_disparity / level,
        }
        fps = clip.annotation.video.fps
        for name, camera in self.cameras.items():
            curves[name] = camera(causal.focal_disparity / level, fps=fps, seed=seed)
            curves[f"{name}, {TOLD}"] = camera(subject, fps=fps, seed=seed)
        return curves, subject


def draw_focus(title: str, curves: Mapping[str, Curve], subject: Curve, path: Path) -> None:
    """The focus by each way and the subject's disparity over time, as PNG."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot(subject, color="#333333", ls="--", lw=1.2, label="the subject")
    for name, curve in curves.items():
        axes.plot(curve, lw=2.2 if name in (BY_HAND, FOUND) else 1.2, label=name)
    axes.set(title=title, xlabel="frame", ylabel="disparity in focus, levels")
    axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, format="png", dpi=120)


def _lag_of(camera: str) -> str:
    return f"lag, {camera}, {TOLD}, less {BY_HAND}"


def _size(clip: AnnotatedClip, focus_px: Curve) -> Curve:
    path = clip.video.with_name("clip.json")
    with reading(path, "does not tell of the clip's lens; render it again."):
        about = read_json(path)
        return magnification(
            focus_px,
            focal_length_px=float(about["focal_length_px"]),
            aperture_radius_m=float(about["aperture_radius_m"]),
            focus_m=float(about["focus_m"]),
            width_px=clip.annotation.video.width,
        )
