"""The sets of detectors that have a name, without any configuration file."""

from collections.abc import Callable

from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.types import InputError


def scene_specific(mode: str) -> SceneSpecific:
    """Look-ahead autofocus for a kind of scene.

    Args:
        mode: `action` (what moves and stands out) or `conversation` (who is speaking).

    Raises:
        InputError: there is no such mode.
    """
    if mode not in _MODES:
        raise InputError(f"There is no autofocus {mode!r}; choose one of {', '.join(_MODES)}.")
    return _MODES[mode]()


def _action() -> SceneSpecific:
    from rackfocus.focus.detectors.action import Action
    from rackfocus.focus.detectors.saliency import FineGrained

    return SceneSpecific({"action": Action(), "saliency": FineGrained()}, source="action", sure=0.75)


def _conversation() -> SceneSpecific:
    from rackfocus.focus.detectors.audio import Speakers
    from rackfocus.focus.detectors.face import Faces

    return SceneSpecific({"audio": Speakers(), "face": Faces()}, source="conversation")


_MODES: dict[str, Callable[[], SceneSpecific]] = {"action": _action, "conversation": _conversation}
