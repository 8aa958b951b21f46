"""One table of many trainings, wherever they ran: their networks on the test scenes, one row for each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from omegaconf import DictConfig, ListConfig, OmegaConf
from rich.console import Console

from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.failed_jobs import ERROR_FILE
from rackfocus.cli.runs.folders import TRACES
from rackfocus.cli.runs.resume import OVERRIDES, recorded_settings
from rackfocus.data.apertures.raytraced import RaytracedScenes
from rackfocus.evaluation.images.raytraced import Method, evaluate_scenes, network_method
from rackfocus.evaluation.reports.records import Record, write_records
from rackfocus.evaluation.reports.summary import compare_runs, summary_table, write_summary
from rackfocus.models.checkpoints import load_model
from rackfocus.optics.renderer import Renderer
from rackfocus.types import InputError

WEIGHTS = "rgbd_hdr.safetensors"
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


def trainings(folders: Iterable[Path]) -> list[Path]:
    """The folders of the trainings in these folders or anywhere below them, in the order of their numbers.

    Raises:
        InputError: one of the folders has none.
    """
    found: list[Path] = []
    for folder in folders:
        runs = [path.parents[1] for path in folder.rglob(str(OVERRIDES))]
        marks = (*TRACES, WEIGHTS, ERROR_FILE)
        own = [run for run in runs if any((run / mark).exists() for mark in marks)]
        if not own:
            raise InputError(f"There is no training in {folder}; give the folder of one, or of a sweep.")
        found += sorted(own, key=lambda path: (path.parent, len(path.name), path.name))
    return list(dict.fromkeys(found))


def collect(jobs: Sequence[Path], target: Path, *, root: Path | None = None) -> dict[Path, str]:
    """Evaluate the network of each training, with the renderer that it was trained with; print the table.

    `records.csv` and `summary.csv` are written into a folder, unless no training has a row. Returned is why
    a training has none, by its folder.

    Args:
        jobs: the folders of the trainings.
        target: the folder to write to.
        root: of the test scenes on this machine. `None`: where each training found them.
    """
    runs: dict[str, list[Record]] = {}
    left_out: dict[Path, str] = {}
    for name, job in zip(job_names(jobs), jobs, strict=True):
        try:
            runs[name] = _measured_training(name, job, root)
        except InputError as why:
            left_out[job] = str(why)
    if runs:
        console = Console(width=None if Console().is_terminal else 150)
        summaries = compare_runs(runs)
        target.mkdir(parents=True, exist_ok=True)
        write_records([record for records in runs.values() for record in records], target / "records.csv")
        write_summary(summaries, target / "summary.csv")
        console.print(summary_table(summaries, "test scenes", columns=COLUMNS, intervals=True))
        console.print(f"Every scene and target: {target / 'records.csv'}")
    return left_out


def job_names(jobs: Sequence[Path]) -> list[str]:
    """A name for each training: its overrides that not all share, or that of its folder.

    Where its data lay and that it went on do not set it apart. Of two with one name, each has its path, too.
    """
    overrides = [[one for one in recorded_settings(job) if not _is_of_a_machine(one)] for job in jobs]
    shared = set.intersection(*map(set, overrides)) if overrides else set()
    own = [", ".join(one for one in settings if one not in shared) for settings in overrides]
    names = [name.removeprefix("experiment=") or job.name for name, job in zip(own, jobs, strict=True)]
    count = Counter(names)
    return [name if count[name] == 1 else f"{job}: {name}" for name, job in zip(names, jobs, strict=True)]


def _is_of_a_machine(setting: str) -> bool:
    key = setting.partition("=")[0]
    return key == "ckpt" or key.rpartition(".")[2] == "root"


def _measured_training(name: str, job: Path, root: Path | None) -> list[Record]:
    """The records of a training.

    Raises:
        InputError: it did not end, or nothing can be measured.
    """
    if (job / ERROR_FILE).is_file():
        raise InputError((job / ERROR_FILE).read_text(encoding="utf-8").strip().splitlines()[-1])
    if not (job / WEIGHTS).is_file():
        raise InputError(f"there is no {WEIGHTS}; it has not ended, or trains another network.")
    cfg = OmegaConf.load(job / ".hydra" / "config.yaml")
    test = _test_scenes(cfg, root)
    if test is None:
        raise InputError("its data have no ray-traced test split.")
    method = network_method(name, load_model(job / WEIGHTS))
    return _measured(test, Method(name, method.estimate, Renderer(cfg.loss.renderer.formulation)))


def _test_scenes(cfg: DictConfig | ListConfig, root: Path | None) -> RaytracedScenes | None:
    """The ray-traced test split of a job; whatever else its folder names is not made, for it may come from
    others.
    """
    test = OmegaConf.select(cfg, "data.test")
    if not isinstance(test, DictConfig) or test.get("_target_") != RAYTRACED:
        return None
    return RaytracedScenes(root or test.root, test.split)


def _measured(scenes: RaytracedScenes, method: Method) -> list[Record]:
    total = 3 * len(scenes.folders)
    records: list[Record] = []
    with progress_bar(method.name, "images") as progress:
        for record in evaluate_scenes(scenes.folders, [method]):
            records.append(record)
            progress(len(records), total)
    return records
