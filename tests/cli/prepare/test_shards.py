"""A small real run: scenes to shards, which are data like any other."""

import sys

import pytest

from rackfocus.cli import main
from rackfocus.data.preparation.shards import Shards


@pytest.fixture
def run(tmp_path, raytraced, monkeypatch):
    """The exit code of a command, in a folder with a scene to validate with and one to test with."""
    for split, scene in (("validation", "0600"), ("test", "1203")):
        (tmp_path / "data" / split).mkdir(parents=True)
        (tmp_path / "data" / split / scene).symlink_to(raytraced / split / scene)
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rackfocus", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code

    return command


def test_the_splits_that_are_there(run, tmp_path, capfd):
    settings = ("prepare", "shards", "data.root=data", "folder=made", "workers=1", "~data.train")
    assert run(*settings, "samples_each=2") == 0
    assert "test: 2 samples in shards of 2" in capfd.readouterr().out
    assert Shards(tmp_path / "made", "validation")[1].name == "validation/0600/focal"
    assert run(*settings, "samples_each=3") == 2
    assert "made holds shards of other data or with other settings" in capfd.readouterr().err
    assert run("data", "check", "data=shards", "data.root=made", "~data.train") == 0
