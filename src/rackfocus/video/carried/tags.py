"""Tags of a video file and of its tracks: title, time, place, camera, language."""

from typing import Any

from rackfocus.video.carried.trial import held_tags

TECHNICAL = ("major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration")
"""Tags that describe how the file was written; those of a new file are other ones."""

BIBLIOGRAPHIC = {
    "deu": "ger", "nld": "dut", "ell": "gre", "isl": "ice", "zho": "chi", "sqi": "alb", "mkd": "mac",
    "hye": "arm", "kat": "geo", "bod": "tib", "mya": "bur", "msa": "may", "cym": "wel", "eus": "baq",
}  # fmt: skip
"""Languages whose bibliographic code (ISO 639-2/B) is the one that MOV knows, by their terminology code."""


def file_tags(container: Any) -> dict[str, str]:
    """The tags of a file that belong to the video."""
    return {key: text for key, text in container.metadata.items() if key.lower() not in TECHNICAL}


def track_tags(stream: Any, kind: str) -> dict[str, str]:
    """Language and title of a track, as the muxer of a container expects them.

    Args:
        stream: of a container that was opened for reading.
        kind: FFmpeg's name of the new container.
    """
    given = {key.lower(): text for key, text in stream.metadata.items()}
    tags = {"language": given["language"]} if "language" in given else {}
    if title := given.get("title") or given.get("name"):
        tags["title"] = title
    if kind == "mov" and "language" in tags:
        tags["language"] = BIBLIOGRAPHIC.get(tags["language"], tags["language"])
    return tags


def muxer_options(kind: str, tags: dict[str, str]) -> dict[str, str]:
    """Settings of the muxer with which a container holds most of these tags."""
    if kind == "matroska":
        return {}
    # Most players know the tags that are written without the second setting, but there are only some.
    suffices = tags.keys() <= held_tags(kind, tags)
    return {"movflags": "faststart" if suffices else "faststart+use_metadata_tags"}
