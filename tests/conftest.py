"""Shapes are checked under pytest, and only here: the hook fights torch.compile."""

import os

# Before torch is loaded: see rackfocus.cli.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from jaxtyping import install_import_hook

with install_import_hook("rackfocus", "beartype.beartype"):
    import rackfocus

from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real files by others, which lie beside the checkout on some machines only."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("there is no ../shared with real data on this machine")
    return folder


@pytest.fixture(scope="session")
def raytraced() -> Path:
    return ROOT / "datasets" / "raytraced"


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@pytest.fixture
def tiny_network() -> "rackfocus.models.rgbd_hdr.RGBDHDRNet":
    from rackfocus.models.rgbd_hdr import RGBDHDRNet

    torch.manual_seed(3)
    return RGBDHDRNet(base_width=4, levels=3)
