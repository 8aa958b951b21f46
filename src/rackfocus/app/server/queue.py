"""The videos of a folder with the state of their annotation: to do, done, or skipped with a reason.

    {"format": "rackfocus.queue", "version": 1, "annotator": "Ada",
     "videos": {"a/clip.mp4": {"state": "done", "reason": "", "annotator": "Ada", "seconds": 41.5,
                               "targets": 3, "lens": "disk", "tracker": "kcf", "automatic": false,
                               "rejected": [[12, 640.0, 300.0]]}}}

It also stores what has no field in an annotation. The file is `rackfocus-queue.json` in the folder.
"""

import dataclasses
import json
import math
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.app.work.notices import Notices
from rackfocus.reading.json_text import parse_json
from rackfocus.types import InputError

FILE = "rackfocus-queue.json"
FORMAT = "rackfocus.queue"
TO_DO, DONE, SKIPPED = STATES = ("to do", "done", "skipped")
KEPT_EVERY_S = 5.0
"""Seconds between saves of the working time; a server that is killed loses no more than this."""


@dataclass(frozen=True)
class Item:
    """The queue's record of a video.

    Attributes:
        video: its path relative to the folder, with `/`.
        state: one of `STATES`.
        reason: why it was skipped.
        annotator: who set the state, or worked on it last.
        seconds: working time.
        targets: number of targets set by users; `None`: the video was never opened.
        lens: name of the chosen aperture shape.
        tracker: name of the chosen tracker.
        automatic: whether each shot gets the f-number that its subjects ask for.
        rejected: frame, x and y of the suggestions that were rejected.
        vanished: whether the video is no longer in the folder.
    """

    video: str
    state: str = TO_DO
    reason: str = ""
    annotator: str = ""
    seconds: float = 0.0
    targets: int | None = None
    lens: str = "disk"
    tracker: str = "kcf"
    automatic: bool = False
    rejected: tuple[tuple[int, float, float], ...] = ()
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
        if not isinstance(self.automatic, bool):
            raise InputError(f"automatic must be true or false, and is {self.automatic!r}.")
        # JSON has lists.
        rejected = tuple((int(t), float(x), float(y)) for t, x, y in self.rejected)
        object.__setattr__(self, "rejected", rejected)


class Queue:
    """The queue of a folder, saved atomically at every change. Thread-safe.

    Several servers may share a folder: records that were not changed here are read from the file. `videos`
    lists the videos that are in the folder now; `notices` has messages for the user.
    """

    def __init__(self, folder: OpenedFolder, videos: Callable[[], list[str]]) -> None:
        self.path, self._folder, self._videos = folder.path / FILE, folder, videos
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
        """All records, sorted by name."""
        with self._lock:
            return tuple(self._known[name] for name in sorted(self._known))

    def item(self, video: str) -> Item:
        """The record of a video.

        Raises:
            InputError: the video is not in the folder.
        """
        with self._lock:
            if video not in self._known:
                raise InputError(f"There is no video {video} in {self.path.parent}.")
            return self._known[video]

    def refresh(self) -> tuple[str, ...]:
        """Read the folder again; returns sentences about new and vanished videos."""
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
        """Set the state of a video.

        Raises:
            InputError: the video is not in the folder, there is no such state, or a reason for skipping is
                missing.
        """
        if state == SKIPPED and not reason.strip():
            raise InputError(f"Say why {video} is skipped.")
        self.change(video, state=state, reason=reason.strip(), annotator=self.annotator)

    def following(self, video: str) -> str | None:
        """The next video that is to do, cyclically; `None`: there is none."""
        to_do = [each.video for each in self.items if each.state == TO_DO and not each.vanished]
        after = [each for each in to_do if each > video] or [each for each in to_do if each < video]
        return after[0] if after else None

    def sign(self, name: str) -> None:
        """Set the current annotator."""
        with self._lock:
            self.annotator = name.strip()
            self._save()

    def spend(self, video: str, seconds: float) -> None:
        """Add working time to a video."""
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
        """Change fields of a video's record; see `Item`."""
        with self._lock:
            changed = dataclasses.replace(self.item(video), **values)
            if changed != self._known[video]:
                self._changed.add(video)
                self._known[video] = changed
                self._save()

    def save(self) -> None:
        """Save changes that are not saved yet; called before exit."""
        with self._lock:
            if self._unsaved_s:
                self._save()

    def _load(self) -> None:
        """Read the file again if another program has written it."""
        written = self._written()
        if written in (None, self._seen):
            return
        try:
            content = parse_json(self._folder.read(self.path).decode("utf-8"))
            if content.get("format") != FORMAT or content.get("version") != 1:
                raise InputError("it is no queue of this version")
            told = {name: Item(name, **said) for name, said in content["videos"].items()}
            self.annotator = self.annotator or str(content["annotator"])
            self._seen = written
            for name in told.keys() - self._changed:
                vanished = name in self._known and self._known[name].vanished
                self._known[name] = dataclasses.replace(told[name], vanished=vanished)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            aside = next(
                name for number in range(1000)
                if not (name := self.path.with_name(f"{FILE}.corrupt{number or ''}")).exists()
            )  # fmt: skip
            try:
                self._folder.rename(self.path, aside.name)
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
            self._folder.write(self.path, text.encode())
            self._seen, self._saved = self._written(), True
        except InputError as error:
            if self._saved:
                self.notices.tell(f"{str(error).removesuffix('.')}: what is done is not written down.")
            self._saved = False
        self._unsaved_s = 0.0

    def _written(self) -> tuple[int, int] | None:
        """Modification time and size of the file; `None` if it does not exist."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
