import csv
import dataclasses

import pytest

from rackfocus.focus.annotation.csv_table import COLUMNS, annotations_in, read_csv, write_csv
from rackfocus.focus.annotation.json_file import load_annotation, save_annotation
from rackfocus.types import AnnotatedVideo, FocusAnnotation, FocusPulls, FocusTarget, InputError

VIDEO = AnnotatedVideo("a, b.mp4", "0f" * 32, 640, 360, 300, 30000 / 1001)
TARGETS = (
    FocusTarget(0, 0.1, 359.4),
    FocusTarget(90, 1 / 3, 20.0, (0.1, 2.0, 1 / 3, 40.25), "af-net", 120, "acts, and is near"),
    FocusTarget(90, 3.0, 4.0, source="user"),
)
FULL = FocusAnnotation(VIDEO, TARGETS, FocusPulls(12, 3, "eased"), 2.8)
BARE = FocusAnnotation(AnnotatedVideo("ü.mov", "ab" * 32, 64, 36, 5, 25))


@pytest.fixture
def folder(tmp_path):
    for name, annotation in (("train/a.json", FULL), ("test/ü.json", BARE)):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        save_annotation(tmp_path / "set" / name, annotation)
    (tmp_path / "set" / "queue.json").write_text('{"format": "something else"}')
    return tmp_path / "set"


def test_nothing_is_lost_there_and_back(folder, tmp_path):
    annotations = annotations_in(folder)
    assert annotations == {"test/ü.json": BARE, "train/a.json": FULL}
    write_csv(annotations, tmp_path / "all.csv", annotator="Ada")
    again = read_csv(tmp_path / "all.csv")
    assert again == annotations
    save_annotation(tmp_path / "again.json", again["train/a.json"])
    assert (tmp_path / "again.json").read_bytes() == (folder / "train" / "a.json").read_bytes()


def test_a_row_a_target(folder, tmp_path):
    write_csv(annotations_in(folder), tmp_path / "all.csv", annotator="Ada")
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        bare, *rows = csv.DictReader(file)
    assert (bare["video"], bare["t"], bare["annotator"]) == ("ü.mov", "", "Ada")
    assert [(row["t"], row["time_s"], row["source"], row["until"]) for row in rows] == [
        ("0", "0.000", "user", ""),
        ("90", "3.003", "af-net", "120"),
        ("90", "3.003", "user", ""),
    ]
    assert rows[1]["box"] == "0.1 2.0 0.3333333333333333 40.25"
    assert tuple(rows[0]) == COLUMNS


def test_tables_without_reasons_are_read(tmp_path):
    write_csv({"a.json": FULL}, tmp_path / "new.csv")
    with (tmp_path / "new.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("why") for row in rows] == ["", "acts, and is near", ""]
    with (tmp_path / "old.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [each for each in COLUMNS if each != "why"])
        writer.writeheader()
        writer.writerows(rows)
    plain = tuple(dataclasses.replace(target, why="") for target in TARGETS)
    assert read_csv(tmp_path / "old.csv") == {"a.json": dataclasses.replace(FULL, targets=plain)}


def test_two_annotators_in_one_table(tmp_path):
    write_csv({"a.json": FULL}, tmp_path / "one.csv", annotator="Ada")
    write_csv({"a.json": BARE}, tmp_path / "two.csv", annotator="Bob")
    head, *rows = (tmp_path / "one.csv").read_text().splitlines()
    others = (tmp_path / "two.csv").read_text().splitlines()[1:]
    (tmp_path / "both.csv").write_text("\n".join([head, *rows, *others]))
    assert read_csv(tmp_path / "both.csv", annotator="Bob") == {"a.json": BARE}
    with pytest.raises(InputError, match="of 'Ada' and of 'Bob'; choose one"):
        read_csv(tmp_path / "both.csv")
    with pytest.raises(InputError, match="holds no row of Eve"):
        read_csv(tmp_path / "both.csv", annotator="Eve")


@pytest.mark.parametrize("content", ["", "t,x\n1,2\n"])
def test_what_is_no_such_table(tmp_path, content):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InputError, match="has no column 'file'"):
        read_csv(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("t", "many", "line 3: invalid literal"),
        ("x", "900", r"line 2: targets\[1\].x must lie in the video"),
        ("box", "1 2 3", "line 3: box must be left, top, right and bottom"),
        ("source", "me", "line 3: source must be one of"),
        ("width", "641", "line 3: a.json is not as in line 2"),
        ("file", "../a.json", "file must be a path in the data set"),
    ],
)
def test_rows_of_no_sense(tmp_path, column, value, says):
    write_csv({"a.json": FULL}, tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[1][column] = value
    with (tmp_path / "all.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(InputError, match=says):
        read_csv(tmp_path / "all.csv")


def test_files_of_no_sense(folder, tmp_path):
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_csv(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="has no column 'file'"):
        read_csv(tmp_path / "other.csv")
    (folder / "train" / "a.json").write_text("{")
    with pytest.raises(InputError, match=r"a\.json cannot be read as JSON"):
        annotations_in(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no annotation"):
        annotations_in(tmp_path / "empty")


def test_what_is_read_is_what_load_reads(folder):
    assert annotations_in(folder)["train/a.json"] == load_annotation(folder / "train" / "a.json")
