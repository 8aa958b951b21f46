"""A network whose answers are known, a filter that looks ahead, and the small videos of tests/video."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from rackfocus import RGBDHDR
from rackfocus.video.stabilizer.stabilizer import Stabilized


class Known(nn.Module):
    """Disparity follows green."""

    def forward(self, srgb, *, network_size_px=None):  # noqa: ARG002
        return RGBDHDR(12 * srgb[:, 1:2] - 6, torch.zeros_like(srgb))


class WindowMean:
    """The mean of two frames before, the frame, and one after."""

    warm_up_frames = 2
    look_ahead_frames = 1

    def __init__(self):
        self.seen = []

    def push(self, image, disparity, log_exposure):  # noqa: ARG002
        self.seen.append((disparity, log_exposure))
        return [self._at(len(self.seen) - 2)] if len(self.seen) > 1 else []

    def finish(self):
        settled = [self._at(len(self.seen) - 1)] if self.seen else []
        self.seen = []
        return settled

    def _at(self, index):
        window = self.seen[max(0, index - 2) : index + 2]
        return Stabilized(
            index, *(torch.stack([each[half] for each in window]).mean(0) for half in (0, 1)), False
        )


@pytest.fixture(scope="session")
def make_video():
    """See tests/video/conftest.py."""
    path = Path(__file__).parents[2] / "video" / "conftest.py"
    spec = importlib.util.spec_from_file_location("video_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["video_fixtures"] = module
    spec.loader.exec_module(module)
    return module.make_video


@pytest.fixture(scope="session")
def network():
    return Known()


@pytest.fixture(scope="session")
def window_mean():
    return WindowMean


@pytest.fixture(autouse=True)
def one_thread():
    """Small frames are slower on several threads."""
    torch.set_num_threads(1)
