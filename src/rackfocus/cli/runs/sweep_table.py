"""The table at the end of a sweep of trainings: the networks on the test scenes, one row per job."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, ListConfig, OmegaConf
from rich.console import Console

from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.resume import recorded_settings
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.evaluation.images.raytraced import Method, evaluate_scenes, network_method
from rackfocus.evaluation.reports.records import Record, write_records
from rackfocus.evaluation.reports.summary import compare_runs, summary_table, write_summary
from rackfocus.models.checkpoints import load_model

RAYTRACED = f"{RaytracedScenes.__module__}.{RaytracedScenes.__name__}"
COLUMNS = (
    "psnr",
    "psnr_plain",
    "psnr_lights",
    "ssim",
    "disparity_rms",
    "disparity_rms_large",
    "disparity_rms_aligned",
    "disparity_rms_large_aligned",
    "hdr_log_mse",
)


class SweepTable(Callback):
    """Evaluates the network of each job of `rackfocus train -m`, with the renderer that it was trained with.

    `records.csv` and `summary.csv` are written beside the folders of the jobs. Jobs that did not finish, or
    whose data have no ray-traced test split, have no row.
    """

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Evaluate the jobs and print the table."""
        folder = Path(config.hydra.sweep.dir)
        jobs = sorted(
            (path.parent for path in folder.glob("*/rgbd_hdr.safetensors")),
            key=lambda job: (len(job.name), job.name),
        )
        runs: dict[str, list[Record]] = {}
        for name, job in zip(job_names(jobs), jobs, strict=True):
            cfg = OmegaConf.load(job / ".hydra" / "config.yaml")
            test = _test_scenes(cfg)
            if test is None:
                continue
            method = network_method(name, load_model(job / "rgbd_hdr.safetensors"))
            method = Method(name, method.estimate, cfg.loss.renderer.formulation)
            runs[name] = _measured(test, method)
        if not runs:
            return
        summaries = compare_runs(runs)
        write_records([record for records in runs.values() for record in records], folder / "records.csv")
        write_summary(summaries, folder / "summary.csv")
        console = Console(width=None if Console().is_terminal else 150)
        console.print(summary_table(summaries, "test scenes", columns=COLUMNS, intervals=True))
        console.print(f"Every scene and target: {folder / 'records.csv'}")


def job_names(jobs: Sequence[Path]) -> list[str]:
    """A name for each job of a sweep: its overrides that not all jobs share."""
    overrides = [recorded_settings(job) for job in jobs]
    shared = set.intersection(*map(set, overrides)) if overrides else set()
    names = [", ".join(one for one in own if one not in shared) for own in overrides]
    return [name.removeprefix("experiment=") or job.name for name, job in zip(names, jobs, strict=True)]


def _test_scenes(cfg: DictConfig | ListConfig) -> RaytracedScenes | None:
    """The ray-traced test split of a job; whatever else its folder names is not made, for it may come from
    others.
    """
    test = OmegaConf.select(cfg, "data.test")
    if not isinstance(test, DictConfig) or test.get("_target_") != RAYTRACED:
        return None
    return RaytracedScenes(test.root, test.split)


def _measured(scenes: RaytracedScenes, method: Method) -> list[Record]:
    total = 3 * len(scenes.folders)
    records: list[Record] = []
    with progress_bar(method.name, "images") as progress:
        for record in evaluate_scenes(scenes.folders, [method]):
            records.append(record)
            progress(len(records), total)
    return records
