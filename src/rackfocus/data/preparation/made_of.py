"""A record of what a prepared folder was made of, so that data of two settings are never mixed in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rackfocus.types import InputError
from rackfocus.whole_files import write_whole


def remember_settings(path: Path, about: Mapping[str, Any]) -> None:
    """Write the record, or compare it with the one that is there.

    Raises:
        InputError: the folder was made of another data set, or with other settings.
    """
    if path.is_file():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{path} cannot be read; give another folder.") from error
        if before != about:
            raise InputError(
                f"{path.parent} holds {path.stem} of other data or with other settings ({path}); "
                "give another folder."
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(about, indent=1).encode())
