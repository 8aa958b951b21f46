"""JSON of any origin: bounded in length, in depth and in its numbers."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

LARGEST_BYTES = 1 << 26
MOST_VALUES = 1 << 22
"""Longer files are not read, nor those of more values, which may take a hundred bytes each; a clip of 400,000
frames has fewer."""
DEEPEST = 64
"""How many lists and objects may lie within each other; our own files have eight."""
LARGEST_WHOLE = 2**63


def read_json(path: Path) -> Any:
    """The content of a file; to be called within `rackfocus.reading.damage.reading`.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too long, or as from `parse_json`.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"it is longer than {LARGEST_BYTES} bytes")
    return parse_json(content.decode("utf-8"))


def parse_json(text: str) -> Any:
    """The content of a text.

    Raises:
        ValueError: it is no JSON, has too many values, is nested too deeply, or has a number that is not
            finite or above 2^63, or half of a character.
    """
    if sum(map(text.count, "[{,")) > MOST_VALUES:
        raise ValueError(f"it has more than {MOST_VALUES} values")
    try:
        content = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {DEEPEST}") from error
    level = [content]
    for _ in range(DEEPEST):
        level = [each for one in level if isinstance(one, dict | list) for each in _within(one)]
    if any(isinstance(each, dict | list) for each in level):
        raise ValueError(f"it is nested deeper than {DEEPEST}")
    if "\\u" in text:
        # Half of a character can be written as an escape, and then neither be printed nor name a file.
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    return content


def _within(content: dict[str, Any] | list[Any]) -> Any:
    return content.values() if isinstance(content, dict) else content


def _whole(text: str) -> int:
    if len(text) > 20 or abs(int(text)) >= LARGEST_WHOLE:
        raise ValueError(f"{text[:20]}... is too large a number")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
