"""Equal settings give equal texts, made anew or not; every change of one is seen."""

import os

import pytest
import torch
from torch import nn

from rackfocus import Lens
from rackfocus.models.backends import CompositeEstimator
from rackfocus.optics.lens_shapes import Polygon
from rackfocus.pipelines.fingerprint import file_identity, fingerprint
from rackfocus.types import FocusKeyframe, FocusKeyframes
from rackfocus.video.flow.dis import DISFlow
from rackfocus.video.stabilizer.stabilizer import TemporalStabilizer


class Scaled(nn.Module):
    def __init__(self, gain, weight):
        super().__init__()
        self.gain = gain
        self.inner = nn.Linear(2, 2)
        nn.init.constant_(self.inner.weight, weight)
        nn.init.zeros_(self.inner.bias)


class Backend:
    """No module, but with settings; and a part that knows it."""

    def __init__(self, weights):
        self.weights = weights
        self.kind = torch.float32
        self.part = {"of": self}


CHANGES = [
    (lambda: Lens(), lambda: Lens(f_number=4)),
    (lambda: Lens(shape=Polygon(blades=6)), lambda: Lens(shape=Polygon(blades=7))),
    (lambda: Scaled(1, 2.0), lambda: Scaled(2, 2.0)),
    (lambda: Scaled(1, 2.0), lambda: Scaled(1, 2.5)),
    (lambda: TemporalStabilizer(flow=DISFlow()), lambda: TemporalStabilizer(flow=DISFlow(), window_frames=5)),
    (lambda: FocusKeyframes((FocusKeyframe(0, 1),)), lambda: FocusKeyframes((FocusKeyframe(0, 2),))),
    (
        lambda: CompositeEstimator(Scaled(1, 2.0), depth=Backend("a.onnx")),
        lambda: CompositeEstimator(Scaled(1, 2.0), depth=Backend("b.onnx")),
    ),
    (lambda: DISFlow(preset="fast"), lambda: DISFlow(preset="medium")),
    (lambda: torch.zeros(3), lambda: torch.ones(3)),
    (lambda: torch.tensor(1), lambda: torch.tensor(2)),
    (lambda: torch.zeros(3, 2).T, lambda: torch.ones(3, 2).T),
    (lambda: b"a model", lambda: b"another"),
    (lambda: None, lambda: 0),
]


@pytest.mark.parametrize(("make", "other"), CHANGES)
def test_the_same_again_and_not_the_other(make, other):
    assert fingerprint(it=make()) == fingerprint(it=make())
    assert fingerprint(it=make()) != fingerprint(it=other())


def test_a_file_is_known_by_its_size_and_time(tmp_path):
    path = tmp_path / "a"
    path.write_text("one")
    before = file_identity(path)
    assert before == file_identity(path)
    os.utime(path, (1, 1))
    assert file_identity(path) != before
    folder = file_identity(tmp_path)
    (tmp_path / "b").write_text("two")
    assert file_identity(tmp_path) != folder


def test_what_says_who_it_is():
    """A component with an `identity` is told by that alone."""

    class Recording:
        def __init__(self, name):
            self.name, self.opened = name, object()

        def identity(self):
            return {"name": self.name}

    assert fingerprint(it=Recording("a")) == fingerprint(it=Recording("a"))
    assert fingerprint(it=Recording("a")) != fingerprint(it=Recording("b"))
    assert fingerprint(it=nn.ModuleDict({"identity": nn.Identity()}))
