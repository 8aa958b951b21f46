"""The command: which items are chosen, what is said of wrong ones, and a small real run."""

import csv
import shutil

import pytest

from rackfocus.cli.reproduce import _items_chosen
from rackfocus.types import InputError


def test_figures_and_tables_are_items():
    assert list(_items_chosen(["figure=3a", "seed=1", "table=1", "figure=7A"])) == [
        "seed=1",
        "item=[figure_3a,table_1,figure_7a]",
    ]
    assert list(_items_chosen(["seed=1"])) == ["seed=1"]


def test_an_unknown_figure_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"no figure=5 .* figure=3a\|3b\|"):
        list(_items_chosen(["figure=5"]))


def test_a_wrong_figure_is_one_sentence(call, capsys):
    assert call("reproduce", "table=3") == 2
    assert "choose one of table=1|2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "said"),
    [("scenes=none", "none"), ("quick=maybe", "quick must be true or false, and is maybe.")],
)
def test_a_wrong_setting_is_one_sentence_and_nothing_is_written(
    call, capsys, raytraced, tmp_path, setting, said
):
    assert call("reproduce", "figure=9", f"scenes={raytraced}", "folder=out", setting) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out" / "index.html").exists()


def test_two_items_are_made_once_and_are_on_one_page(call, capsys, raytraced, tmp_path):
    shutil.copytree(raytraced.parents[1] / "experiments" / "rgbd_hdr", tmp_path / "experiments" / "rgbd_hdr")
    command = ("reproduce", "--quick", f"scenes={raytraced}", "baseline=[megadepth]", "folder=out")
    assert call(*command, "figure=9", "figure=3c", "record=kept") == 0
    first = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert call(*command, "figure=9") == 0
    assert "made before" in capsys.readouterr().out
    # The page has the other item still.
    assert (tmp_path / "out" / "index.html").read_text(encoding="utf-8") == first
    with (tmp_path / "kept" / "figure_9" / "numbers.csv").open(newline="", encoding="utf-8") as file:
        values = {row["name"]: row["value"] for row in csv.DictReader(file)}
    assert float(values["height over width of a defocused point, disk"]) == pytest.approx(1, abs=0.01)
    assert float(values["height over width of a defocused point, anamorphic"]) == pytest.approx(2, abs=0.2)


def test_missing_clips_are_told_on_the_page(call, raytraced, tmp_path):
    assert (
        call(
            "reproduce",
            "--quick",
            "figure=4a",
            f"scenes={raytraced}",
            "clips=none",
            "folder=out",
            "baseline=[]",
        )
        == 0
    )
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "none holds no annotated video" in page
    assert "not decidable here: 1." in page
