"""The folder of an item: made once for one state of settings and code, and whole or not there."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rackfocus.evaluation.reproduction.claims import Verdict, judge, read_verdicts, write_verdicts
from rackfocus.evaluation.reproduction.item import PICTURE, Item, Made, Material
from rackfocus.evaluation.reproduction.numbers import Number, missing, read_numbers, write_numbers
from rackfocus.reading.damage import reading
from rackfocus.reading.json_text import read_json
from rackfocus.types import InputError
from rackfocus.whole_files import whole_folder

NUMBERS_FILE, CLAIMS_FILE, STATE_FILE, READ_ME = "numbers.csv", "claims.csv", "item.json", "README.md"


@dataclass(frozen=True)
class MadeItem:
    """An item as its folder has it.

    Attributes:
        name: of the item and its folder.
        title: of the figure or table.
        folder: where the files are.
        numbers: of `numbers.csv`.
        verdicts: of `claims.csv`.
        remark: for the reader; may be empty.
        facts: the command, the configuration, the seed, the commit.
    """

    name: str
    title: str
    folder: Path
    numbers: list[Number]
    verdicts: list[Verdict]
    remark: str
    facts: Mapping[str, str]

    @property
    def picture(self) -> Path | None:
        """The picture, if there is one."""
        return next(iter(sorted(self.folder.glob(f"{PICTURE}.*"))), None)


def make_item(
    name: str, item: Item, material: Material, folder: Path, facts: Mapping[str, str]
) -> tuple[MadeItem, bool]:
    """Make an item into `folder / name`, unless it is there with the same facts and code.

    Where something that it needs is missing, its numbers have no value and say why; the next run tries again.

    Returns:
        The item, and whether it was made now.
    """
    place, state = folder / name, {"facts": dict(facts), "code": code_digest(), "lacks": ""}
    if (place / STATE_FILE).is_file() and state.items() <= _state(place).items():
        return read_item(name, place), False
    with whole_folder(place) as draft:
        try:
            made = item.make(material, draft)
        except InputError as error:
            names = dict.fromkeys(claim.number for claim in item.claims)
            made = Made([missing(name, str(error)) for name in names or [item.title]])
            state["lacks"] = str(error)
        numbers, remark = list(made.numbers), made.remark
        verdicts = [judge(claim, numbers) for claim in item.claims]
        write_numbers(numbers, draft / NUMBERS_FILE)
        write_verdicts(verdicts, draft / CLAIMS_FILE)
        about = {"title": item.title, "remark": remark, **state}
        (draft / STATE_FILE).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        (draft / READ_ME).write_text(
            read_me(MadeItem(name, item.title, draft, numbers, verdicts, remark, facts)), encoding="utf-8"
        )
        shutil.rmtree(place, ignore_errors=True)  # what was made by other settings or code
    return read_item(name, place), True


def read_item(name: str, place: Path) -> MadeItem:
    """An item from its folder.

    Raises:
        InputError: a file is missing or damaged.
    """
    about = _state(place)
    with reading(place / STATE_FILE, "does not tell of an item; delete its folder and run again."):
        title, remark, facts = str(about["title"]), str(about["remark"]), dict(about["facts"])
    numbers, verdicts = read_numbers(place / NUMBERS_FILE), read_verdicts(place / CLAIMS_FILE)
    return MadeItem(name, title, place, numbers, verdicts, remark, facts)


def record(items: list[MadeItem], folder: Path) -> None:
    """Copy the README, the tables and the picture of each item to `folder / name`."""
    for item in items:
        place = folder / item.name
        place.mkdir(parents=True, exist_ok=True)
        for file in (READ_ME, NUMBERS_FILE, CLAIMS_FILE):
            shutil.copyfile(item.folder / file, place / file)
        if item.picture is not None:
            shutil.copyfile(item.picture, place / item.picture.name)


def read_me(item: MadeItem) -> str:
    """The README of an item in Markdown: the paper's numbers, ours, the claims, and how to make it again."""
    lines = [f"# {item.title}", ""]
    lines += [item.remark, ""] if item.remark else []
    lines += [
        "| | the paper | ours | 95 % | n | source |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        *(
            _row(_named(number), number.paper, number.value, interval(number), number.n or "", number.source)
            for number in item.numbers
        ),
        "",
    ]
    if item.verdicts:
        lines += ["| the paper says | where | number | wanted | |", "| --- | --- | --- | --- | --- |"]
        lines += [_row(each.text, each.where, each.number, each.wanted, told(each)) for each in item.verdicts]
        lines.append("")
    if item.picture is not None:
        lines += [f"![{item.title}]({item.picture.name})", ""]
    lines += [f"    {item.facts['command']}", ""]
    lines += [f"- {name}: {value}" for name, value in item.facts.items() if name != "command"]
    return "\n".join(lines) + "\n"


def _row(*cells: object) -> str:
    """A row of a table in Markdown; `|Δt|` has bars of its own."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def interval(number: Number) -> str:
    """Both ends of a number's interval; empty where there is none."""
    return f"{number.low} to {number.high}" if number.low else ""


def told(verdict: Verdict) -> str:
    """The verdict, with why where it was not decided."""
    return f"{verdict.verdict}: {verdict.why}" if verdict.why else verdict.verdict


def code_digest() -> str:
    """A digest of the package's own files, which tells two states of one commit apart."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _named(number: Number) -> str:
    return f"{number.name}, {number.unit}" if number.unit else number.name


def _state(place: Path) -> dict[str, Any]:
    with reading(place / STATE_FILE, "does not tell of an item; delete its folder and run again."):
        found = read_json(place / STATE_FILE)
        return dict(found)
