"""Under the final name there is either nothing new or all of it."""

import os

import pytest

from rackfocus.whole_files import whole_file, whole_folder, write_whole


@pytest.mark.parametrize("settings", [{}, {"synced": True}, {"shared": True}])
def test_a_file_replaces_another_when_it_is_whole(tmp_path, settings):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with whole_file(path, **settings) as draft:
        draft.write_text("after")
        assert draft.parent == tmp_path
        assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "after"
    write_whole(path, b"\x00\x01", **settings)
    assert path.read_bytes() == b"\x00\x01"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("full")])
def test_a_file_that_fails_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(BaseException, match=r"full|^$"), whole_file(path) as draft:  # noqa: PT012
        draft.write_text("hal")
        raise error
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "before"


def test_a_draft_that_was_left_is_written_over(tmp_path):
    (tmp_path / "a.txt.partial").write_text("left by a killed program")
    write_whole(tmp_path / "a.txt", b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_each_process_has_its_own_draft_of_a_shared_file(tmp_path):
    with whole_file(tmp_path / "a.json", shared=True) as draft:
        assert draft.name == f".a.json.{os.getpid()}"
        draft.touch()


def test_a_file_in_no_folder_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a.txt", b"")


def test_a_folder_appears_when_it_is_whole(tmp_path):
    (tmp_path / ".a.partial").mkdir()
    (tmp_path / ".a.partial" / "left").touch()
    with whole_folder(tmp_path / "a") as draft:
        (draft / "b").touch()
        assert not (tmp_path / "a").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["b"]


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "a") as draft:  # noqa: PT012
        (draft / "b").touch()
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mine").touch()
    with pytest.raises(OSError, match="not empty"), whole_folder(tmp_path / "a"):
        pass
    assert (tmp_path / "a" / "mine").exists()


def test_a_symbolic_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    for place in ("there.txt", "not_yet.txt"):
        link = tmp_path / f"link_to_{place}"
        link.symlink_to(tmp_path / "real" / place)
        write_whole(link, b"after")
        assert link.is_symlink()
        assert (tmp_path / "real" / place).read_bytes() == b"after"
    (tmp_path / "folder").symlink_to(tmp_path / "real" / "new")
    with whole_folder(tmp_path / "folder") as draft:
        (draft / "a").touch()
    assert (tmp_path / "real" / "new" / "a").exists()
