"""The annotation of one video as a document: every change is saved at once and can be undone."""

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.app.session.annotation_file import AnnotationFile
from rackfocus.types import FocusAnnotation, FocusTarget, InputError

Key = tuple[int, str]
"""The frame and the source of a target; together they are unique."""

Box = tuple[float, float, float, float]

REFERENCE_F_NUMBER = 2.0
SAME_S, SAME_PLACE = 0.5, 0.1
"""A suggestion is one that was rejected if it is as near in time, and as near in place, as a share of the
diagonal."""
ONE_DRAG_S = 1.0
"""Changes of one setting within this many seconds are one undo step, as when a slider is dragged."""


@dataclass(frozen=True)
class Look:
    """What an annotation does not hold.

    Attributes:
        lens: the shape of the aperture, a name in `conf`.
        tracker: a name in `conf`.
        automatic: whether each shot gets the f-number that its subjects ask for (`rackfocus.focus.aperture`).
        rejected: frame, x and y of the suggestions that the user rejected.
    """

    lens: str = "disk"
    tracker: str = "kcf"
    automatic: bool = False
    rejected: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True)
class Version:
    """A state of the document, and the change that led to it, such as `add target at frame 12`; if that was
    one of a setting, also the setting.
    """

    annotation: FocusAnnotation
    look: Look
    change: str = ""
    setting: str | None = None


class Document:
    """A document that all pages of a video share. Thread-safe.

    A target is identified by its frame and source. Targets of the user take precedence over suggestions, the
    targets of other sources: see `rackfocus.focus.decisions`. `changed` is called after each change;
    `keep_look` stores the look, which is not part of the annotation's file.
    """

    def __init__(
        self,
        file: AnnotationFile,
        annotation: FocusAnnotation,
        look: Look,
        *,
        changed: Callable[[], None],
        keep_look: Callable[[Look], None],
    ) -> None:
        self._file, self._changed, self._keep_look = file, changed, keep_look
        self._now = Version(annotation, look)
        self._past: list[Version] = []
        self._future: list[Version] = []
        self._changed_s = 0.0
        self._lock = threading.RLock()
        self.revision = 0

    @property
    def annotation(self) -> FocusAnnotation:
        return self._now.annotation

    @property
    def lens(self) -> str:
        return self._now.look.lens

    @property
    def tracker(self) -> str:
        return self._now.look.tracker

    @property
    def version(self) -> Version:
        """The current state."""
        return self._now

    @property
    def automatic(self) -> bool:
        """Whether each shot gets the f-number that its subjects ask for, in place of `f_number`."""
        return self._now.look.automatic

    @property
    def f_number(self) -> float:
        """The f-number that was set by hand."""
        return self.annotation.aperture or REFERENCE_F_NUMBER

    @property
    def path(self) -> Path:
        """The path of its file."""
        return self._file.path

    @property
    def saved(self) -> bool:
        """Whether the file holds the current state; false if it cannot be written."""
        return self._file.saved

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def target(self, key: Key) -> FocusTarget:
        """The target of a key.

        Raises:
            InputError: there is none.
        """
        for target in self.annotation.targets:
            if key_of(target) == key:
                return target
        raise InputError(f"There is no target of {key[1]} at frame {key[0]} any more.")

    def put(self, target: FocusTarget, change: str, *, instead_of: Key | None = None) -> Key:
        """Add a target; it replaces one with the same key, and that of `instead_of`.

        Raises:
            InputError: it lies outside the video, or there is no target `instead_of`.
        """
        with self._lock:
            gone = {key_of(target)}
            if instead_of is not None:
                gone.add(key_of(self.target(instead_of)))
            kept = [each for each in self.annotation.targets if key_of(each) not in gone]
            self._set_targets([*kept, target], change)
        return key_of(target)

    def accept(self, key: Key) -> Key:
        """Turn a suggestion into a target of the user.

        Raises:
            InputError: there is no such target, or the user has one at this frame.
        """
        with self._lock:
            own = dataclasses.replace(self.target(key), source="user", why="")
            self.check_free(own.t, key)
            return self.put(own, f"accept the target at frame {key[0]}", instead_of=key)

    def accept_all(self) -> None:
        """Turn all suggestions into targets of the user, except at frames where the user has one."""
        with self._lock:
            targets = self.annotation.targets
            kept = {each.t: each for each in targets if each.source == "user"}
            for each in targets:
                kept.setdefault(each.t, dataclasses.replace(each, source="user", why=""))
            self._set_targets(kept.values(), "accept all suggestions")

    def reject(self, key: Key) -> None:
        """Remove a suggestion, which is not suggested again.

        Raises:
            InputError: there is none.
        """
        self._remove([self.target(key)], f"reject the target at frame {key[0]}")

    def reject_all(self) -> None:
        """Remove all suggestions, which are not suggested again."""
        with self._lock:
            weak = [each for each in self.annotation.targets if each.source != "user"]
            self._remove(weak, "reject all suggestions")

    def delete(self, key: Key) -> None:
        """Remove a target; a suggestion is not suggested again.

        Raises:
            InputError: there is none.
        """
        self._remove([self.target(key)], f"delete the target at frame {key[0]}")

    def end(self, key: Key, frame: int | None) -> None:
        """Set the frame from which a target is no longer active; `None`: it is active until the next target.

        Raises:
            InputError: there is no such target, or the frame does not come after it.
        """
        with self._lock:
            ending = dataclasses.replace(self.target(key), until=frame)
            self.put(ending, f"end the target at frame {key[0]}")

    def suggest(self, source: str, targets: Iterable[FocusTarget]) -> int:
        """Replace the suggestions of a source, without those that the user rejected; returns how many there
        are now.
        """
        with self._lock:
            laid = [each for each in targets if not self._was_rejected(each)]
            others = [each for each in self.annotation.targets if each.source != source]
            self._set_targets([*others, *laid], f"suggest by {source}")
        return len(laid)

    def replace(self, annotation: FocusAnnotation, change: str) -> None:
        """Replace the annotation by another one of this video."""
        with self._lock:
            self._step(Version(annotation, self._now.look, change))

    def set_f_number(self, value: float) -> None:
        """Set the f-number to render with.

        Raises:
            InputError: it is not positive.
        """
        self._set("f-number", {"aperture": float(value)})

    def set_pulls(
        self,
        duration_frames: int | None = None,
        early_frames: int | None = None,
        easing: str | None = None,
    ) -> None:
        """Set the properties of focus pulls; `None`: unchanged.

        Raises:
            InputError: a value is invalid.
        """
        given = {"duration_frames": duration_frames, "early_frames": early_frames, "easing": easing}
        told = {name: value for name, value in given.items() if value is not None}
        with self._lock:
            pulls = dataclasses.replace(self.annotation.pulls, **told)  # type: ignore[arg-type]
            self._set(" and ".join(name.partition("_")[0] for name in told) or "pulls", {"pulls": pulls})

    def set_lens(self, name: str) -> None:
        """Set the shape of the aperture, by its name."""
        self._set("lens", {}, lens=name)

    def set_tracker(self, name: str) -> None:
        """Set the tracker, by its name."""
        self._set("tracker", {}, tracker=name)

    def set_automatic(self, automatic: bool) -> None:
        """Set whether each shot gets the f-number that its subjects ask for."""
        self._set("automatic f-number", {}, automatic=automatic)

    def undo(self) -> str | None:
        """Undo the last change; returns its description, or `None` if there is nothing to undo."""
        with self._lock:
            undone = self._now.change
            return undone if self._turn(self._past, self._future) else None

    def redo(self) -> str | None:
        """Redo the change undone last; returns its description, or `None` if there is nothing to redo."""
        with self._lock:
            return self._now.change if self._turn(self._future, self._past) else None

    def check_free(self, t: int, but: Key) -> None:
        """Raise InputError if the user has a target at a frame, other than `but`."""
        taken = any(each.t == t and each.source == "user" for each in self.annotation.targets)
        if taken and (t, "user") != but:
            raise InputError(f"There is a target of yours at frame {t}; delete it first.")

    def save(self) -> None:
        """Save the document if it is not saved."""
        with self._lock:
            self._file.save(self.annotation)
            self._keep_look(self._now.look)

    def _remove(self, gone: Sequence[FocusTarget], change: str) -> None:
        with self._lock:
            kept = tuple(each for each in self.annotation.targets if each not in gone)
            annotation, look = dataclasses.replace(self.annotation, targets=kept), self._now.look
            rejected = tuple((each.t, each.x, each.y) for each in gone if each.source != "user")
            look = dataclasses.replace(look, rejected=look.rejected + rejected)
            self._step(Version(annotation, look, change))

    def _was_rejected(self, target: FocusTarget) -> bool:
        video = self.annotation.video
        frames, place_px = SAME_S * video.fps, SAME_PLACE * math.hypot(video.width, video.height)
        return any(
            abs(target.t - t) <= frames and math.hypot(target.x - x, target.y - y) <= place_px
            for t, x, y in self._now.look.rejected
        )

    def _set_targets(self, targets: Iterable[FocusTarget], change: str) -> None:
        annotation = dataclasses.replace(self.annotation, targets=tuple(targets))
        self._step(Version(annotation, self._now.look, change))

    def _set(self, setting: str, values: dict[str, Any], **look: Any) -> None:
        with self._lock:
            annotation = dataclasses.replace(self.annotation, **values)
            self._step(
                Version(annotation, dataclasses.replace(self._now.look, **look), f"set {setting}", setting)
            )

    def _step(self, version: Version) -> None:
        if (version.annotation, version.look) == (self._now.annotation, self._now.look):
            return
        now_s = time.monotonic()
        dragged = version.setting is not None and version.setting == self._now.setting
        if not (dragged and now_s - self._changed_s < ONE_DRAG_S):
            self._past.append(self._now)
        self._changed_s = now_s
        self._future.clear()
        self._show(version)

    def _turn(self, source: list[Version], target: list[Version]) -> bool:
        if not source:
            return False
        target.append(self._now)
        # The next change is a separate undo step.
        self._changed_s = 0.0
        self._show(source.pop())
        return True

    def _show(self, version: Version) -> None:
        self._now = version
        self.revision += 1
        self.save()
        self._changed()


def key_of(target: FocusTarget) -> Key:
    """The key of a target."""
    return target.t, target.source
