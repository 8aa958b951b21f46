"""The device of a job: by its name, and one sentence where it is not there."""

import logging
import sys

import pytest
import torch

from rackfocus.cli import main
from rackfocus.device import Batches, choose_device, device_identity, download, telling_full_memory, upload
from rackfocus.types import InputError


@pytest.fixture
def machine(monkeypatch):
    """Sets what torch finds."""

    def set_to(*, gpus=0, current=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: current)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index}")
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return set_to


@pytest.mark.parametrize(
    ("there", "taken", "told"),
    [
        ({"gpus": 2, "current": 1, "mps": True}, "cuda:1", "cuda, GPU 1"),
        ({"mps": True}, "mps", "mps"),
        ({}, "cpu", "cpu"),
    ],
)
def test_auto_takes_what_is_there_and_says_so(machine, caplog, there, taken, told):
    machine(**there)
    with caplog.at_level(logging.INFO):
        assert choose_device() == torch.device(taken)
    assert caplog.messages == [f"device=auto takes {told}."]
    caplog.clear()
    assert choose_device(torch.device(taken)) == torch.device(taken)
    assert not caplog.messages


def test_a_gpu_has_its_number(machine):
    machine(gpus=2, current=1)
    assert choose_device("cuda") == torch.device("cuda", 1)
    assert choose_device("cuda:0") == torch.device("cuda", 0)
    assert device_identity(torch.device("cuda", 0)) == "cuda, GPU 0"


@pytest.mark.parametrize(
    ("name", "there", "says"),
    [
        ("cuda", {}, r"device=cuda is not there: torch \S+ finds no CUDA GPU in this machine; use"),
        ("cuda:1", {"gpus": 1}, r"device=cuda:1 is not there: torch \S+ finds one CUDA GPU in"),
        ("cuda:2", {"gpus": 2}, "finds 2 CUDA GPUs in this machine"),
        ("mps", {"gpus": 1}, "device=mps is not there: .* no GPU of Apple's"),
        ("gpu", {}, "device must be auto, cpu, cuda, .* and is gpu"),
        ("cuda:-1", {"gpus": 1}, "device must be auto, cpu, cuda"),
        (0, {"gpus": 1}, "device must be auto, cpu, cuda"),
        ("meta", {}, "device must be auto, cpu, cuda"),
    ],
)
def test_what_is_not_there(machine, name, there, says):
    machine(**there)
    with pytest.raises(InputError, match=says):
        choose_device(name)


COMMANDS = [
    ("refocus", "in.mp4", "out.mp4"),
    ("make-clip", "in.mp4", "out.rvr"),
    ("autofocus", "in.mp4", "--out", "out.json"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_say_it_in_one_sentence(machine, tmp_path, monkeypatch, capfd, command):
    machine()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rackfocus", *command, "device=cuda:1"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert "device=cuda:1 is not there" in line
    assert line.endswith("use device=auto or device=cpu.")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("out")]


def test_smaller_batches_where_memory_does_not_suffice():
    sizes = []

    def job(items):
        sizes.append(len(items))
        if len(items) > 2:
            raise torch.OutOfMemoryError
        return [2 * item for item in items]

    at_once = Batches(6)
    assert at_once(job, [*range(7)]) == [*range(0, 14, 2)]
    assert sizes == [6, 3, 1, 1, 1, 1, 1, 1, 1]
    sizes.clear()
    assert at_once(job, [1]) == [2]
    assert at_once(job, []) == []
    assert sizes == [1]


def test_full_memory_is_one_sentence_and_other_errors_are_not():
    of_the_gpu = telling_full_memory(torch.device("cuda", 0))
    with pytest.raises(InputError, match="The memory of cuda:0 does not suffice"), of_the_gpu:
        raise torch.OutOfMemoryError
    with pytest.raises(InputError, match="The memory of mps"), telling_full_memory(torch.device("mps")):
        raise RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)")
    with pytest.raises(RuntimeError, match="shapes"), telling_full_memory(torch.device("cpu")):
        raise RuntimeError("shapes")


def test_nothing_is_copied_on_a_cpu():
    values = torch.rand(3)
    assert upload(values, torch.device("cpu")) is values
    assert download(values) is values


@pytest.mark.gpu
def test_there_and_back():
    values = torch.rand(3, 5)
    there = upload(values, choose_device("cuda"))
    assert there.is_cuda
    assert torch.equal(download(there), values)
