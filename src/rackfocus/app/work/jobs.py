"""Long background jobs with progress that can be cancelled, at most one of each kind at a time."""

import dataclasses
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rackfocus.app.work.notices import error_text
from rackfocus.app.work.priority import AWAITED, lower_priority
from rackfocus.types import InputError

RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"

Progress = Callable[[int, int | None], None]
"""Called with the amount done and the total; the total is `None` if unknown."""


@dataclass(frozen=True)
class Job:
    """The state of a job.

    Attributes:
        kind: of work.
        state: `running`, `done`, `failed` or `cancelled`.
        done: the amount done.
        total: the total amount; `None` if unknown.
        text: a sentence for the user.
        result: the address of the result on this server; `None`: there is nothing to show.
    """

    kind: str
    state: str
    done: int = 0
    total: int | None = None
    text: str = ""
    result: str | None = None


@dataclass(frozen=True)
class Outcome:
    """The result of a job; see `Job`."""

    text: str
    result: str | None = None


class Cancelled(Exception):
    """Raised in a cancelled job when it reports progress."""


class Jobs:
    """Runs each job in its own thread; `changed` is called whenever a state changes."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._jobs: dict[str, Job] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    @property
    def state(self) -> Mapping[str, Job]:
        """The last job of each kind."""
        with self._lock:
            return dict(self._jobs)

    def start(self, kind: str, work: Callable[[Progress], Outcome], *, text: str) -> None:
        """Begin a job.

        Args:
            kind: of work.
            work: does the work and reports progress, which raises `Cancelled` if the job was cancelled.
            text: describes the work to the user.

        Raises:
            InputError: a job of this kind is running.
        """
        with self._lock:
            before = self._jobs.get(kind)
            if before is not None and before.state == RUNNING:
                raise InputError(f"{before.text} Wait for it, or cancel it.")
            stop = self._stops[kind] = threading.Event()
            self._jobs[kind] = Job(kind, RUNNING, text=text)
            thread = threading.Thread(target=self._run, args=(kind, work, stop), name=kind, daemon=True)
            self._threads[kind] = thread
        self._changed()
        thread.start()

    def cancel(self, kind: str) -> None:
        """Cancel a job; it stops when it next reports progress."""
        if kind in self._stops:
            self._stops[kind].set()

    def close(self) -> None:
        """Cancel all jobs, and wait until they have stopped."""
        for kind in list(self._stops):
            self.cancel(kind)
        for thread in list(self._threads.values()):
            thread.join()

    def _run(self, kind: str, work: Callable[[Progress], Outcome], stop: threading.Event) -> None:
        def progress(done: int, total: int | None) -> None:
            if stop.is_set():
                raise Cancelled
            self._show(kind, done=done, total=total)

        lower_priority(AWAITED)
        try:
            outcome = work(progress)
        except Cancelled:
            self._show(kind, state=CANCELLED, text="Cancelled.")
        except Exception as error:
            # After any error: otherwise the job would be shown as running forever.
            self._show(kind, state=FAILED, text=error_text(error))
        else:
            self._show(kind, state=DONE, text=outcome.text, result=outcome.result)

    def _show(self, kind: str, **values: object) -> None:
        with self._lock:
            self._jobs[kind] = dataclasses.replace(self._jobs[kind], **values)  # type: ignore[arg-type]
        self._changed()
