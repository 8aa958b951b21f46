"""The page of the leaderboard, made of its CSV file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rackfocus.evaluation.benchmarks.leaderboard.result import Result
from rackfocus.evaluation.benchmarks.leaderboard.tables import board_tables
from rackfocus.evaluation.reports.pages.html_page import html_page
from rackfocus.whole_files import write_whole


def write_page(path: Path, results: Sequence[Result], csv_name: str, facts: Mapping[str, str]) -> None:
    """Write the page atomically, with numbers as they stand in the CSV file of this name beside it."""
    page = html_page(
        "benchmarks/leaderboard/page.html.j2",
        tables=board_tables(results),
        machines=sorted({result.machine for result in results if result.machine}),
        csv_name=csv_name,
        facts=facts,
    )
    write_whole(path, page)
