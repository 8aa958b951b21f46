import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rackfocus.evaluation.images.baselines import Prediction
from rackfocus.evaluation.public.photographs import VAL294, RealBokehTargets, Val294
from rackfocus.evaluation.public.target import Target
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.optics.renderer import render
from rackfocus.types import InputError, Lens


def picture(path: Path, value: int, size: tuple[int, int] = (24, 32)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


@pytest.fixture
def realbokeh(tmp_path):
    folder = tmp_path / "test"
    (folder / "metadata").mkdir(parents=True)
    for scene, numbers in ((9, [2.0]), (11, [13.0, 2.0, 4.5])):
        names = [f"gt/{scene}/{scene}_f{number}.JPG" for number in numbers]
        about = {"source_image": f"in/{scene}_f22.JPG", "target_images": names, "target_avs": numbers}
        picture(folder / f"in/{scene}_f22.JPG", 90 + scene)
        for name in names:
            picture(folder / name, 120)
        (folder / "metadata" / f"{scene}.json").write_text(json.dumps(about))
    return tmp_path


class Counting:
    """A network that says how often it was asked: everything is a little behind the focal plane."""

    name = "counting"

    def __init__(self):
        self.calls = 0

    def __call__(self, srgb):
        self.calls += 1
        return Prediction(torch.full_like(srgb[:, :1], 4.0), srgb_to_linear(srgb), in_pixels=True)


def test_every_wider_photograph_of_realbokeh_is_a_target(realbokeh):
    published = RealBokehTargets(realbokeh)
    assert published.has_truth
    assert published.targets == [
        Target("9_f2.0", "f/2", 2.0),
        Target("11_f13.0", "f/13", 13.0),
        Target("11_f2.0", "f/2", 2.0),
        Target("11_f4.5", "f/4.5", 4.5),
    ]
    assert published.sharp(published.targets[1]).mean() == pytest.approx(101 / 255, abs=0.01)
    assert published.truth(published.targets[1]).mean() == pytest.approx(120 / 255, abs=0.01)
    whole = published.sharp(published.targets[0])
    assert torch.equal(published.compared(whole), whole)


def test_ours_is_rendered_by_the_f_number_of_the_target(realbokeh):
    random = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
    cv2.imwrite(str(realbokeh / "test/in/11_f22.JPG"), random)
    published, network = RealBokehTargets(realbokeh), Counting()
    for target in published.targets[1:]:
        sharp = srgb_to_linear(published.sharp(target))[None]
        shallow = render(sharp, torch.full((1, 1, 24, 32), 4.0), lens=Lens(f_number=target.rank))
        expected = linear_to_srgb(shallow.clamp(0, 1))[0]
        assert torch.allclose(published.rendered(target, network), expected, atol=1e-6)
    assert network.calls == 1  # one estimate for all apertures of a scene
    published.rendered(published.targets[0], network)
    assert network.calls == 2


def test_the_inputs_of_a_challenge_have_no_truth(realbokeh):
    for file in (realbokeh / "test" / "gt").rglob("*.JPG"):
        file.unlink()
    published = RealBokehTargets(realbokeh)
    assert not published.has_truth
    assert len(published.targets) == 4
    picture(realbokeh / "test/gt/9/9_f2.0.JPG", 1)
    with pytest.raises(InputError, match=r"11_f13\.0\.JPG is missing, which the metadata name"):
        RealBokehTargets(realbokeh)
    (realbokeh / "test/in/9_f22.JPG").unlink()
    with pytest.raises(InputError, match=r"9_f22\.JPG is missing"):
        RealBokehTargets(realbokeh)


@pytest.mark.parametrize("number", [0, -2.0, float("nan"), float("inf"), "wide"])
def test_f_numbers_that_are_none(realbokeh, number):
    path = realbokeh / "test/metadata/9.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"target_avs": [number]}))
    with pytest.raises(InputError, match=r"9\.json"):
        RealBokehTargets(realbokeh)


def test_two_targets_of_one_name(realbokeh):
    about = (realbokeh / "test/metadata/9.json").read_text()
    (realbokeh / "test/metadata/10.json").write_text(about)
    with pytest.raises(InputError, match=r"Two photographs are named 9_f2\.0"):
        RealBokehTargets(realbokeh)


def test_val294_is_the_end_of_the_training_part(tmp_path):
    assert (len(VAL294), VAL294[0], VAL294[-1]) == (294, 4400, 4693)
    for number in (0, 4399, *VAL294):
        for folder in ("original", "bokeh"):
            (tmp_path / "Training" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "Training" / folder / f"{number}.jpg").touch()
    published = Val294(tmp_path)
    assert [target.name for target in published.targets] == [str(number) for number in VAL294]
    assert {target.group for target in published.targets} == {"f/1.8"}
    for folder in ("original", "bokeh"):
        (tmp_path / "Training" / folder / "4401.jpg").unlink()
    with pytest.raises(InputError, match="lacks 1 of the 294 pairs of Val294, the first of them 4401"):
        Val294(tmp_path)


def test_the_central_multiple_of_four_is_compared(tmp_path):
    for folder, value in (("in", 60), ("gt", 90)):
        picture(tmp_path / "validation" / folder / "7.jpg", value, (27, 38))
    published = Val294(tmp_path)
    assert [target.name for target in published.targets] == ["7"]
    columns = torch.arange(27 * 38, dtype=torch.float32).view(1, 27, 38).expand(3, -1, -1)
    assert torch.equal(published.compared(columns), columns[:, 2:26, 1:37])  # of three rows, two are above
    assert torch.equal(published.compared(columns[:, 2:26, 1:37]), columns[:, 2:26, 1:37])
