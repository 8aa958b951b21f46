"""A folder of numbered files made of a refocusable clip, for other programs.

A file takes its name when it is whole, so that an export that was stopped goes on where it was. `export.json`
says what the files are, and of which clip.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rackfocus.pipelines.clip.info import INFO_FILE
from rackfocus.pipelines.clip.refocusable_clip import RefocusableClip
from rackfocus.pipelines.clip.source import digest
from rackfocus.types import InputError
from rackfocus.whole_files import whole_file, write_whole

EXPORT_FILE = "export.json"

Progress = Callable[[int, int | None], None]
"""Called with frames done and frames in all."""


class ExportFolder:
    """The folder of an export: `<clip>.<frame>.<suffix>`, frames counted over the whole video.

    Args:
        clip: what is exported.
        path: of the folder; it is made, and files of the same export that are there are kept.
        suffix: of the files, with its dot.
        meaning: what their values are, to be read by people and programs.

    Raises:
        InputError: the folder cannot be written, or holds something else.
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
        self._begin(json.dumps(head | meaning, indent=2, ensure_ascii=False) + "\n")

    def file(self, frame: int) -> Path:
        """The file of a frame."""
        return self.path / f"{self._clip.path.resolve().stem}.{frame:06d}{self._suffix}"

    def missing(self) -> list[int]:
        """The frames that have no file yet, in order."""
        return [frame for frame in self._clip.frame_range if not self.file(frame).exists()]

    def place(self, frame: int, write: Callable[[Path], None]) -> None:
        """Have `write` make the file of a frame under another name, then give it its own.

        Raises:
            InputError: the folder cannot be written.
        """
        target = self.file(frame)
        try:
            with whole_file(target, synced=True) as draft:
                write(draft)
        except (OSError, RuntimeError) as error:
            raise self._unwritable(error) from error

    def _begin(self, description: str) -> None:
        note = self.path / EXPORT_FILE
        try:
            self.path.mkdir(exist_ok=True)
            if not note.exists():
                if any(self.path.iterdir()):
                    raise InputError(f"{self.path} is not empty; name a folder of its own for the export.")
                write_whole(note, description.encode(), synced=True)
            elif note.read_text(encoding="utf-8") != description:
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
