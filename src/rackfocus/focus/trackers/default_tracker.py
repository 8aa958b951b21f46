"""The tracker where none is chosen: NanoTrack if its files are found, else KCF."""

import functools
import logging

from rackfocus.focus.trackers.opencv import KCF, Nano
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.types import InputError

_log = logging.getLogger(__name__)


def default_tracker() -> RecoveringTracker:
    """NanoTrack, which follows people better (`experiments/tracker`); KCF without its files, and the log
    tells so once.
    """
    try:
        return RecoveringTracker(Nano())
    except InputError as error:
        _tell(f"Subjects are followed by KCF, for want of NanoTrack, which is better: {error}")
        return RecoveringTracker(KCF())


@functools.cache
def _tell(sentence: str) -> None:
    """Warn of it the first time: a table of many clips asks for a tracker for each."""
    _log.warning(sentence)
