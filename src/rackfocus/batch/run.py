"""Runs a batch: parts of long videos, then every result, each tried again where that may help."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rackfocus.batch.manifest import Entry
from rackfocus.batch.report import Result, State
from rackfocus.batch.video_job import VideoJob
from rackfocus.jobs.job import Job, Problem, Workers
from rackfocus.jobs.run_jobs import Tally
from rackfocus.types import InputError

PAUSE_S = 2.0
"""How long the workers wait before they try again: one that was lost may not have ended yet."""


@dataclass(frozen=True)
class VideoWork:
    """What is to be done for one video.

    Attributes:
        entry: of the manifest.
        whole: makes the result; `None`: nothing can be made, for the reason in the entry.
        frames: of the video; `None`: they are not known.
        parts: made before it, so that it has only to join them.
    """

    entry: Entry
    whole: VideoJob | None
    frames: int | None = None
    parts: tuple[VideoJob, ...] = ()


@dataclass
class _Ended:
    """How a job ended so far."""

    attempts: int = 0
    problem: Problem | None = None


def run_batch(
    work: Sequence[VideoWork],
    workers: Workers,
    *,
    retries: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Result]:
    """Make all results that are not there yet; a video that fails does not stop the others.

    Args:
        work: for each video.
        workers: run the jobs.
        retries: how often a job is tried again whose process was lost, which has a bug, or whose output is
            written by another run. One with a sentence for the user, such as a broken video, fails again.
        progress: called with the steps done and all steps, about one a frame.

    Returns:
        The results, in the order of the videos.

    Raises:
        InputError: no worker can be started, or `retries` is negative.
    """
    if not (isinstance(retries, int) and retries >= 0):
        raise InputError(f"retries must be 0 or more, and is {retries}.")
    for folder in _folders(work):
        folder.mkdir(parents=True, exist_ok=True)
    todo = [(each.whole, each.parts) for each in work if each.whole is not None]
    tally = Tally(
        [job for whole, parts in todo for job in (*parts, whole)],
        lambda _name, done, total: progress(done, total),
    )
    ended = {whole.name: _Ended() for whole, _ in todo}
    missing = []
    for whole, parts in todo:
        if whole.is_done():
            for job in (*parts, whole):
                tally.report(job, job.steps)
        else:
            missing.append((whole, parts))
    # A part that fails does not matter: its frames are made with the whole, which says why if it fails, too.
    pieces = [part for _, parts in missing for part in parts]
    alone = [whole for whole, parts in missing if not parts]
    ended |= {part.name: _Ended() for part in pieces}
    _run([*pieces, *alone], workers, retries, ended, tally.report)
    _run([whole for whole, parts in missing if parts], workers, retries, ended, tally.report)
    return [_result(each, ended) for each in work]


def _folders(work: Sequence[VideoWork]) -> set[Path]:
    """Those of the results and of the notes."""
    wholes = [each.whole for each in work if each.whole is not None]
    return {job.target.parent for job in wholes} | {job.note.parent for job in wholes if job.note is not None}


def _run(
    jobs: Sequence[Job],
    workers: Workers,
    retries: int,
    ended: dict[str, _Ended],
    report: Callable[[Job, int], None],
) -> None:
    """Run jobs, and again those that may succeed then; `ended` tells how each ended.

    Raises:
        InputError: no worker can be started for the first of all jobs.
    """
    left = list(jobs)
    for attempt in range(1, 2 + retries):
        if not left:
            return
        if attempt > 1:
            time.sleep(PAUSE_S)
        try:
            with closing(workers.outcomes(left, report)) as outcomes:
                for job, problem in outcomes:
                    ended[job.name] = _Ended(attempt, problem)
                    if problem is None:
                        report(job, job.steps)
        except InputError as error:
            if not any(each.attempts for each in ended.values()):
                raise
            # The cluster was lost meanwhile.
            for job in left:
                if ended[job.name].attempts < attempt:
                    ended[job.name] = _Ended(attempt, Problem(str(error)))
        left = [job for job in left if (why := ended[job.name].problem) is not None and not why.is_input]


def _result(work: VideoWork, ended: dict[str, _Ended]) -> Result:
    entry, whole = work.entry, work.whole
    if whole is None:
        return Result(entry.name, str(entry.target), State.FAILED, 0, None, None, entry.conflict)
    how = ended[whole.name]
    if how.problem is not None:
        state, reason, seconds = State.FAILED, how.problem.sentence, None
    else:
        state, reason, seconds = (State.DONE if how.attempts else State.UNCHANGED), "", whole.seconds()
    return Result(entry.name, str(entry.target), state, how.attempts, work.frames, seconds, reason)
