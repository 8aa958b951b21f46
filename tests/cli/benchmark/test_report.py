"""The file and the table that every benchmark leaves, and the settings that it checks."""

import os

import cv2
import pytest
import torch
from omegaconf import OmegaConf

from rackfocus.cli.benchmark.report import STAGE_COLUMNS, report, require_positive, use_cores
from rackfocus.evaluation.benchmarks.stage_clock import StageCost
from rackfocus.types import InputError


def test_the_file_has_every_field_and_the_table_the_columns(tmp_path, capsys):
    costs = [StageCost("decode", 0.25, 0.125), StageCost("render", 1 / 3, 1e-5)]
    report("A frame", costs, STAGE_COLUMNS, tmp_path / "costs.csv")
    assert (tmp_path / "costs.csv").read_text() == (
        "stage,cpu_s,wall_s\ndecode,0.25,0.125\nrender,0.3333333333333333,1e-05\n"
    )
    printed = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert printed[0] == ["A", "frame"]
    assert printed[1] == ["stage", "processor", "seconds", "seconds"]
    assert ["decode", "0.2500", "0.1250"] in printed
    assert ["render", "0.3333", "0.0000"] in printed
    assert str(tmp_path / "costs.csv") in "".join(printed[-1])


def test_cores():
    use_cores(1)
    assert torch.get_num_threads() == cv2.getNumThreads() == 1
    available = len(os.sched_getaffinity(0))
    for cores in (0, available + 1):
        with pytest.raises(InputError, match=f"cores must be 1 to {available} on this machine"):
            use_cores(cores)


def test_numbers_that_must_be_positive():
    require_positive(OmegaConf.create({"frames": 1, "radius": 0.5}), "frames", "radius")
    with pytest.raises(InputError, match="frames must be more than 0, and is 0"):
        require_positive(OmegaConf.create({"frames": 0}), "frames")
