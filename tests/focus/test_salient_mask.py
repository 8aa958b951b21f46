import pytest
import torch

from rackfocus.focus.salient_mask import SalientMask


def test_a_ball_on_a_floor_is_the_subject(shared, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    y, x = torch.meshgrid(torch.arange(120.0), torch.arange(200.0), indexing="ij")
    ball = (x - 130) ** 2 + (y - 70) ** 2 < 25**2
    floor = torch.tensor([120.0, 110, 100])[:, None, None] / 255
    red = torch.tensor([220.0, 40, 40])[:, None, None] / 255
    mask = SalientMask()(torch.where(ball, red, floor)[None])
    assert mask.shape == (1, 1, 120, 200)
    assert mask[0, 0, 65:75, 125:135].mean() > 0.8
    assert mask[0, 0, :, :60].mean() < 0.1
