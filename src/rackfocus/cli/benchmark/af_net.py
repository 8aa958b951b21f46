"""`rackfocus benchmark af_net`: what AF-Net costs, and what sharing between windows saves."""

import csv
import dataclasses
import os
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from rackfocus.cli.command import run_command, run_folder
from rackfocus.cli.provenance import record_provenance
from rackfocus.evaluation.benchmarks.af_net import af_net_cost
from rackfocus.pipelines.autofocus import open_footage
from rackfocus.types import InputError


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns its exit code."""
    return run_command("benchmark/af_net", run, arguments, positional=("source",))


def run(cfg: DictConfig) -> None:
    """Measure, print, and write it down."""
    available = len(os.sched_getaffinity(0))
    if not 1 <= cfg.cores <= available:
        raise InputError(f"cores must be 1 to {available} on this machine, and is {cfg.cores}.")
    torch.set_num_threads(cfg.cores)
    cv2.setNumThreads(cfg.cores)
    folder = run_folder()
    record_provenance(cfg, folder)
    # Disparity is not asked for.
    with open_footage(
        cfg.source, disparity=lambda _: np.zeros((1, 1)), longer_side_px=cfg.longer_side_px
    ) as footage:
        cost = af_net_cost(footage, instantiate(cfg.autofocus))
        info = footage.reader.info
        size = f"{info.width} x {info.height}"
    with (folder / "af_net.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.DictWriter(file, [field.name for field in dataclasses.fields(cost)])
        rows.writeheader()
        rows.writerow(dataclasses.asdict(cost))
    print(
        f"{cost.video_s:.1f} s of {size} on {cfg.cores} cores: {cost.all_s:.1f} s ({cost.all_cpu_s:.1f} s of "
        f"a processor), of which {cost.decode_s:.1f} s to decode.\n"
        f"A whole clip is {cost.speedup:.1f} times faster than window by window; the largest difference in "
        f"log odds is {cost.difference:.1e}.\nThe figures: {folder}"
    )
