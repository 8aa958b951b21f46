"""The page of the reproduction, made of the items' own tables."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rackfocus.evaluation.reports.pages.html_page import html_page
from rackfocus.evaluation.reports.pictures import file_uri
from rackfocus.evaluation.reproduction.claims import NOT_DECIDABLE, NOT_UPHELD, UPHELD
from rackfocus.evaluation.reproduction.item_folder import CLAIMS_FILE, NUMBERS_FILE, MadeItem, interval, told
from rackfocus.whole_files import write_whole

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}


def write_page(path: Path, items: Sequence[MadeItem]) -> None:
    """Write the page atomically: each claim with its verdict and number, then each item.

    Numbers are shown as they stand in the CSV files, which lie in the folders of the items beside the page.
    """
    verdicts = [
        (item, verdict, next((n for n in item.numbers if n.name == verdict.number), None))
        for item in items
        for verdict in item.verdicts
    ]
    count = Counter(verdict.verdict for _, verdict, _ in verdicts)
    page = html_page(
        "reproduction/page.html.j2",
        items=items,
        verdicts=verdicts,
        count={name: count[name] for name in (UPHELD, NOT_UPHELD, NOT_DECIDABLE)},
        pictures={item.name: _uri(item.picture) for item in items if item.picture is not None},
        numbers_file=NUMBERS_FILE,
        claims_file=CLAIMS_FILE,
        interval=interval,
        told=told,
        quick=any(item.facts["quick"] == "True" for item in items),
    )
    write_whole(path, page)


def _uri(picture: Path) -> str:
    return file_uri(picture.read_bytes(), MEDIA_TYPES[picture.suffix])
