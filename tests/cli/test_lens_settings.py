"""`lens=` and `lens.shape.*` on the command line."""

import sys

import cv2
import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from rackfocus.cli import main
from rackfocus.cli.configs.files import config_folder
from rackfocus.optics import lens_shapes
from rackfocus.types import Lens

CHOICES = sorted(path.stem for path in config_folder().glob("lens/*.yaml"))


def lens(*overrides):
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return instantiate(compose("refocus", list(overrides)).lens)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_lens_can_be_made(choice, tmp_path):
    picture = cv2.circle(np.zeros((64, 64), np.uint8), (32, 32), 20, 200, cv2.FILLED)
    cv2.imwrite(str(tmp_path / "ball.png"), picture)
    extra = [f"lens.shape.path={tmp_path / 'ball.png'}"] if choice == "photographed" else []
    made = lens(f"lens={choice}", "lens.f_number=2.8", *extra)
    assert isinstance(made, Lens)
    assert made.f_number == 2.8
    assert made.shape.kernel(5).shape == (11, 11)


def test_every_shape_has_a_config():
    texts = [path.read_text() for path in config_folder().glob("lens/*.yaml")]
    for name in lens_shapes.__all__:
        assert any(f"lens_shapes.{name}\n" in text for text in texts), name


def test_a_shape_is_set_in_place():
    made = lens("lens=polygon", "lens.f_number=2.8", "lens.shape.blades=6", "lens.shape.curvature=0")
    assert made == Lens(f_number=2.8, shape=lens_shapes.Polygon(6, 0.0, 0))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (["lens=polygon", "lens.shape.blades=2"], "lens.shape.blades must be a whole number from 3 to 64"),
        (["lens=polygon", "lens.shape.blades=six"], "and is 'six'"),
        (["lens=photographed"], "'lens.shape.path' has to be given"),
        (["lens=photographed", "lens.shape.path=nope.png"], "no file 'nope.png'"),
        (["lens.shape.blades=6"], "There is no setting 'lens.shape.blades'"),
        (["lens.shape=round"], "lens.shape must be one of those in conf/lens"),
    ],
)
def test_bad_lenses_are_one_sentence(settings, says, monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["rackfocus", "refocus", "in.mp4", "out.mp4", *settings])
    with pytest.raises(SystemExit) as stop:
        main()
    lines = capfd.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert len(lines) == 1
    assert says in lines[0]
