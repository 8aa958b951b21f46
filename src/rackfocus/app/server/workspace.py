"""The video or folder of videos that `rackfocus annotate` opened."""

import dataclasses
import os
import threading
from functools import cache
from pathlib import Path
from typing import Self

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.app.server.queue import FILE, Item, Queue
from rackfocus.app.server.thumbnails import Thumbnails
from rackfocus.app.session.annotation_file import SUFFIX
from rackfocus.app.session.place import Place
from rackfocus.app.session.session import Session
from rackfocus.app.session.tools import Tools
from rackfocus.app.work.notices import Notice
from rackfocus.app.work.priority import PriorityGate
from rackfocus.types import InputError
from rackfocus.video.decode import VIDEO_SUFFIXES

RESULTS = "rackfocus-results"
"""The folder of rendered videos; videos in it are not listed for annotation."""
MOST_OPEN = 2
"""The most videos open at a time; each takes some hundred megabytes."""


class Workspace:
    """Opens each video of a folder, or one video in it (`is_folder` tells which), once, for all pages. Made
    by `Workspace.open`.
    """

    def __init__(self, root: Path, only: str | None, out: Path | None, tools: Tools) -> None:
        self.root, self.is_folder = root, only is None
        self._only = only
        self._folder = OpenedFolder(root)
        self._out = self._folder if out is None else OpenedFolder(out)
        for file in (FILE, SUFFIX):
            self._out.clear_drafts(file)
        self._tools = dataclasses.replace(tools, network=cache(tools.network))
        self._gate = PriorityGate()
        self._sessions: dict[str, Session] = {}
        self._opening = threading.Lock()
        self._thumbnails = Thumbnails()
        self._unnamed: set[str] = set()
        self.queue = Queue(self._out, self._listed)
        for each in sorted(self._unnamed):
            self.queue.notices.tell(f"{each!r} is left out: no address can be made of its name; rename it.")

    @classmethod
    def open(cls, path: str | Path, *, out: str | Path | None = None, tools: Tools | None = None) -> Self:
        """Open a video or a folder.

        Args:
            path: of the video or folder.
            out: the folder for annotations, the queue and results; `None`: beside the videos.
            tools: models, lenses, trackers and autofocus modes; `None`: the defaults.

        Raises:
            InputError: the path does not exist, is not a video, or is a folder without videos.
        """
        path = Path(path)
        if not path.exists():
            raise InputError(f"{path} does not exist; give the path of a video or of a folder of videos.")
        path = path.resolve()
        if out is not None:
            out = Path(out).resolve()
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"{out} cannot be made ({error.strerror}); choose another out=.") from error
        if path.is_dir():
            opened = cls(path, None, out, tools or Tools())
            if not opened.videos:
                raise InputError(f"{path} holds no video; give a folder that does, or a video.")
            return opened
        opened = cls(path.parent, path.name, out, tools or Tools())
        # A file that is not a video is reported before the server starts.
        opened.session(path.name)
        return opened

    @property
    def videos(self) -> tuple[str, ...]:
        """The paths of the videos relative to the folder, with `/`."""
        return tuple(item.video for item in self.items if not item.vanished)

    @property
    def items(self) -> tuple[Item, ...]:
        """The queue's records of the videos; if one video was opened, only its record."""
        return tuple(item for item in self.queue.items if self._only in (None, item.video))

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Messages about the folder for the user, oldest first."""
        return self.queue.notices.all

    def session(self, name: str) -> Session:
        """The session of a video by its name; all pages share it.

        Raises:
            InputError: the video is not in the folder, or cannot be read.
        """
        with self._opening:
            if name in self._sessions:
                # Sessions are ordered by last use; the one used last is closed last.
                self._sessions[name] = self._sessions.pop(name)
                return self._sessions[name]
            place = self._place(name)
            while len(self._sessions) >= MOST_OPEN and (idle := self._idle()) is not None:
                self._sessions.pop(idle).close()
            session = Session(place, self._tools, self.queue, self._gate)
            self._sessions[name] = session
        return session

    def thumbnail(self, name: str) -> bytes:
        """A small picture of a video, as JPEG; no session is opened for it.

        Raises:
            InputError: the video is not in the folder, or cannot be read.
        """
        if name not in self.videos:
            raise InputError(f"There is no video {name} in {self.root}.")
        return self._thumbnails.jpeg(self._folder.real(self.root / name))

    def opened(self, name: str) -> Session:
        """The session of a video for a new page; opened again if the file was replaced.

        Raises:
            InputError: as in `session`.
        """
        with self._opening:
            if name in self._sessions and self._sessions[name].replaced:
                self._sessions.pop(name).close()
        return self.session(name)

    def close(self) -> None:
        """Stop all work."""
        with self._opening:
            while self._sessions:
                self._sessions.popitem()[1].close()
        self.queue.save()

    def _idle(self) -> str | None:
        """The name of an open video without pages and jobs; `None`: there is none."""
        return next((name for name, session in self._sessions.items() if session.idle), None)

    def _place(self, name: str) -> Place:
        video = self.root / name
        if name not in self._listed():
            raise InputError(f"There is no video {name} in {self.root}.")
        out = self._out.path
        # Different names for the results of a.mp4 and a.mov.
        result = out / RESULTS / (name if name.lower().endswith(".mp4") else f"{name}.mp4")
        annotation = None if self._out is self._folder else out / f"{name}{SUFFIX}"
        if annotation is not None:
            try:
                self._out.make(annotation.parent)
            except OSError as error:
                raise InputError(f"{annotation.parent} cannot be made ({error.strerror}).") from error
        return Place(name, video, self._folder, self._out, annotation, result)

    def _listed(self) -> list[str]:
        """Videos in the folder and its subfolders, without hidden files and links to places outside of it."""
        if self._only is not None:
            return [self._only] if self._holds(self.root / self._only) else []
        found = []
        for folder, inner, files in os.walk(self.root):
            inner[:] = sorted(each for each in inner if not each.startswith(".") and each != RESULTS)
            for file in files:
                path = Path(folder) / file
                if file.startswith(".") or path.suffix.lower() not in VIDEO_SUFFIXES:
                    continue
                if not _can_be_named(path.relative_to(self.root).as_posix()):
                    self._unnamed.add(file.encode("utf-8", "backslashreplace").decode())
                    continue
                if self._holds(path):
                    found.append(path.relative_to(self.root).as_posix())
        return sorted(found)

    def _holds(self, path: Path) -> bool:
        """Whether a path leads to a file in the folder."""
        try:
            return self._folder.real(path).is_file()
        except InputError:
            return False


def _can_be_named(name: str) -> bool:
    """Whether a file's name can be part of an address, and of an annotation's name on any system."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return name.isprintable() and "\\" not in name
