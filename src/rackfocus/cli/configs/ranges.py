"""Parses ranges of the command line."""

from rackfocus.types import InputError


def parse_range(setting: str, text: str | None) -> tuple[int, int | None]:
    """Parse `first:last`; either number may be left out. `None`: the whole range.

    Args:
        setting: name of the setting, for the error message.
        text: the value of the setting.

    Raises:
        InputError: the text is not such a range, or the range is empty.
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
