"""Ranges as people type them."""

from rackfocus.types import InputError


def parse_range(setting: str, text: str | None) -> tuple[int, int | None]:
    """`first:last` as two numbers; either may be left out, and none means all.

    Args:
        setting: what the range is called, for the error.
        text: what was typed.

    Raises:
        InputError: it is no such range, or an empty one.
    """
    if text is None:
        return 0, None
    start, separator, stop = str(text).partition(":")
    try:
        first, last = int(start or 0), int(stop) if stop else None
    except ValueError:
        separator = ""
    if not separator or first < 0 or (last is not None and last <= first):
        raise InputError(f"{setting}={text} is not a range; write first:last, such as {setting}=0:48.")
    return first, last
