"""The panel: lens, pulls, tracker, autofocus, the selected target, and the final video."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from nicegui import ui

from rackfocus.app.page.messages import Messages
from rackfocus.app.session.session import Session
from rackfocus.app.work.jobs import Job
from rackfocus.types import EASINGS, FocusTarget

STOPS = (1.0, 1.2, 1.4, 1.8, 2.0, 2.5, 2.8, 3.5, 4.0, 5.6, 8.0, 11.0, 16.0, 22.0)
"""The f-numbers of the slider, from the shallowest depth of field to the deepest."""

Do = Callable[[str], Awaitable[None]]

FIELD = "dense outlined options-dense"

MOST_FRAMES = 600
"""The longest focus pull, in frames."""


class Panel:
    """Settings of one video, and the actions on the whole video; `do` executes the actions of keys, too, and
    `outline` switches the outline of what is in focus.
    """

    def __init__(self, session: Session, messages: Messages, do: Do, outline: Callable[[bool], None]) -> None:
        self._session, self._messages, self._do = session, messages, do
        self._jobs: dict[str, JobRow] = {}
        self._settings(outline)
        self._target_section()
        self._autofocus_section()
        self._render_section()

    def refresh(self) -> None:
        """Display the current state of the document and the jobs."""
        document = self._session.document
        annotation = document.annotation
        self._aperture.value = nearest_stop(document.f_number)
        self._automatic.value = document.automatic
        self._aperture.set_visibility(not document.automatic)
        self._chosen.set_visibility(document.automatic)
        self._lens.value, self._tracker.value = document.lens, document.tracker
        self._duration.value, self._early.value = (
            annotation.pulls.duration_frames,
            annotation.pulls.early_frames,
        )
        self._easing.value = annotation.pulls.easing
        weak = sum(target.source != "user" for target in annotation.targets)
        self._suggested.text = f"{weak} suggestion{'s' if weak != 1 else ''}"
        self._suggestions.set_visibility(weak > 0)
        jobs = self._session.jobs.state
        for kind, row in self._jobs.items():
            row.show(jobs.get(kind))
        rendered = jobs.get("render")
        result = rendered.result if rendered is not None and rendered.state == "done" else None
        self._play.set_visibility(result is not None)
        self._download.set_visibility(result is not None)
        self._download.props(f'href="{result}?download=1" download')

    def show_f_number(self, frame: int) -> None:
        """Display the f-number of a frame, and why it was chosen."""
        self._f_number.text = f"f/{self._session.f_numbers[frame]:g}"
        if self._session.document.automatic:
            self._chosen.text = next(
                each.why for each in self._session.apertures if each.first <= frame < each.stop
            )

    def show_target(self, target: FocusTarget | None) -> None:
        """Display the selected target, or how to add one."""
        weak = target is not None and target.source != "user"
        if target is None:
            self._target.text = "None at this frame. Drag a box around a subject, or click on it."
        else:
            kind = f"suggested by {target.source}" if weak else "set by hand"
            reason = f": {target.why}" if target.why else ""
            ending = f", until frame {target.until}" if target.until is not None else ""
            self._target.text = f"Frame {target.t}{ending}, {kind}{reason}."
        self._accept.set_enabled(weak)
        self._reject.set_enabled(weak)
        self._delete.set_enabled(target is not None)

    def _settings(self, outline: Callable[[bool], None]) -> None:
        document, tools = self._session.document, self._session.tools
        with section("Lens") as title:
            with title:
                self._automatic = (
                    ui.switch("automatic", on_change=self._telling(self._set_automatic))
                    .props("dense size=xs")
                    .tooltip("in each shot the widest aperture that keeps its subject whole")
                )
            with ui.element("div").classes("rf-row-of"):
                self._f_number = ui.label().classes("rf-f-number")
                self._chosen = ui.label().classes("rf-quiet rf-grow")
                self._aperture = (
                    ui.slider(min=0, max=len(STOPS) - 1, value=0, on_change=self._telling(self._set_aperture))
                    .props('aria-label="f-number"')
                    .classes("rf-aperture")
                )
            with ui.element("div").classes("rf-row-of"):
                self._lens = self._select(
                    "Lens shape", tuple(tools.lenses), lambda: document.lens, document.set_lens
                )
                self.outlined: ui.switch = (
                    ui.switch("outline focus", on_change=lambda change: outline(change.value))
                    .props("dense size=xs")
                    .classes("rf-half")
                    .tooltip("a line around what is in focus, in the refocused view (O)")
                )
        with section("Focus pull"):
            with ui.element("div").classes("rf-row-of"):
                self._duration = self._number(
                    "Takes",
                    lambda: document.annotation.pulls.duration_frames,
                    lambda frames: document.set_pulls(duration_frames=frames),
                )
                self._early = self._number(
                    "Arrives early",
                    lambda: document.annotation.pulls.early_frames,
                    lambda frames: document.set_pulls(early_frames=frames),
                )
            with ui.element("div").classes("rf-row-of"):
                self._easing = self._select(
                    "Speed",
                    EASINGS,
                    lambda: document.annotation.pulls.easing,
                    lambda easing: document.set_pulls(easing=easing),
                )
                self._tracker = self._select(
                    "Tracker", tuple(tools.trackers), lambda: document.tracker, document.set_tracker
                )

    def _target_section(self) -> None:
        with section("Target"):
            self._target = ui.label().classes("rf-quiet rf-two-lines")
            with ui.element("div").classes("rf-row-of"):
                self._accept = self._button("Accept", "accept", "make the suggestion a target of yours (A)")
                self._reject = self._button("Reject", "reject", "remove the suggestion (R)")
                self._delete = self._button("Delete", "delete", "remove the target (Delete)")
                self._button("End here", "end", "what is in focus is left at this frame")

    def _autofocus_section(self) -> None:
        modes = tuple(self._session.tools.autofocus)
        with section("Automatic focus"):
            with ui.element("div").classes("rf-row-of"):
                source = (
                    ui.select(_words(modes), value=modes[0], label="Source").props(FIELD).classes("rf-half")
                )
                find = self._telling(lambda: self._session.autofocus(source.value))
                ui.button("Find focus", on_click=find).props("unelevated no-caps dense padding='6px 12px'")
            self._jobs["autofocus"] = JobRow(lambda: self._session.jobs.cancel("autofocus"))
            with ui.element("div").classes("rf-row-of") as self._suggestions:
                self._suggested = ui.label().classes("rf-grow")
                for words, all_of_them in (
                    ("Accept all", self._session.document.accept_all),
                    ("Reject all", self._session.document.reject_all),
                ):
                    ui.button(words, on_click=self._telling(all_of_them)).props(
                        "flat no-caps dense padding='2px 6px'"
                    )

    def _render_section(self) -> None:
        with section("Video"):
            with ui.element("div").classes("rf-row-of"):
                start = self._telling(lambda: self._session.render())
                ui.button("Render", icon="movie", on_click=start).props(
                    "unelevated no-caps dense padding='6px 12px'"
                )
                self._play = ui.button("Play", icon="play_circle", on_click=self._play_result).props(
                    "flat no-caps dense"
                )
                self._download = ui.link("Download", "").classes("rf-link")
            self._jobs["render"] = JobRow(lambda: self._session.jobs.cancel("render"))

    def _play_result(self) -> None:
        job = self._session.jobs.state["render"]
        with ui.dialog(value=True) as dialog, ui.card().classes("rf-dialog rf-result"):
            ui.video(f"{job.result}?at={job.done}", autoplay=True)
            ui.button("Close", on_click=dialog.close).props("flat no-caps")
        dialog.on("hide", dialog.delete)

    def _set_automatic(self) -> None:
        if self._automatic.value != self._session.document.automatic:
            self._session.document.set_automatic(bool(self._automatic.value))

    def _set_aperture(self) -> None:
        """Set the f-number if the slider moved to another stop; the document's may lie between two stops."""
        stop = int(self._aperture.value or 0)
        if stop != nearest_stop(self._session.document.f_number):
            self._session.document.set_f_number(STOPS[stop])

    def _select(
        self, label: str, options: Sequence[str], read: Callable[[], str], change: Callable[[str], object]
    ) -> ui.select:
        def changed() -> None:
            if field.value is not None and field.value != read():
                change(field.value)

        field: ui.select = ui.select(
            _words(options), value=read(), label=label, on_change=self._telling(changed)
        )
        # Without focus, the field does not receive the next key.
        field.on("popup-hide", js_handler="() => document.activeElement.blur()")
        return field.props(FIELD).classes("rf-half")

    def _number(self, label: str, read: Callable[[], int], change: Callable[[int], object]) -> ui.number:
        """Add a field for a number of frames."""

        def changed() -> None:
            # Incomplete or out-of-range input is corrected when the field loses focus.
            if field.value is not None and 0 <= field.value <= MOST_FRAMES and int(field.value) != read():
                change(int(field.value))

        field: ui.number = ui.number(
            label, value=read(), min=0, max=MOST_FRAMES, precision=0, on_change=self._telling(changed)
        )
        field.on("blur", lambda: field.set_value(read()) if field.value is None else None)
        return field.props('dense outlined suffix="frames"').classes("rf-half")

    def _button(self, words: str, action: str, tip: str) -> ui.button:
        button = ui.button(words, on_click=lambda: self._do(action)).tooltip(tip)
        return button.props("flat no-caps dense padding='3px 7px'")

    def _telling(self, do: Callable[[], object]) -> Callable[[], Awaitable[object]]:
        return self._messages.telling(do)


class JobRow:
    """Displays the progress or the result of a job, with a button to cancel it."""

    def __init__(self, cancel: Callable[[], object]) -> None:
        with ui.element("div").classes("rf-row-of") as self._running:
            self._bar = ui.linear_progress(value=0, show_value=False).classes("rf-grow")
            self._share = ui.label().classes("rf-time")
            ui.button(icon="close", on_click=lambda: cancel()).props(
                'flat round dense size=sm aria-label="cancel"'
            )
        self._words = ui.label().classes("rf-quiet rf-job")

    def show(self, job: Job | None) -> None:
        """Display a job; `None`: it was not started."""
        running = job is not None and job.state == "running"
        self._running.set_visibility(running)
        self._words.text = job.text if job is not None else ""
        self._words.set_visibility(bool(self._words.text))
        if job is not None and running:
            self._bar.props(f":indeterminate={'false' if job.total else 'true'}")
            self._bar.value = job.done / job.total if job.total else 0
            self._share.text = f"{100 * job.done // job.total} %" if job.total else ""


def nearest_stop(f_number: float) -> int:
    """The index of the nearest of `STOPS`."""
    return min(range(len(STOPS)), key=lambda index: abs(STOPS[index] - f_number))


@contextmanager
def section(title: str) -> Iterator[ui.element]:
    """Add a part of the panel; gives the row of its title."""
    with ui.element("section").classes("rf-section"):
        with ui.element("div").classes("rf-row-of") as head:
            ui.label(title).classes("rf-title rf-grow")
        yield head


def _words(options: Sequence[str]) -> dict[str, str]:
    return {option: option.replace("_", " ") for option in options}
