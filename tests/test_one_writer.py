"""One writer an output: who comes second is told, a kill releases, nothing is left."""

import os
import signal
import threading
from pathlib import Path

import pytest

from rackfocus import InputError
from rackfocus.one_writer import one_writer


def test_nothing_is_left(tmp_path):
    with one_writer(tmp_path / "out.mp4"):
        (lock,) = tmp_path.iterdir()
        assert lock.read_text() == f"Process {os.getpid()} of rackfocus writes out.mp4.\n"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError), one_writer(tmp_path / "out.mp4"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_the_second_is_told_and_others_are_not(tmp_path):
    out = tmp_path / "out.mp4"
    told = rf"^{out} is being written by another run \(process {os.getpid()}\); wait until that has finished"
    with one_writer(out):
        with pytest.raises(InputError, match=told), one_writer(out):
            pass
        with one_writer(tmp_path / "other.mp4"):
            pass
        with pytest.raises(InputError), one_writer(out):  # The refused one has not released it.
            pass
    with one_writer(out):
        pass


def test_by_a_link_or_another_path_it_is_the_same_output(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a" / "out.mp4")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    monkeypatch.chdir(tmp_path / "a")
    with one_writer(tmp_path / "a" / "out.mp4"):
        for same in (tmp_path / "link.mp4", tmp_path / "b" / "out.mp4", Path("out.mp4")):
            with pytest.raises(InputError, match="being written"), one_writer(same):
                pass


def test_a_kill_releases_it_and_what_it_left_is_used_again(tmp_path):
    out = tmp_path / "out.rvr"
    heard, said = os.pipe()
    holder = os.fork()
    if holder == 0:
        with one_writer(out):
            os.write(said, b".")
            signal.pause()
    os.read(heard, 1)
    with pytest.raises(InputError, match=f"process {holder}"), one_writer(out):
        pass
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    (left,) = tmp_path.iterdir()
    assert left.read_text() == f"Process {holder} of rackfocus writes out.rvr.\n"
    with one_writer(out):
        assert left.read_text() == f"Process {os.getpid()} of rackfocus writes out.rvr.\n"
    assert list(tmp_path.iterdir()) == []


def test_of_many_that_hurry_one_writes_at_a_time(tmp_path):
    """The lock is deleted by each that finishes, which those that have just opened it must see."""
    inside, most, turns = [], [], []

    def hurry():
        for _ in range(100):
            try:
                with one_writer(tmp_path / "out"):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
                    turns.append(1)
            except InputError:
                pass

    threads = [threading.Thread(target=hurry) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert turns
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_and_a_link_in_place_of_the_lock(tmp_path):
    with (
        pytest.raises(InputError, match=r"cannot be written \(No such file"),
        one_writer(tmp_path / "a" / "b"),
    ):
        pass
    with one_writer(tmp_path / "out"):
        (lock,) = tmp_path.iterdir()
    (tmp_path / "precious").write_text("precious")
    lock.symlink_to(tmp_path / "precious")
    with pytest.raises(InputError, match="cannot be written"), one_writer(tmp_path / "out"):
        pass
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_file_system_without_locks(tmp_path, monkeypatch, caplog):
    def missing(descriptor, how):  # noqa: ARG001
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", missing)
    with one_writer(tmp_path / "out"):
        assert "has no locks" in caplog.text
    assert list(tmp_path.iterdir()) == []
