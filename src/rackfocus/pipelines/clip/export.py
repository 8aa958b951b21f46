"""Exports a refocusable clip to a folder of numbered files, for other programs.

A file gets its final name when it is complete, so that an interrupted export can resume. `export.json` states
what the files contain, and which clip they were made from.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rackfocus.one_writer import one_writer
from rackfocus.pipelines.clip.info import INFO_FILE
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.pipelines.clip.source import digest
from rackfocus.types import InputError
from rackfocus.whole_files import whole_file, write_whole

EXPORT_FILE = "export.json"

Progress = Callable[[int, int | None], None]
"""Called with frames done and total frames."""


class ExportFolder:
    """The folder of an export: `<clip>.<frame>.<suffix>`, where `<frame>` is the index in the whole video.

    A context manager, within which files are written by no other run.

    Args:
        clip: the clip to export.
        path: of the folder; it is created if missing, and existing files of the same export are kept.
        suffix: of the files, with the dot.
        meaning: describes the files' values for people and programs; written to `export.json`.

    Raises:
        InputError: on entering, the folder cannot be written, is being written by another run, or holds other
            files.
    """

    def __init__(self, clip: RefocusableClip, path: Path, suffix: str, meaning: dict[str, Any]) -> None:
        self.path = path
        self._clip = clip
        self._suffix = suffix
        head = {
            "format": "rackfocus.export",
            "version": 1,
            "clip": clip.path.resolve().name,
            "clip_sha256": digest(clip.path / INFO_FILE),
            "files": f"{clip.path.resolve().stem}.%06d{suffix}",
            "first": clip.frame_range.start,
            "frames": clip.frames,
        }
        self._description = json.dumps(head | meaning, indent=2, ensure_ascii=False) + "\n"
        self._lock = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(one_writer(self.path))
            self._begin()
            self._lock = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def file(self, frame: int) -> Path:
        """The path of a frame's file."""
        return self.path / f"{self._clip.path.resolve().stem}.{frame:06d}{self._suffix}"

    def missing(self) -> list[int]:
        """The frames that have no file yet, in order."""
        return [frame for frame in self._clip.frame_range if not self.file(frame).exists()]

    def place(self, frame: int, write: Callable[[Path], None]) -> None:
        """Let `write` make the file of a frame under a temporary name, then rename it.

        Raises:
            InputError: the folder cannot be written.
        """
        target = self.file(frame)
        try:
            with whole_file(target, synced=True) as draft:
                write(draft)
        except (OSError, RuntimeError) as error:
            raise self._unwritable(error) from error

    def _begin(self) -> None:
        note = self.path / EXPORT_FILE
        try:
            self.path.mkdir(exist_ok=True)
            if not note.exists():
                if any(self.path.iterdir()):
                    raise InputError(f"{self.path} is not empty; name a folder of its own for the export.")
                write_whole(note, self._description.encode(), synced=True)
            elif note.read_text(encoding="utf-8") != self._description:
                raise InputError(f"{self.path} holds another export; name another folder, or remove it.")
        except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
            raise InputError(f"{self.path} cannot be made a folder; name another place.") from error
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> InputError:
        reason = getattr(error, "strerror", None) or str(error)
        return InputError(
            f"{self.path} cannot be written ({reason}); free some space or change its permissions, then run "
            "the same command again to go on."
        )
