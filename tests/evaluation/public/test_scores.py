import math

import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from rackfocus.evaluation.public.results import write_result
from rackfocus.evaluation.public.scores import INPUT, score_target, summarise_groups_and_all
from rackfocus.evaluation.public.stored import read_stored
from rackfocus.evaluation.public.target import Target
from rackfocus.types import InputError


class Noise:
    """Two targets of a set whose pictures are noise, of which the border is not compared."""

    def __init__(self):
        generator = torch.Generator().manual_seed(1)
        self.targets = [Target("b_f8", "f/8", 8.0), Target("a_f2", "f/2", 2.0)]
        self.pictures = {target: torch.rand(2, 3, 40, 48, generator=generator) for target in self.targets}
        self.has_truth = True

    def sharp(self, target):
        return self.pictures[target][0]

    def truth(self, target):
        return self.pictures[target][1]

    def compared(self, picture):
        return picture[:, 2:-2, 2:-2]


@pytest.fixture
def published():
    return Noise()


def test_scores_are_torchmetrics_of_the_file(published, tmp_path, generator):
    target = published.targets[0]
    write_result(tmp_path, target.name, torch.rand(3, 40, 48, generator=generator))
    file = tmp_path / "b_f8.png"
    records = score_target(published, target, file, data_set="noise", method="mine", lpips=None)
    assert [(record.method, record.image, record.target) for record in records] == [
        (INPUT, "b_f8", "f/8"),
        ("mine", "b_f8", "f/8"),
    ]
    truth = published.truth(target)[None, :, 2:-2, 2:-2]
    for record, picture in zip(records, (published.sharp(target), read_stored(file)), strict=True):
        compared = picture[None, :, 2:-2, 2:-2]
        assert record.psnr == peak_signal_noise_ratio(compared, truth, data_range=1.0).item()
        assert record.ssim == structural_similarity_index_measure(compared, truth, data_range=1.0).item()
        assert math.isnan(record.lpips)


def test_the_truth_itself_is_perfect(published, tmp_path):
    target = published.targets[0]
    truth = (published.truth(target) * 255).round() / 255
    published.pictures[target][1] = truth
    write_result(tmp_path, target.name, truth)
    _, record = score_target(published, target, tmp_path / "b_f8.png", data_set="n", method="m", lpips=None)
    assert record.psnr > 100
    assert record.ssim == pytest.approx(1)


def test_a_result_of_another_size(published, tmp_path):
    write_result(tmp_path, "b_f8", torch.zeros(3, 40, 44))
    with pytest.raises(InputError, match=r"b_f8\.png is 40x36 pixels where the truth has 44x36"):
        score_target(
            published, published.targets[0], tmp_path / "b_f8.png", data_set="n", method="m", lpips=None
        )


def test_means_by_group_in_the_order_of_apertures(published, tmp_path):
    records = []
    for value, target in enumerate(published.targets):
        write_result(tmp_path, target.name, torch.full((3, 40, 48), value / 4))
        file = tmp_path / f"{target.name}.png"
        records += score_target(published, target, file, data_set="noise", method="m", lpips=None)
    by_group, of_all = summarise_groups_and_all(records, published.targets, seed=0)
    assert [(each.data_set, each.method, each.images) for each in by_group] == [
        ("f/2", INPUT, 1),
        ("f/2", "m", 1),
        ("f/8", INPUT, 1),
        ("f/8", "m", 1),
    ]
    assert [(each.data_set, each.method, each.images) for each in of_all] == [
        ("noise", INPUT, 2),
        ("noise", "m", 2),
    ]
    assert of_all[1].values["psnr"].mean == pytest.approx((records[1].psnr + records[3].psnr) / 2)
