"""The file of an annotation that is being edited; content written by others is never overwritten."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rackfocus.app.server.opened_folder import OpenedFolder
from rackfocus.focus.annotation.json_file import FORMAT, annotation_json, load_annotation
from rackfocus.types import AnnotatedVideo, FocusAnnotation, InputError

SUFFIX = ".focus.json"
HEAD_BYTES = 4096
"""The first bytes of an annotation; they contain its format and its video."""


class AnnotationFile:
    """Reads an annotation in a folder and writes it atomically; `saved` tells whether the last save
    succeeded.

    A file that cannot be read, belongs to another video, was changed by another program meanwhile or is a
    link out of the folder is renamed, not overwritten. If the file cannot be written, the annotation is in
    memory only and `tell` is called with a message for the user.
    """

    def __init__(self, folder: OpenedFolder, path: Path, tell: Callable[[str], None]) -> None:
        self.path, self._folder, self._tell = path, folder, tell
        self.saved = True
        self._held: str | None = None

    def load(self, video: AnnotatedVideo) -> FocusAnnotation:
        """The annotation of a video in the file; an empty one if there is no usable file."""
        try:
            real = self._folder.real(self.path)
            if not real.exists():
                return FocusAnnotation(video)
            annotation = load_annotation(real)
            if annotation.video.sha256 != video.sha256:
                raise InputError(f"{self.path} belongs to another video, {annotation.video.name}.")
        except InputError as error:
            self._set_aside_for_good(f"{error} The annotation begins anew")
            return FocusAnnotation(video)
        self._held = self._digest()
        return annotation

    def save(self, annotation: FocusAnnotation) -> None:
        """Save an annotation; if that fails, `tell` is called once."""
        try:
            if self._digest() not in (self._held, None):
                self._keep_aside("changed", f"{self.path.name} was changed by another program")
            content = annotation_json(annotation).encode()
            self._folder.write(self.path, content)
        except (InputError, OSError) as error:
            if self.saved:
                self._tell(f"{error} Work goes on in memory: export it before you leave.")
            self.saved = False
            return
        self._held, self.saved = hashlib.sha256(content).hexdigest(), True

    def _set_aside_for_good(self, sentence: str) -> None:
        try:
            self._keep_aside("corrupt", sentence)
        except InputError as error:
            # The file that could not be renamed is not overwritten: every attempt fails in the same way.
            self._tell(f"{error} Work goes on in memory: export it before you leave.")
            self.saved = False

    def _keep_aside(self, why: str, sentence: str) -> None:
        """Rename the existing file to an unused name.

        Raises:
            InputError: it cannot be renamed, and so must not be overwritten.
        """
        names = (self.path.with_name(f"{self.path.name}.{why}{number or ''}") for number in range(1000))
        aside = next(name for name in names if not name.exists())
        try:
            self._folder.rename(self.path, aside.name)
        except OSError as error:
            raise InputError(f"{sentence}, and it cannot be kept aside ({error.strerror}).") from error
        self._held = None
        self._tell(f"{sentence}; what was there is kept as {aside.name}.")

    def _digest(self) -> str | None:
        try:
            return hashlib.sha256(self._folder.read(self.path)).hexdigest()
        except FileNotFoundError:
            return None


def find_annotation(video: Path, identity: AnnotatedVideo, folder: OpenedFolder) -> Path:
    """The path of a video's annotation, existing or new: beside it, or elsewhere in the opened folder.

    Raises:
        InputError: the video's name is too long to add the suffix.
    """
    usual = video.with_name(video.name + SUFFIX)
    try:
        if usual.exists():
            return usual
    except OSError as error:
        raise InputError(
            f"{video} cannot have an annotation beside it ({error.strerror}); rename it."
        ) from error
    beside_first = sorted(_annotations(folder), key=lambda path: (path.parent != video.parent, path))
    return next((path for path in beside_first if _is_of(path, video, identity)), usual)


def _annotations(folder: OpenedFolder) -> Iterator[Path]:
    for path in folder.path.rglob("*.json"):
        try:
            with folder.open(path) as file:
                head = file.read(HEAD_BYTES)
        except (InputError, OSError):
            continue
        if f'"{FORMAT}"'.encode() in head:
            yield path


def _is_of(path: Path, video: Path, identity: AnnotatedVideo) -> bool:
    """Whether an annotation is of this video, and not named after another existing copy of it.

    A damaged annotation is assigned to the video if its readable part names the video.
    """
    owner = path.with_name(path.name.removesuffix(SUFFIX))
    if owner not in (path, video) and owner.exists():
        return False
    try:
        return load_annotation(path).video.sha256 == identity.sha256
    except InputError:
        try:
            head = path.read_bytes()[:HEAD_BYTES]
        except OSError:
            return False
        return identity.sha256.encode() in head
