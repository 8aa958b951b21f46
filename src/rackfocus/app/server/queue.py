"""The videos of a folder and how far their annotation is: to do, done, or skipped for a reason.

    {"format": "rackfocus.queue", "version": 1, "annotator": "Ada",
     "videos": {"a/clip.mp4": {"state": "done", "reason": "", "annotator": "Ada", "seconds": 41.5,
                               "targets": 3, "lens": "disk", "tracker": "kcf"}}}

What an annotation has no room for is kept here, too. The file lies in the folder as `rackfocus-queue.json`.
"""

import dataclasses
import json
import math
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rackfocus.app.work.notices import Notices
from rackfocus.types import InputError
from rackfocus.whole_files import write_whole

FILE = "rackfocus-queue.json"
FORMAT = "rackfocus.queue"
TO_DO, DONE, SKIPPED = STATES = ("to do", "done", "skipped")
KEPT_EVERY_S = 5.0
"""A killed server forgets no more than this of the time spent."""


@dataclass(frozen=True)
class Item:
    """One video.

    Attributes:
        video: its path in the folder, with `/`.
        state: one of `STATES`.
        reason: why it was skipped.
        annotator: who said so, or worked on it last.
        seconds: spent on it.
        targets: how many people set in it; none while nobody opened it.
        lens: the shape of the aperture that was chosen.
        tracker: what follows subjects.
        vanished: it was in the folder once, and is not any more.
    """

    video: str
    state: str = TO_DO
    reason: str = ""
    annotator: str = ""
    seconds: float = 0.0
    targets: int | None = None
    lens: str = "disk"
    tracker: str = "kcf"
    vanished: bool = False

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise InputError(f"state must be one of {', '.join(STATES)}, and is {self.state!r}.")
        for name in ("reason", "annotator", "lens", "tracker"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"{name} must be text, and is {getattr(self, name)!r}.")
        if not 0 <= self.seconds < math.inf:
            raise InputError(f"seconds must be 0 or more, and is {self.seconds}.")
        if not (self.targets is None or self.targets >= 0):
            raise InputError(f"targets must be 0 or more, and is {self.targets}.")


class Queue:
    """Saved at every change, whole or not at all; by as many threads as like.

    Several servers may share a folder: of a video that was not changed here, what another one wrote counts.

    Attributes:
        path: of its file.
        annotator: who works now.
        notices: what a person is to be told.

    Args:
        path: the same.
        videos: lists what is in the folder now.
    """

    def __init__(self, path: Path, videos: Callable[[], list[str]]) -> None:
        self.path, self._videos = path, videos
        self.annotator = ""
        self.notices = Notices(lambda: None)
        self._known: dict[str, Item] = {}
        self._lock = threading.RLock()
        self._unsaved_s = 0.0
        self._saved = self._may_save = True
        self._changed: set[str] = set()
        self._seen: tuple[int, int] | None = None
        self.refresh()

    @property
    def items(self) -> tuple[Item, ...]:
        """All of them, by name."""
        with self._lock:
            return tuple(self._known[name] for name in sorted(self._known))

    def item(self, video: str) -> Item:
        """One of them.

        Raises:
            InputError: it is none of the folder.
        """
        with self._lock:
            if video not in self._known:
                raise InputError(f"There is no video {video} in {self.path.parent}.")
            return self._known[video]

    def refresh(self) -> tuple[str, ...]:
        """Look at the folder again; says what is new and what has vanished."""
        with self._lock:
            begun = bool(self._known)
            self._load()
            there = set(self._videos())
            told = [f"{name} is new." for name in sorted(there - set(self._known)) if begun]
            for name in there - set(self._known):
                self._known[name] = Item(name)
            for name, item in list(self._known.items()):
                if item.vanished == (name in there):
                    told.append(f"{name} has vanished." if name not in there else f"{name} is back.")
                    self._known[name] = dataclasses.replace(item, vanished=name not in there)
            return tuple(told)

    def mark(self, video: str, state: str, reason: str = "") -> None:
        """Say how far a video is.

        Raises:
            InputError: it is none of the folder, there is no such state, or one is skipped for no reason.
        """
        if state == SKIPPED and not reason.strip():
            raise InputError(f"Say why {video} is skipped.")
        self.change(video, state=state, reason=reason.strip(), annotator=self.annotator)

    def following(self, video: str) -> str | None:
        """The next one that is to do, from the start again after the last one."""
        to_do = [each.video for each in self.items if each.state == TO_DO and not each.vanished]
        after = [each for each in to_do if each > video] or [each for each in to_do if each < video]
        return after[0] if after else None

    def sign(self, name: str) -> None:
        """Say who works from now on."""
        with self._lock:
            self.annotator = name.strip()
            self._save()

    def spend(self, video: str, seconds: float) -> None:
        """Add to the time spent on a video."""
        with self._lock:
            item = self.item(video)
            self._changed.add(video)
            self._known[video] = dataclasses.replace(
                item, seconds=item.seconds + seconds, annotator=self.annotator or item.annotator
            )
            self._unsaved_s += seconds
            if self._unsaved_s >= KEPT_EVERY_S:
                self._save()

    def change(self, video: str, **values: Any) -> None:
        """Change what is known of a video; see `Item`."""
        with self._lock:
            changed = dataclasses.replace(self.item(video), **values)
            if changed != self._known[video]:
                self._changed.add(video)
                self._known[video] = changed
                self._save()

    def save(self) -> None:
        """Write down what is not yet, before leaving."""
        with self._lock:
            if self._unsaved_s:
                self._save()

    def _load(self) -> None:
        """Take over what the file says, where it was written by somebody else since."""
        written = self._written()
        if written in (None, self._seen):
            return
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content.get("format") != FORMAT or content.get("version") != 1:
                raise InputError("it is no queue of this version")
            told = {name: Item(name, **said) for name, said in content["videos"].items()}
            self.annotator = self.annotator or str(content["annotator"])
            self._seen = written
            for name in told.keys() - self._changed:
                vanished = name in self._known and self._known[name].vanished
                self._known[name] = dataclasses.replace(told[name], vanished=vanished)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            aside = next(
                name for number in range(1000)
                if not (name := self.path.with_name(f"{FILE}.corrupt{number or ''}")).exists()
            )  # fmt: skip
            try:
                self.path.rename(aside)
                self.notices.tell(
                    f"{self.path} cannot be read; it is kept as {aside.name}, and the queue begins anew."
                )
            except OSError:
                self._may_save = False
                self.notices.tell(
                    f"{self.path} cannot be read, and not be kept aside; what is done is not written down."
                )

    def _save(self) -> None:
        self._load()
        if not self._may_save:
            return
        said = {name: asdict(item) for name, item in sorted(self._known.items())}
        for each in said.values():
            del each["video"], each["vanished"]
        content = {"format": FORMAT, "version": 1, "annotator": self.annotator, "videos": said}
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        try:
            write_whole(self.path, text.encode(), shared=True)
            self._seen, self._saved = self._written(), True
        except OSError as error:
            if self._saved:
                self.notices.tell(
                    f"{self.path} cannot be written ({error.strerror}): what is done is not written down."
                )
            self._saved = False
        self._unsaved_s = 0.0

    def _written(self) -> tuple[int, int] | None:
        """When the file was written, and how long it is; none where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
