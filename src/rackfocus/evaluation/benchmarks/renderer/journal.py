"""A CSV file of records, written one by one, so that an interrupted benchmark can be continued."""

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

from rackfocus.types import InputError
from rackfocus.whole_files import whole_file

Record = TypeVar("Record")


class Journal(Generic[Record]):
    """A CSV file with one line for each record.

    Args:
        path: of the file; created with the first record.
        kind: the dataclass of the records, with fields of type str, float, int, bool or `float | None`.
        keep: selects the records of an earlier run to keep; the others are removed.

    Attributes:
        records: the contents of the file.

    Raises:
        InputError: the file has other contents.
    """

    def __init__(
        self, path: Path, kind: type[Record], keep: Callable[[Record], bool] = lambda _record: True
    ) -> None:
        self._path = path
        self._names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        self.records: list[Record] = []
        if path.is_file():
            earlier = [record for record in self._read(kind) if keep(record)]
            if not earlier:
                path.unlink()
                return
            with whole_file(path) as draft:
                draft.unlink(missing_ok=True)
                for record in earlier:
                    self._append(record, draft)

    def add(self, record: Record) -> None:
        """Write another record."""
        self._append(record, self._path)

    def _append(self, record: Record, path: Path) -> None:
        new = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(self._names)
            writer.writerow(_text(getattr(record, name)) for name in self._names)
        self.records.append(record)

    def _read(self, kind: type[Record]) -> list[Record]:
        hints = get_type_hints(kind)
        with self._path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        try:
            return [kind(**{name: _value(row[name], hints[name]) for name in self._names}) for row in rows]
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(
                f"{self._path} is no record of this benchmark; name another output folder."
            ) from error


def _text(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value


def _value(text: str, hint: Any) -> Any:
    if hint is bool:
        return {"True": True, "False": False}[text]
    if hint == float | None:
        return float(text) if text else None
    return hint(text)
