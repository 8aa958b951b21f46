"""What a job is, how it ends, and what runs jobs."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rackfocus.types import BusyOutput, InputError

Report = Callable[[int], None]
"""Called by a job with the number of its steps done."""


class Job(Protocol):
    """A job with a name, such as `train/0007`, that can be sent to another process or machine.

    It writes into a hidden place and renames that when it is complete, so that an interrupted job is
    continued by running it again.
    """

    @property
    def name(self) -> str: ...

    @property
    def steps(self) -> int: ...

    def is_done(self) -> bool:
        """Whether its complete files exist."""
        ...

    def run(self, report: Report) -> None:
        """Do the job; calls `report` with the number of steps done."""
        ...


@dataclass(frozen=True)
class Problem:
    """Why a job was not done, in a sentence; `is_input`: the user can correct it, and only the user."""

    sentence: str
    is_input: bool = False


class Workers(Protocol):
    """Runs jobs, several at once."""

    def outcomes(
        self, jobs: Sequence[Job], report: Callable[[Job, int], None]
    ) -> Generator[tuple[Job, Problem | None], None, None]:
        """Each job when it has ended, and why it was not done; `None`: it was.

        Closing the iterator ends all workers. If a worker dies, its job has a problem and the others are run.

        Args:
            jobs: the jobs, begun in this order.
            report: called with the steps done of a job, if the workers can tell before it ends.

        Raises:
            InputError: no worker can be started.
        """
        ...


def attempt(job: Job, report: Report) -> Problem | None:
    """Run a job; why it was not done."""
    try:
        job.run(report)
    except InputError as error:
        return Problem(str(error), is_input=not isinstance(error, BusyOutput))
    except Exception as error:  # One failing job must not end the others.
        return Problem(" ".join(f"{type(error).__name__}: {error}".split()))
    return None
