"""Renders many scenes in parallel, each into its own folder."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rackfocus.jobs.job import Report, Workers
from rackfocus.jobs.run_jobs import run_jobs
from rackfocus.scenes.layouts.rich import scene_of_seed
from rackfocus.scenes.mitsuba_shapes import load_mitsuba
from rackfocus.scenes.triplets import render_scene, write_scene
from rackfocus.types import InputError
from rackfocus.whole_files import whole_folder


def render_scenes(
    folder: Path,
    *,
    splits: Mapping[str, Sequence[int]],
    width: int = 384,
    height: int = 256,
    samples_per_pixel: int = 578,
    blur_px: float | None = None,
    variant: str | None = None,
    workers: int | Workers | None = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Render scenes into `folder/<split>/<seed>/`, one folder a seed; complete ones are left unchanged.

    A scene is rendered into a hidden folder and moved when it is complete, so an interrupted run is continued
    by running it again.

    Args:
        folder: for the splits; created if it is missing.
        splits: the seeds of each split.
        width: of the images in pixels.
        height: of the images in pixels.
        samples_per_pixel: at f/2; more give less noise. Smaller apertures use half as many.
        blur_px: see `render_scene`.
        variant: see `load_mitsuba`.
        workers: number of scenes at once, `None`: one for each core; or what renders them, see `run_jobs`.
        progress: called with `("train/0007", done, total)` after each scene.

    Returns:
        The folders of the scenes, in order.

    Raises:
        InputError: Mitsuba is missing or cannot start the variant; a size, a seed, the number of samples,
            workers or the blur is not positive; or scenes failed, by name.
    """
    for name, value in (("width", width), ("height", height), ("samples_per_pixel", samples_per_pixel)):
        if value < 1:
            raise InputError(f"{name} must be at least 1, and is {value}.")
    if blur_px is not None and not blur_px > 0:
        raise InputError(f"blur_px must be more than 0, and is {blur_px}; null leaves it to each scene.")
    jobs = [
        TripletJob(folder, split, seed, width, height, samples_per_pixel, blur_px, variant)
        for split, seeds in splits.items()
        for seed in seeds
    ]
    if any(job.seed < 0 for job in jobs):
        raise InputError("Seeds of scenes must be 0 or more.")
    run_jobs(jobs, workers=workers, progress=progress)
    return [job.place for job in jobs]


@dataclass(frozen=True)
class TripletJob:
    """One scene to render: see `render_scenes`."""

    folder: Path
    split: str
    seed: int
    width: int
    height: int
    samples_per_pixel: int
    blur_px: float | None
    variant: str | None
    steps: int = 1

    @property
    def name(self) -> str:
        """The scene's path relative to the data set, such as `train/0007`."""
        return f"{self.split}/{self.seed:04d}"

    @property
    def place(self) -> Path:
        """The scene's folder."""
        return self.folder / self.split / f"{self.seed:04d}"

    def is_done(self) -> bool:
        """Whether the complete scene exists."""
        return (self.place / "scene.json").is_file()

    def run(self, report: Report) -> None:
        """Render it in a hidden folder, and move that to its place."""
        mitsuba = load_mitsuba(self.variant)
        recipe = scene_of_seed(self.seed)
        rendered = render_scene(
            mitsuba,
            recipe,
            width=self.width,
            height=self.height,
            samples=self.samples_per_pixel,
            blur_px=self.blur_px,
        )
        with whole_folder(self.place) as draft:
            write_scene(
                draft, rendered, recipe, samples=self.samples_per_pixel, mitsuba_version=mitsuba.__version__
            )
            shutil.rmtree(self.place, ignore_errors=True)
        report(1)
