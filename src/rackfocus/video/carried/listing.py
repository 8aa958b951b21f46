"""A list of what a video file holds beside its pictures and sound."""

from collections import Counter
from pathlib import Path
from typing import Any

from av.stream import Discard, Disposition

from rackfocus.video.carried.tags import BIBLIOGRAPHIC, file_tags
from rackfocus.video.decode import open_container

WORDS = {"audio": "sound track", "subtitle": "subtitle track", "video": "video track", "data": "data track"}


def listing(path: Path) -> dict[str, str]:
    """What a video file holds beside its pictures and sound: its text by its name, such as `tag title`."""
    found: dict[str, str] = {}
    with open_container(path) as container:
        for key, text in file_tags(container).items():
            found[f"tag {key.lower()}"] = text
        for number, chapter in enumerate(container.chapters(), start=1):
            found[f"chapter {number}"] = chapter["metadata"].get("title", "")
        counts: Counter[str] = Counter()
        for stream in container.streams:
            found |= _of_track(stream, counts)
        if code := time_code(container):
            found["time code"] = code
    return found


def time_code(container: Any) -> str | None:
    """The time code of the first frame, from whichever place holds it."""
    for holder in (*container.streams.video, *container.streams, container):
        for key, text in holder.metadata.items():
            if key.lower() == "timecode":
                return str(text)
    return None


def _of_track(stream: Any, counts: Counter[str]) -> dict[str, str]:
    tags = {key.lower(): text for key, text in stream.metadata.items()}
    # MOV and MP4 hold titles of chapters and the time code as tracks, too.
    if stream.discard == Discard.all or (stream.type == "data" and "timecode" in tags):
        return {}
    if stream.type == "attachment":
        return {f"attachment {stream.name}": ""}
    if Disposition.attached_pic in stream.disposition:
        return {"cover picture": ""}
    counts[stream.type] += 1
    name = f"{WORDS.get(stream.type, stream.type)} {counts[stream.type]}"
    # Tracks of sound that are left out are reported with the reason.
    found = {} if stream.type == "audio" else {name: ""}
    if tags.get("language", "und") != "und":
        found[f"language of {name}"] = BIBLIOGRAPHIC.get(tags["language"], tags["language"])
    if title := tags.get("title") or tags.get("name"):
        found[f"title of {name}"] = title
    for use in stream.disposition & ~Disposition.default:
        found[f"use of {name} as {use.name}"] = ""
    return found
