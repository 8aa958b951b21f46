"""Named modes of look-ahead autofocus, without configuration files."""

from collections.abc import Callable

from rackfocus.focus.general.general import General
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.focus.target_finder import TargetFinder
from rackfocus.types import InputError

Finder = SceneSpecific | General | TargetFinder
"""What finds new focus targets."""


def target_finder(mode: str) -> Finder:
    """Look-ahead autofocus by the name of its mode.

    Args:
        mode: `action` (moving and salient subjects), `conversation` (the speaker), `general` (who
            speaks, acts, or is near and central), or `af_net` (the network trained on ray-traced clips).

    Raises:
        InputError: there is no such mode.
    """
    if mode not in _MODES:
        raise InputError(f"There is no autofocus {mode!r}; choose one of {', '.join(_MODES)}.")
    return _MODES[mode]()


def scene_specific(mode: str) -> SceneSpecific:
    """The scene-specific autofocus of a mode that has detectors.

    Raises:
        InputError: there is no such mode, or it has no detectors.
    """
    finder = target_finder(mode)
    if not isinstance(finder, SceneSpecific):
        raise InputError(f"The autofocus {mode!r} sees whole videos only; choose another, such as action.")
    return finder


def _action() -> SceneSpecific:
    from rackfocus.focus.detectors.action import Action
    from rackfocus.focus.detectors.depth_change import DepthChange
    from rackfocus.focus.detectors.saliency import FineGrained

    return SceneSpecific(
        {"action": Action(), "saliency": FineGrained(), "depth_change": DepthChange()},
        source="action",
        contrast=2.0,
        sure=0.68,
        onset=0.82,
        stay_share=0.8,
        reach=0.06,
    )


def _conversation() -> SceneSpecific:
    from rackfocus.focus.detectors.audio import Speakers
    from rackfocus.focus.detectors.face import Faces
    from rackfocus.focus.detectors.face_lively import LivelyFaces

    return SceneSpecific(
        {"audio": Speakers(), "face": Faces()},
        source="conversation",
        stay_s=1.0,
        otherwise={"faces": LivelyFaces()},
    )


def _af_net() -> TargetFinder:
    from rackfocus.focus.af_net.autofocus import AFNetAutofocus

    return AFNetAutofocus()


_MODES: dict[str, Callable[[], Finder]] = {
    "action": _action,
    "conversation": _conversation,
    "general": General,
    "af_net": _af_net,
}
