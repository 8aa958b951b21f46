"""Creates a VAF data set from a folder of videos: selects suitable videos (Sec. 5.3) and splits them.

    <dataset>/train/a.mp4, validation/…, test/…     the videos; their annotations are to be saved beside them
    <dataset>/videos.csv                            all examined videos, with reasons if they were left out

A video stays in its split, so that videos can be added to a data set at any time.
"""

import csv
import hashlib
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from rackfocus.one_writer import one_writer
from rackfocus.reading.damage import reading
from rackfocus.reading.tables import read_rows
from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.shot_cuts import THUMBNAIL, begins_shot
from rackfocus.whole_files import whole_file

VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".webm")
TABLE_FILE = "videos.csv"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Seen:
    """An examined video: a row of the table.

    `seconds` is the duration of the part that was examined, `cut` the first frame of the second shot (`None`:
    there is a single one), `damage` the error when reading the file (empty: none). A video in the data set
    has a split and a name there; one that was left out has neither, and a reason, a clause that follows
    "because".
    """

    video: str
    bytes: int
    modified_ns: int
    sha256: str
    seconds: float
    cut: int | None = None
    damage: str = ""
    split: str = ""
    name: str = ""
    left_out: str = ""


@dataclass(frozen=True)
class Selection:
    """Rules that select videos, and their split.

    Attributes:
        shortest_s: shorter ones are left out; the paper's clip is 100 frames of 30 a second.
        most: the largest number of videos, chosen by a hash of their content. `None`: all.
        validation_share: of the videos.
        test_share: of the videos; the paper holds out 40 of 419.

    Raises:
        InputError: a number is out of range.
    """

    shortest_s: float = 3.33
    most: int | None = None
    validation_share: float = 0.1
    test_share: float = 0.0955

    def __post_init__(self) -> None:
        if self.shortest_s < 0:
            raise InputError(f"shortest_s must be 0 or more, and is {self.shortest_s}.")
        if self.most is not None and self.most < 1:
            raise InputError(f"most must be 1 or more, and is {self.most}.")
        shares = self.validation_share, self.test_share
        if min(shares) < 0 or sum(shares) > 1:
            raise InputError(
                "validation_share and test_share must be 0 or more and not above 1 together, and are "
                f"{shares[0]:g} and {shares[1]:g}."
            )

    def split(self, sha256: str) -> str:
        """The split by a hash of the video's content; it does not depend on names or on other videos."""
        place = int(sha256[:12], 16) / 16**12
        if place < self.test_share:
            return "test"
        return "validation" if place < self.test_share + self.validation_share else "train"

    def assign_splits(self, seen: Iterable[Seen]) -> list[Seen]:
        """The same videos, each with its split and name, or with why it is left out; sorted by name."""
        videos = sorted(seen, key=lambda video: video.video)
        kept = [video for video in videos if video.split]
        first: dict[str, str] = {}
        for video in (*kept, *videos):
            first.setdefault(video.sha256, video.video)
        new = [
            replace(video, left_out=self._unfit(video, first[video.sha256]))
            for video in videos
            if not video.split
        ]
        room = None if self.most is None else max(0, self.most - len(kept))
        fit = sorted((video for video in new if not video.left_out), key=lambda video: video.sha256)
        drawn = {video.sha256 for video in fit[:room]}
        placed, names = list(kept), {video.name for video in kept}
        for video in new:
            if video.left_out:
                placed.append(video)
            elif video.sha256 not in drawn:
                placed.append(replace(video, left_out=f"only {self.most} are wanted"))
            else:
                placed.append(replace(video, split=self.split(video.sha256), name=_name(video, names)))
                names.add(placed[-1].name)
        return sorted(placed, key=lambda video: video.video)

    def _unfit(self, video: Seen, first: str) -> str:
        if video.damage:
            return f"it cannot be read: {video.damage}"
        if first != video.video:
            return f"it is the same as {first}"
        if video.cut is not None:
            return f"it has a cut at frame {video.cut}"
        if video.seconds < self.shortest_s:
            return f"it is {video.seconds:.2f} s long"
        return ""


def build_dataset(
    folder: Path, dataset: Path, selection: Selection, *, progress: Progress | None = None
) -> list[Seen]:
    """Examine all videos of a folder and its subfolders, and add the suitable ones to a new or existing data
    set; returns all videos, including those of earlier runs.

    The results are stored video by video, so that an interrupted run can be continued. No video is changed;
    those of the data set are hard links, or copies on another disk. `progress` is called with the numbers of
    videos done and in all.

    Raises:
        InputError: there is no such folder, or no video in it, another file has the name of one to be
            written, or another run adds to the data set.
    """
    paths = _videos(folder, dataset)
    dataset.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(dataset):
        return _add(paths, dataset, selection, progress)


def _add(paths: list[Path], dataset: Path, selection: Selection, progress: Progress | None) -> list[Seen]:
    """Examine those of the videos that are new, and add what is suitable."""
    dataset.mkdir(exist_ok=True)
    table = dataset / TABLE_FILE
    before = read_table(table) if table.exists() else []
    known = {video.video: video for video in before if video.split or Path(video.video).is_file()}
    for done, path in enumerate(paths):
        if progress is not None:
            progress(done, len(paths))
        video, about = known.get(str(path)), path.stat()
        if video is not None and (video.bytes, video.modified_ns) == (about.st_size, about.st_mtime_ns):
            continue
        if video is not None and video.split:
            raise InputError(
                f"{path} has changed since it was put into {dataset}; give the new video another name."
            )
        known[str(path)] = look_at(path)
        _write_table(known.values(), table)
    if progress is not None:
        progress(len(paths), len(paths))
    placed = selection.assign_splits(known.values())
    for video in placed:
        # A video of an earlier run is in the data set, even if it is no longer in the folder.
        if video.split and not known[video.video].split:
            _place(Path(video.video), dataset / video.split / video.name)
            known[video.video] = video
            _write_table(known.values(), table)
    _write_table(placed, table)
    return placed


def look_at(path: Path) -> Seen:
    """Examine a video, reading it up to its first cut."""
    about = path.stat()
    seen = Seen(str(path), about.st_size, about.st_mtime_ns, _digest(path), 0.0)
    try:
        with open_video(path) as reader:
            before, start, end = None, 0.0, 0.0
            for frame, (time_s, picture) in enumerate(reader.thumbnails(*THUMBNAIL)):
                if before is None:
                    start = time_s
                elif begins_shot(before, picture):
                    return replace(seen, seconds=end - start, cut=frame)
                before, end = picture, time_s + float(1 / reader.info.fps)
    except InputError as error:
        return replace(seen, damage=str(error))
    return replace(seen, seconds=end - start)


def read_table(path: Path) -> list[Seen]:
    """The table of a data set.

    Raises:
        InputError: it is damaged.
    """
    with reading(path, "cannot be read; restore it, or build into another folder."):
        return [_row(row) for row in read_rows(path)]


def _row(row: dict[str, str]) -> Seen:
    numbers = {
        "bytes": int(row["bytes"]),
        "modified_ns": int(row["modified_ns"]),
        "seconds": float(row["seconds"]),
        "cut": int(row["cut"]) if row["cut"] else None,
    }
    return Seen(**(row | numbers))  # type: ignore[arg-type]


def _write_table(videos: Iterable[Seen], path: Path) -> None:
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Seen)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(video) for video in sorted(videos, key=lambda video: video.video))


def _videos(folder: Path, dataset: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give one of videos.")
    if folder.resolve() == dataset.resolve():
        raise InputError(f"The data set cannot be the folder of the videos, {folder}; name another one.")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())
    paths = sorted(path for path in map(Path.resolve, found) if not path.is_relative_to(dataset.resolve()))
    if not paths:
        raise InputError(f"{folder} holds no video ({', '.join(VIDEO_SUFFIXES)}); give a folder of videos.")
    return paths


def _name(video: Seen, taken: Iterable[str]) -> str:
    """The file's name; if several folders have the same name, with some digits of the hash."""
    path = Path(video.video)
    others = {Path(name).stem for name in taken}
    return path.name if path.stem not in others else f"{path.stem}_{video.sha256[:8]}{path.suffix}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _place(source: Path, target: Path) -> None:
    """Create a hard link, or a copy; an identical existing file is kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        if target.samefile(source) or _digest(target) == _digest(source):
            return
        raise InputError(f"{target} is there already and is another video; take it away.")
    with suppress(OSError):
        target.hardlink_to(source)
        return
    with whole_file(target) as draft:
        shutil.copyfile(source, draft)
