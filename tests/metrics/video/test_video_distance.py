import math
import warnings

import pytest
import torch
from torch import nn

from rackfocus.metrics.video.video_distance import CLIP_FRAMES, SIZE_PX, I3DFeatures, VideoFID
from rackfocus.types import InputError


class Brightness(nn.Module):
    """A feature that is easily foretold."""

    num_features = 1

    def forward(self, clips):
        assert clips.shape[1:] == (3, CLIP_FRAMES, SIZE_PX, SIZE_PX)
        return clips.mean(dim=(2, 3, 4))[:, :1]


class StyleGANVLike(nn.Module):
    """Takes what StyleGAN-V's file takes; the mean of each colour."""

    def forward(self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool) -> torch.Tensor:
        assert not rescale
        assert not resize
        assert return_features
        return x.mean(dim=[2, 3, 4])


class Pooled(nn.Module):
    """Features that still have axes of time and space."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool3d(x, [2, 112, 112])


def saved(module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))
    return path


def clip(red):
    frames = torch.full((CLIP_FRAMES, 3, 24, 32), 0.5)
    frames[:, 0] = red
    return frames


def test_the_distance_of_two_gaussians():
    distance = VideoFID(Brightness())
    ours, theirs = [0.1, 0.3, 0.5], [0.2, 0.4, 0.9]
    for red in ours:
        distance.update(clip(red), real=False)
    for red in theirs:
        distance.update(clip(red), real=True)
    one, other = torch.tensor(ours).double(), torch.tensor(theirs).double()
    expected = (one.mean() - other.mean()) ** 2 + (one.std() - other.std()) ** 2
    assert distance.compute() == pytest.approx(expected.item(), abs=1e-6)


def test_equal_sets_are_no_distance_apart_and_one_clip_is_no_set():
    distance = VideoFID(Brightness())
    for red in (0.2, 0.8):
        assert math.isnan(distance.compute())
        for real in (True, False):
            distance.update(clip(red), real=real)
    assert distance.compute() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("module", [StyleGANVLike(), Pooled()])
def test_features_by_torchscript_of_pixels_around_zero(module, tmp_path):
    features = I3DFeatures(saved(module, tmp_path / "i3d.pt"))
    assert features.num_features == 3
    batch = torch.full((2, 3, CLIP_FRAMES, SIZE_PX, SIZE_PX), 0.5)
    batch[:, 0] = 1.0
    assert torch.allclose(features(batch), torch.tensor([[1.0, 0, 0], [1.0, 0, 0]]), atol=1e-6)


def test_a_file_that_is_something_else(tmp_path, monkeypatch):
    monkeypatch.delenv("RACKFOCUS_WEIGHTS", raising=False)
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    with pytest.raises(InputError, match=r"i3d_torchscript\.pt are missing; get it from"):
        I3DFeatures()
    (tmp_path / "other.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"other\.pt is no TorchScript of I3D"):
        I3DFeatures(tmp_path / "other.pt")
    with pytest.raises(InputError, match=r"flat\.pt is no TorchScript of I3D"):
        I3DFeatures(saved(nn.Conv2d(3, 1, 1), tmp_path / "flat.pt"))
