"""Which videos a folder holds, what each becomes, and what a table sets for it."""

import pytest

from rackfocus.batch.manifest import Entry, manifest
from rackfocus.types import InputError


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b.mp4",
        "a.MOV",
        "day/c.mkv",
        "day/.hidden.mp4",
        "notes.txt",
        "d.rvr/inside.mp4",
        "out/e.mp4",
    ):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "in"


def listed(folder, *, target=None, suffix=".mp4", clips=True, table=None):
    return manifest(folder, target or folder / "out", suffix=suffix, clips=clips, table=table)


def test_videos_and_clips_in_all_folders_but_that_of_the_results(folder):
    out = folder / "out"
    assert listed(folder) == [
        Entry("a.MOV", folder / "a.MOV", out / "a.mp4"),
        Entry("b.mp4", folder / "b.mp4", out / "b.mp4"),
        Entry("d.rvr", folder / "d.rvr", out / "d.mp4"),
        Entry("day/c.mkv", folder / "day/c.mkv", out / "day/c.mp4"),
    ]
    names = [each.name for each in listed(folder, clips=False, target=folder.parent / "out", suffix=".rvr")]
    assert names == ["a.MOV", "b.mp4", "day/c.mkv", "out/e.mp4"]


def test_two_videos_of_one_name_are_told_and_the_others_are_not_concerned(folder):
    (folder / "b.avi").touch()
    conflicts = {each.name: each.conflict for each in listed(folder)}
    out = folder / "out" / "b.mp4"
    assert conflicts.pop("b.avi") == f"b.avi and b.mp4 would both become {out}; rename one of them."
    assert conflicts.pop("b.mp4") == f"b.mp4 and b.avi would both become {out}; rename one of them."
    assert set(conflicts.values()) == {""}


def test_a_row_sets_what_its_fields_hold(folder, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("video,focus.x, focus.y,lens\nday/c.mkv,12,34,\nb.mp4,,,polygon\n")
    settings = {each.name: each.settings for each in listed(folder, table=table)}
    assert settings.pop("day/c.mkv") == {"focus.x": "12", "focus.y": "34"}
    assert settings.pop("b.mp4") == {"lens": "polygon"}
    assert list(settings.values()) == [{}, {}]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,focus.x\nb.mp4,1\n", "no column 'video'"),
        ("video,focus.x\nz.mp4,1\n", r"names z\.mp4, which is none of the 4 videos"),
        ("video,focus.x\nb.mp4,1\nb.mp4,2\n", r"names b\.mp4 twice"),
        ("video,focus.x\nb.mp4\n", "does not have the columns"),
    ],
)
def test_a_table_that_cannot_be_used(folder, tmp_path, text, says):
    table = tmp_path / "table.csv"
    table.write_text(text)
    with pytest.raises(InputError, match=says) as raised:
        listed(folder, table=table)
    assert "table.csv" in str(raised.value)


def test_a_folder_without_videos(tmp_path):
    with pytest.raises(InputError, match="holds no video"):
        listed(tmp_path)
    with pytest.raises(InputError, match="nowhere is no folder"):
        listed(tmp_path / "nowhere")
