"""constraints.txt agrees with what torch asks for: the installed build, and the CUDA build on PyPI."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
TORCH = "2.13.0"
# The requirements in the metadata of PyPI's torch for Linux on x86-64, without its extras. A CPU build has
# fewer, so they are recorded here; the slow test below reads them from PyPI.
CUDA_BUILD_ASKS = (
    "filelock",
    "typing-extensions>=4.10.0",
    "setuptools>=77.0.3",
    "sympy>=1.13.3",
    "networkx>=2.5.1",
    "jinja2",
    "fsspec>=0.8.5",
    "cuda-toolkit[cublas,cudart,cufft,cufile,cupti,curand,cusolver,cusparse,nvjitlink,nvrtc,nvtx]==13.0.3; "
    'platform_system == "Linux"',
    'cuda-bindings<14,>=13.0.3; platform_system == "Linux" and python_version < "3.15"',
    'nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"',
    'nvidia-cusparselt-cu13==0.8.1; platform_system == "Linux"',
    'nvidia-nccl-cu13==2.29.7; platform_system == "Linux"',
    'nvidia-nvshmem-cu13==3.4.5; platform_system == "Linux"',
    'triton==3.7.1; platform_system == "Linux" and python_version < "3.15"',
)


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def _without_extras(asks: Iterable[str]) -> set[str]:
    return {str(Requirement(line)) for line in asks if "extra ==" not in line}


def _contradicted(asks: Iterable[str], pins: Mapping[str, str], python: str) -> list[str]:
    """What torch asks for on Linux and has no pin, or a pin that it does not accept."""
    where = {"platform_system": "Linux", "python_version": python, "extra": ""}
    asked = [requirement for line in asks if _applies(requirement := Requirement(line), where)]
    return [
        f"torch asks for {requirement}, constraints.txt has {pin}"
        for requirement in asked
        if (pin := pins.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(pin, prereleases=True)
    ]


def _applies(requirement: Requirement, where: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(where)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_pin_is_one_that_the_cuda_build_accepts(python):
    pins = _pins()
    assert pins["torch"] == TORCH, "record in CUDA_BUILD_ASKS what the pinned torch asks for"
    assert _contradicted(CUDA_BUILD_ASKS, pins, python) == []


def test_every_pin_is_one_that_the_installed_torch_accepts():
    assert Version(metadata.version("torch")).public == TORCH
    asks = _without_extras(metadata.requires("torch") or ())
    assert asks
    assert asks <= _without_extras(CUDA_BUILD_ASKS)
    assert _contradicted(asks, _pins(), platform.python_version()) == []


def test_a_wrong_pin_and_a_missing_one_are_found():
    pins = _pins()
    pins["triton"] = "3.9.0"
    del pins["sympy"]
    assert _contradicted(CUDA_BUILD_ASKS, pins, "3.12") == [
        "torch asks for sympy>=1.13.3, constraints.txt has None",
        'torch asks for triton==3.7.1; platform_system == "Linux" and python_version < "3.15", '
        "constraints.txt has 3.9.0",
    ]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def metadata_pip(tmp_path) -> list[str]:
    """A pip that reads metadata without downloading the wheel; that of a fresh .venv may be older."""
    arguments = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", "newer", "pip>=26"]
    result = _run([sys.executable, *arguments], tmp_path)
    if result.returncode:
        pytest.skip(f"the package index cannot be reached: {result.stderr.strip().splitlines()[-1]}")
    return [sys.executable, str(tmp_path / "newer" / "pip")]


@pytest.mark.slow
@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="PyPI's torch is the CUDA build on Linux on x86-64",
)
def test_the_project_resolves_with_the_cuda_build(metadata_pip, tmp_path):
    # Unlike ==, === leaves out a CPU file of that version (2.13.0+cpu) that pip may find on this machine.
    wanted = ["-c", str(ROOT / "constraints.txt"), f"{ROOT}[dev]", f"torch==={TORCH}"]
    options = [
        "--dry-run",
        "--ignore-installed",
        "--quiet",
        "--use-feature=fast-deps",
        "--report",
        "report.json",
    ]
    result = _run([*metadata_pip, "install", *options, *wanted], tmp_path)
    assert result.returncode == 0, result.stderr
    found = {
        canonicalize_name(item["metadata"]["name"]): item["metadata"]
        for item in json.loads((tmp_path / "report.json").read_text())["install"]
    }
    assert _without_extras(found["torch"]["requires_dist"]) == _without_extras(CUDA_BUILD_ASKS)
    del found["rackfocus"]
    pins = _pins()
    unpinned = {name: item["version"] for name, item in found.items() if pins.get(name) != item["version"]}
    assert unpinned == {}
