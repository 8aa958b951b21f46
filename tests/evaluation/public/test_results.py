import zipfile

import pytest
import torch

from rackfocus.evaluation.public.results import (
    About,
    find_results,
    write_archive,
    write_readme,
    write_result,
)
from rackfocus.evaluation.public.stored import read_stored
from rackfocus.types import InputError


def test_what_is_written_is_found_and_read_again(tmp_path, generator):
    pictures = {
        name: torch.rand(3, 20, 28, generator=generator) for name in ("11_f2.0", "4400", "277_bokeh_00_01")
    }
    for name, picture in pictures.items():
        write_result(tmp_path, name, picture)
    found = find_results(tmp_path, pictures)
    assert {name: file.name for name, file in found.items()} == {name: f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        assert torch.allclose(read_stored(found[name]), (picture * 255).round() / 255, atol=1e-6)


def test_other_peoples_names(tmp_path):
    write_result(tmp_path, "9_f16", torch.zeros(3, 4, 4))
    (tmp_path / "9_f16.png").rename(tmp_path / "4400.jpg.png")  # as Bokehlicious names those of EBB!
    (tmp_path / "8_f9.0.JPG").touch()
    (tmp_path / "readme.txt").touch()
    (tmp_path / ".hidden.png").touch()
    found = find_results(tmp_path, ["8_f9.0", "4400"])
    assert [file.name for file in found.values()] == ["8_f9.0.JPG", "4400.jpg.png"]


def test_what_is_missing_or_twice(tmp_path):
    with pytest.raises(InputError, match="nowhere is no folder; set results"):
        find_results(tmp_path / "nowhere", ["a"])
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match=r"lacks 2 of 3 pictures, the first of them b_f2\.0\.png"):
        find_results(tmp_path, ["a", "b_f2.0", "c"])
    (tmp_path / "a.jpg").touch()
    with pytest.raises(InputError, match=r"a\.png and a\.jpg are of one target"):
        find_results(tmp_path, ["a"])


def test_the_archive_that_the_challenge_takes(tmp_path):
    folder = tmp_path / "results"
    folder.mkdir()
    write_result(folder, "8_f9.0", torch.zeros(3, 4, 4))
    write_readme(folder, About("rackfocus", 1_496_000, 0.71234, "cpu"))
    archive = write_archive(folder)
    assert archive == tmp_path / "results.zip"
    with zipfile.ZipFile(archive) as file:
        assert sorted(name for name in file.namelist() if not name.endswith("/")) == [
            "8_f9.0.png",
            "readme.txt",
        ]
        assert file.read("readme.txt").decode().splitlines() == [
            "Architecture Name:rackfocus",
            "Parameters:1.50M",
            "Runtime:0.712s",
            "Device:cpu",
            "Extra data:Yes",
        ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results", "results.zip"]
