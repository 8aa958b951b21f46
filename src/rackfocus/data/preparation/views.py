"""Computes the photographs of light fields in several processes, for `PreparedViews`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rackfocus.data.apertures.light_fields.samples import LightFieldSamples
from rackfocus.data.apertures.prepared_views import view_file, write_list, write_views
from rackfocus.jobs.run_jobs import run_jobs


@dataclass(frozen=True)
class ViewsJob:
    """All samples of one light field; see `rackfocus.jobs.job.Job`."""

    dataset: LightFieldSamples
    number: int
    file: Path
    steps: int = 1

    @property
    def name(self) -> str:
        """That of the file."""
        return self.file.stem

    def is_done(self) -> bool:
        """Whether the file exists, which is complete."""
        return self.file.is_file()

    def run(self, report: Callable[[int], None]) -> None:
        """Read the light field once, and write its samples."""
        write_views(self.dataset.samples_of(self.number, self.dataset.adjusted), self.file)
        report(1)


def prepare_split(
    dataset: LightFieldSamples,
    root: Path,
    split: str,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Write the files of a split that are not there yet, then its list.

    Args:
        dataset: the split as published.
        root: where `PreparedViews` looks for it.
        split: its name.
        workers: number of processes. `None`: one for each core.
        progress: called with the numbers of light fields done and in all.

    Raises:
        InputError: a light field is missing or damaged, or `workers` is not positive.
    """
    names = [path.name for path in dataset.paths]
    jobs = [ViewsJob(dataset, number, view_file(root, split, name)) for number, name in enumerate(names)]
    run_jobs(jobs, workers=workers, progress=lambda _name, done, total: progress(done, total))
    write_list(root, split, names, samples_each=len(dataset.adjusted))
