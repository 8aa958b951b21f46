import sys
import types

import pytest
import torch

from rackfocus.metrics.temporal_cvvdp import cvvdp
from rackfocus.types import InputError


def test_it_is_asked_for_frames_in_order(monkeypatch):
    asked = {}

    class Metric:
        def __init__(self, **settings):
            asked.update(settings)

        def predict(self, video, truth, **settings):
            asked.update(settings, difference=(video - truth).abs().max())
            return torch.tensor(9.5), None

    module = types.ModuleType("pycvvdp")
    module.cvvdp = Metric
    monkeypatch.setitem(sys.modules, "pycvvdp", module)
    video = torch.rand(4, 3, 8, 8)
    assert cvvdp(video, video, fps=24) == 9.5
    assert asked == {
        "display_name": "standard_4k", "heatmap": None, "dim_order": "FCHW", "frames_per_second": 24,
        "difference": 0,
    }  # fmt: skip


def test_it_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pycvvdp", None)
    with pytest.raises(InputError, match="cvvdp needs ColorVideoVDP"):
        cvvdp(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8), fps=24)
