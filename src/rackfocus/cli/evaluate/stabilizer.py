"""`rackfocus evaluate stabilizer`: disparity before and after stabilising, on real clips."""

from collections.abc import Sequence

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.table import Table

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.progress import progress_bar
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.evaluation.reports.records import write_dataclasses
from rackfocus.evaluation.stabilizer.clips import Clip
from rackfocus.evaluation.stabilizer.quality import Score, estimated, inputs, score, stabilized
from rackfocus.evaluation.stabilizer.rendered import (
    RenderedScore,
    estimate_clip,
    rendered,
    rendered_truth,
    score_rendered,
    stabilize_clip,
)
from rackfocus.evaluation.stabilizer.strip import draw_strip
from rackfocus.models.backends import RGBDHDREstimator
from rackfocus.models.checkpoints import load_model
from rackfocus.optics.renderer import Renderer
from rackfocus.types import InputError
from rackfocus.video.flow.optical_flow import OpticalFlow
from rackfocus.video.stabilizer.stabilizer import Stabilizer

RECORDS_FILE = "stabilizer.csv"
RENDERED_FILE = "rendered.csv"
PER_FRAME = "per frame"
PICTURES = 6


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("evaluate/stabilizer", run, arguments)


def run(cfg: DictConfig) -> None:
    """Measure every clip, then write records and images and print a table."""
    if cfg.frames < 2:
        raise InputError(f"frames must be 2 or more, and is {cfg.frames}.")
    folder = run_folder()
    record_provenance(cfg, folder)
    network, metric_flow = load_model(cfg.checkpoint), instantiate(cfg.metric_flow)
    stabilizers = {name: instantiate(node) for name, node in cfg.stabilizers.items()}
    renderer = Renderer()
    scores: list[Score] = []
    seen: list[RenderedScore] = []
    with progress_bar("stabilising", "clips") as progress:
        for done, (name, node) in enumerate(cfg.clips.items()):
            clip = instantiate(node).read(
                name, frames=cfg.frames, longer_side_px=cfg.longer_side_px, flow=metric_flow
            )
            disparities = estimated(clip, network, network_size_px=cfg.network_size_px)
            for maps, (noisy, plain) in inputs(clip, disparities, seed=cfg.seed).items():
                rows = {PER_FRAME: noisy}
                for method, stabilizer in stabilizers.items():
                    rows[method] = stabilized(clip, noisy, stabilizer)
                scores += [score(clip, maps, method, row, plain) for method, row in rows.items()]
                columns = range(0, len(clip.frames), -(-len(clip.frames) // PICTURES))
                draw_strip(clip, rows, folder / f"{name}_{maps.replace(' + ', '_')}.jpg", columns=columns)
            seen += _rendered(clip, network, cfg.network_size_px, stabilizers, renderer, metric_flow)
            # After each clip: a later one may be broken.
            write_dataclasses(Score, scores, folder / RECORDS_FILE)
            write_dataclasses(RenderedScore, seen, folder / RENDERED_FILE)
            progress(done + 1, len(cfg.clips))
    console = Console(width=120)
    console.print(_table(scores))
    console.print(_rendered_table(seen))
    print(f"All records and strips of pictures: {folder}")


def _rendered(
    clip: Clip,
    network: RGBDHDREstimator,
    network_size_px: int | None,
    stabilizers: dict[str, Stabilizer],
    renderer: Renderer,
    flow: OpticalFlow,
) -> list[RenderedScore]:
    estimates = estimate_clip(clip, network, network_size_px=network_size_px)
    truth = rendered_truth(clip, renderer)
    methods = {PER_FRAME: estimates} | {
        name: stabilize_clip(clip, estimates, stabilizer) for name, stabilizer in stabilizers.items()
    }
    return [
        score_rendered(clip, method, rendered(clip, each, renderer), truth, flow)
        for method, each in methods.items()
    ]


def _table(scores: Sequence[Score]) -> Table:
    table = Table(box=box.SIMPLE)
    for heading in ("clip", "maps", "method"):
        table.add_column(heading)
    for heading in ("warped error px", "down by", "boundary F1", "TAE", "off px"):
        table.add_column(heading, justify="right")
    before: Score | None = None
    for record in scores:
        if record.method == PER_FRAME:
            before = record
        assert before is not None
        down = 1 - record.warped_error / before.warped_error if before.warped_error else 0.0
        table.add_row(
            record.clip,
            record.maps,
            record.method,
            f"{record.warped_error:.4f}",
            "" if record is before else f"{down:.0%}",
            _told(record.boundary_f1),
            _told(record.alignment_error),
            f"{record.kept_error:.3f}",
        )
    return table


def _rendered_table(scores: Sequence[RenderedScore]) -> Table:
    table = Table(title="rendered at f/2", title_justify="left", box=box.SIMPLE)
    for heading in ("clip", "method"):
        table.add_column(heading)
    for heading in ("flicker /255", "RM /255", "tOF px"):
        table.add_column(heading, justify="right")
    for record in scores:
        values = (record.flicker, record.change_error, record.flow_difference)
        table.add_row(record.clip, record.method, *(_told(value) for value in values))
    return table


def _told(value: float) -> str:
    return f"{value:.3f}" if value == value else ""
