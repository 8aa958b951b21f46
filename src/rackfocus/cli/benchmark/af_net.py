"""`rackfocus benchmark af_net`: time of AF-Net, with and without sharing features between windows."""

from collections.abc import Sequence

import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.benchmark.report import use_cores
from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.runs.provenance import record_provenance
from rackfocus.evaluation.benchmarks.af_net import AFNetCost, af_net_cost
from rackfocus.evaluation.reports.records import write_dataclasses
from rackfocus.pipelines.focusing.autofocus import open_footage


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/af_net", run, arguments, positional=("source",))


def run(cfg: DictConfig) -> None:
    """Measure; print and write the results."""
    use_cores(cfg.cores)
    folder = run_folder()
    record_provenance(cfg, folder)
    # Disparity is not needed, so none is estimated.
    with open_footage(
        cfg.source, disparity=lambda _: np.zeros((1, 1)), longer_side_px=cfg.longer_side_px
    ) as footage:
        cost = af_net_cost(footage, instantiate(cfg.autofocus))
        info = footage.reader.info
        size = f"{info.width} x {info.height}"
    write_dataclasses(AFNetCost, [cost], folder / "af_net.csv")
    print(
        f"{cost.video_s:.1f} s of {size} on {cfg.cores} cores: {cost.all_s:.1f} s ({cost.all_cpu_s:.1f} s of "
        f"a processor), of which {cost.decode_s:.1f} s to decode.\n"
        f"A whole clip is {cost.speedup:.1f} times faster than window by window; the largest difference in "
        f"log odds is {cost.difference:.1e}.\nThe figures: {folder}"
    )
