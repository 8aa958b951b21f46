"""`rackfocus evaluate autofocus table=...`: look-ahead autofocus compared with annotated or known truth."""

from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.device import choose_device
from rackfocus.evaluation.autofocus.focus_table import LEFT_OUT, FocusTable, Row, told, write_rows

RECORDS_FILE = "table.csv"


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("evaluate/autofocus", run, arguments)


def run(cfg: DictConfig) -> None:
    """Make the table row by row, then print it with its summary."""
    # Once: the table hands its name on for each video.
    cfg.device = str(choose_device(cfg.device))
    folder = run_folder()
    record_provenance(cfg, folder)
    table: FocusTable = instantiate(cfg.table)
    rows: list[Row] = []
    with progress_bar("evaluating", "steps") as progress:
        for row in table.rows(folder, progress):
            rows.append(row)
            write_rows(rows, folder / RECORDS_FILE)  # after each: a later video may be broken
    summary = table.summary(rows)
    write_rows([*rows, *summary], folder / RECORDS_FILE)
    there = [row for row in rows if LEFT_OUT not in row]
    Console(width=None if Console().is_terminal else 132).print(printed_table(there, summary))
    for row in rows:
        if LEFT_OUT in row:
            print(f"{row['set']} is left out: {row[LEFT_OUT]}")
    print(f"The table and its pictures: {folder}")


def printed_table(rows: Sequence[Row], summary: Sequence[Row]) -> Table:
    """The rows and, below a line, the summary; numbers are right-aligned."""
    columns = list(dict.fromkeys(column for row in (*rows, *summary) for column in row))
    table = Table(box=box.SIMPLE, collapse_padding=True)
    for column in columns:
        texts = any(isinstance(row.get(column), str) for row in rows)
        table.add_column(column, justify="left" if texts else "right")
    for part in (rows, summary):
        for row in part:
            table.add_row(*(told(row[column]) if column in row else "" for column in columns))
        table.add_section()
    return table
