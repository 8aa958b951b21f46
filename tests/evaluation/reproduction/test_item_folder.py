"""The folders of items and the page, of an item that measures nothing."""

import csv
import re
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from rackfocus.evaluation.reproduction.claims import Claim
from rackfocus.evaluation.reproduction.item import Made, Material
from rackfocus.evaluation.reproduction.item_folder import make_item, record
from rackfocus.evaluation.reproduction.numbers import mean_of, missing
from rackfocus.evaluation.reproduction.page import write_page
from rackfocus.types import InputError

FACTS = {"command": "rackfocus reproduce item=[a]", "seed": "0", "quick": "False", "commit": "abc"}
MATERIAL = Material(Path("scenes"), Path("clips"), {}, {}, Path("experiments"), lambda _path: "abc")


@dataclass
class Given:
    """An item of given numbers, which counts how often it is made."""

    title: str = "Fig. 1: <given>"
    error: BaseException | None = None
    times: list[int] = field(default_factory=list)
    claims = (Claim("It helps", "Sec. 4", "gain", above=0),)

    def make(self, material, folder):  # noqa: ARG002
        self.times.append(1)
        Image.new("RGB", (4, 4)).save(folder / "picture.png")
        if self.error is not None:
            raise self.error
        numbers = [
            mean_of("gain", [1.0, 2.0, 3.0, 4.0, 5.5], unit="dB", paper="3.1"),
            missing("other's |gain|", "weights not found: get & put them"),
        ]
        return Made(numbers, "Of five numbers.")


def test_an_item_that_is_there_is_not_made_again(tmp_path):
    item = Given()
    first, is_new = make_item("a", item, MATERIAL, tmp_path, FACTS)
    again, is_new_again = make_item("a", item, MATERIAL, tmp_path, FACTS)
    assert (is_new, is_new_again, len(item.times)) == (True, False, 1)
    assert again == first
    assert {path.name for path in first.folder.iterdir()} == {
        "README.md",
        "claims.csv",
        "item.json",
        "numbers.csv",
        "picture.png",
    }


def test_bars_in_a_name_end_no_cell_of_the_readme(tmp_path):
    made, _ = make_item("a", Given(), MATERIAL, tmp_path, FACTS)
    text = (made.folder / "README.md").read_text(encoding="utf-8")
    rows = [re.split(r"(?<!\\)\|", line) for line in text.split("\n") if line.startswith("| ")]
    assert [len(row) for row in rows[:4]] == [8] * 4
    assert rows[3][1].strip() == r"other's \|gain\|"


@pytest.mark.parametrize("change", [{"seed": "1"}, {"commit": "def"}])
def test_other_settings_or_another_commit_make_it_anew(tmp_path, change):
    item = Given()
    make_item("a", item, MATERIAL, tmp_path, FACTS)
    made, is_new = make_item("a", item, MATERIAL, tmp_path, FACTS | change)
    assert is_new
    assert dict(made.facts) == FACTS | change


def test_an_interrupted_item_leaves_what_was_there(tmp_path):
    make_item("a", Given(), MATERIAL, tmp_path, FACTS)
    with pytest.raises(KeyboardInterrupt):
        make_item("a", Given(error=KeyboardInterrupt()), MATERIAL, tmp_path, FACTS | {"seed": "1"})
    made, is_new = make_item("a", Given(), MATERIAL, tmp_path, FACTS)
    assert not is_new
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert made.numbers[0].n == 5


def test_what_is_missing_becomes_a_number_without_a_value(tmp_path):
    made, _ = make_item(
        "a", Given(error=InputError("clips holds nothing; render some.")), MATERIAL, tmp_path, FACTS
    )
    (number,), (verdict,) = made.numbers, made.verdicts
    assert (number.name, number.value, number.source) == ("gain", "", "clips holds nothing; render some.")
    assert (verdict.verdict, verdict.why) == ("not decidable here", "clips holds nothing; render some.")


def test_what_lacked_something_is_tried_again(tmp_path):
    make_item("a", Given(error=InputError("clips holds nothing; render some.")), MATERIAL, tmp_path, FACTS)
    made, is_new = make_item("a", Given(), MATERIAL, tmp_path, FACTS)
    assert is_new
    assert made.numbers[0].n == 5


def test_every_number_on_the_page_is_that_of_the_csv(tmp_path):
    made, _ = make_item("a", Given(), MATERIAL, tmp_path, FACTS)
    write_page(tmp_path / "index.html", [made])
    page = unescape((tmp_path / "index.html").read_text(encoding="utf-8"))
    table = page.partition('<table data-item="a">')[2].partition("</table>")[0]
    shown = [
        [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    ]
    with (tmp_path / "a" / "numbers.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert shown == [
        [
            f"{row['name']}, {row['unit']}" if row["unit"] else row["name"],
            row["paper"],
            row["value"],
            f"{row['low']} to {row['high']}" if row["low"] else "",
            row["n"] if row["n"] != "0" else "",
            row["source"],
        ]
        for row in rows
    ]
    assert "Claims: 1; upheld: 1; not upheld: 0; not decidable here: 0." in page
    assert "a/numbers.csv" in page


def test_records_are_copied_without_the_state(tmp_path):
    made, _ = make_item("a", Given(), MATERIAL, tmp_path / "run", FACTS)
    record([made], tmp_path / "kept")
    assert sorted(path.name for path in (tmp_path / "kept" / "a").iterdir()) == [
        "README.md",
        "claims.csv",
        "numbers.csv",
        "picture.png",
    ]
    text = (tmp_path / "kept" / "a" / "README.md").read_text(encoding="utf-8")
    assert "| gain, dB | 3.1 | 3.100 |" in text
    assert "    rackfocus reproduce item=[a]\n" in text
