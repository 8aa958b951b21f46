"""Keyboard shortcuts: the list of keys that the page handles and displays (`shortcuts.js`)."""

from dataclasses import dataclass

from nicegui import ui
from nicegui.element import Element


@dataclass(frozen=True)
class Shortcut:
    """The alternative keys of one action, such as `Ctrl+Z`; the action's name in the code of page and server;
    its description for the user.
    """

    keys: tuple[str, ...]
    action: str
    words: str


SHORTCUTS = (
    Shortcut(("Space",), "play", "play or pause"),
    Shortcut(("ArrowLeft",), "back", "one frame back"),
    Shortcut(("ArrowRight",), "forward", "one frame on"),
    Shortcut(("Shift+ArrowLeft",), "back-10", "ten frames back"),
    Shortcut(("Shift+ArrowRight",), "forward-10", "ten frames on"),
    Shortcut(("ArrowUp", "Shift+ArrowUp"), "previous-target", "to the target before"),
    Shortcut(("ArrowDown", "Shift+ArrowDown"), "next-target", "to the next target"),
    Shortcut(("Home",), "first", "to the first frame"),
    Shortcut(("End",), "last", "to the last frame"),
    Shortcut(("N",), "new", "new target at this frame, on what is in focus"),
    Shortcut(("Alt+ArrowLeft",), "nudge-left", "move the target to the left"),
    Shortcut(("Alt+ArrowRight",), "nudge-right", "move the target to the right"),
    Shortcut(("Alt+ArrowUp",), "nudge-up", "move the target up"),
    Shortcut(("Alt+ArrowDown",), "nudge-down", "move the target down"),
    Shortcut((",",), "earlier", "the target one frame earlier"),
    Shortcut((".",), "later", "the target one frame later"),
    Shortcut(("Delete", "Backspace"), "delete", "delete the target"),
    Shortcut(("A",), "accept", "accept the suggestion"),
    Shortcut(("R",), "reject", "reject the suggestion"),
    Shortcut(("[",), "wider", "wider aperture, shallower focus"),
    Shortcut(("]",), "narrower", "narrower aperture, deeper focus"),
    Shortcut(("V",), "view", "next view"),
    Shortcut(("O",), "outline", "outline what is in focus"),
    Shortcut(("Ctrl+Z",), "undo", "undo"),
    Shortcut(("Ctrl+Shift+Z", "Ctrl+Y"), "redo", "redo"),
    Shortcut(("?",), "help", "this list"),
)

_SHOWN = {"Arrow": "", "Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}


class Shortcuts(Element, component="shortcuts.js"):
    """Handles keys anywhere on the page and forwards them to the viewer."""

    def __init__(self) -> None:
        super().__init__()
        self._props["keys"] = {key: shortcut.action for shortcut in SHORTCUTS for key in shortcut.keys}


def shortcut_list() -> ui.dialog:
    """A closed dialog that lists all shortcuts."""
    with ui.dialog() as dialog, ui.card().classes("rf-dialog"):
        ui.label("Keyboard").classes("rf-title")
        with ui.element("div").classes("rf-keys"):
            for shortcut in SHORTCUTS:
                with ui.element("span"):
                    for key in shortcut.keys[:2]:
                        with ui.element("kbd"):
                            ui.label(_readable(key))
                ui.label(shortcut.words)
    return dialog


def _readable(key: str) -> str:
    for name, sign in _SHOWN.items():
        key = key.replace(name, sign)
    return key.replace("+", " ")
