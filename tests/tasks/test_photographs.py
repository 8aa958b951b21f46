"""One run learns from scenes, photographs and panoramas."""

import dataclasses
import math
from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import ConcatDataset

from rackfocus import InputError
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.mixture import WeightedMixture
from rackfocus.data.taught.samples import LightSample, NearnessSample
from rackfocus.losses.aperture_supervision import ApertureSupervision
from rackfocus.losses.photographs import PhotographSupervision
from rackfocus.models.pretrained import PretrainedRGBDHDRNet
from rackfocus.optics import Renderer
from rackfocus.tasks.mixed_batches import (
    LightBatch,
    MixedData,
    NearnessBatch,
    SceneBatch,
    Views,
    collate_kinds,
)
from rackfocus.tasks.non_finite import StopOnNonFinite, load_batch
from rackfocus.tasks.photographs import PhotographsTask


def scene(height=32, width=48):
    deep, shallow, adjusted = torch.rand(3, 3, height, width)
    return FocusSample(
        "scene",
        deep,
        shallow,
        adjusted,
        aperture_ratio=0.25,
        disparity=torch.rand(1, height, width),
        radiance=2 * deep,
    )


def test_a_scene_without_its_truth_is_told_apart():
    with pytest.raises(InputError, match="scene has no true disparity and light"):
        collate_kinds([dataclasses.replace(scene(), radiance=None)])


def photograph(height=32, width=64):
    return NearnessSample("photograph", torch.rand(3, height, width), torch.rand(1, height, width))


def panorama():
    image = torch.rand(3, 32, 32)
    image[:, :8] = 1
    return LightSample("panorama", image, 3 * image)


def same(sample, generator):  # noqa: ARG001
    return sample


@pytest.fixture
def task():
    torch.manual_seed(0)
    network = PretrainedRGBDHDRNet(base_width=4, levels=3)
    # As after some steps: before the first, the residual is 0 and passes nothing on.
    torch.nn.init.normal_(network.unet.last.weight, std=0.01)
    task = PhotographsTask(
        network, PhotographSupervision(ApertureSupervision(Renderer())), 1e-3, trunk_learning_rate=1e-4
    )
    task.logged = {}
    task.log = lambda name, value, **_settings: task.logged.__setitem__(name, float(value.detach()))
    return task


def test_samples_of_one_kind_and_size_become_one_batch():
    samples = [scene(), photograph(), scene(), panorama(), photograph(32, 32), photograph()]
    scenes, photographs, light, square = collate_kinds(samples)
    assert isinstance(scenes, SceneBatch)
    assert isinstance(photographs, NearnessBatch)
    assert isinstance(light, LightBatch)
    assert [len(part[0]) for part in (scenes, photographs, light, square)] == [2, 2, 1, 1]
    torch.testing.assert_close(scenes.disparity[1], samples[2].disparity)
    torch.testing.assert_close(scenes.radiance[0], samples[0].radiance)
    torch.testing.assert_close(photographs.nearness[1], samples[5].nearness)
    assert scenes.focus.deep is scenes.deep


def test_a_mixture_is_drawn_with_the_view_of_each_kind():
    def half(sample, generator):
        assert isinstance(generator, torch.Generator)
        return NearnessSample(sample.name, sample.image[..., :32], sample.nearness[..., :32])

    parts = {"scenes": [scene()], "photographs": [photograph()], "light": [panorama()]}
    data = MixedData(
        train=WeightedMixture(parts, {"scenes": 2, "photographs": 1, "light": 1}),
        validation=ConcatDataset([[scene()], [photograph()]]),
        view=Views(scene=same, nearness=half, light=same),
        batch_size=4,
    )
    (batch,) = list(data.train_dataloader())
    sizes = {type(part): (len(part[0]), part[0].shape[-1]) for part in batch}
    assert sizes == {SceneBatch: (2, 48), NearnessBatch: (1, 32), LightBatch: (1, 32)}
    whole = [part for (part,) in data.val_dataloader()]
    assert [type(part) for part in whole] == [SceneBatch, NearnessBatch]
    assert whole[1].image.shape[-1] == 64


def test_each_kind_counts_by_its_share_of_the_batch(task):
    batch = collate_kinds([scene(), photograph(), photograph(), panorama()])
    total = task.training_step(batch, 0)
    terms = [task.logged[f"train/{name}"] for name in ("scenes", "nearness", "light")]
    assert total.item() == pytest.approx(terms[0] / 4 + terms[1] / 2 + terms[2] / 4, rel=1e-5)
    assert task.logged["train/loss"] == pytest.approx(total.item())


def test_a_step_moves_the_trunk_less(task):
    before = {name: tensor.detach().clone() for name, tensor in task.model.named_parameters()}
    task.training_step(collate_kinds([scene(), photograph(), panorama()]), 0).backward()
    task.configure_optimizers().step()
    moved = {
        name: (tensor.detach() - before[name]).abs().max().item()
        for name, tensor in task.model.named_parameters()
    }
    trunk = max(change for name, change in moved.items() if name.startswith("trunk"))
    rest = max(change for name, change in moved.items() if not name.startswith("trunk"))
    assert 0 < trunk < 1.01e-4
    assert 9e-4 < rest < 1.01e-3


def test_validation_tells_each_kind(task):
    outputs = task.validation_step(collate_kinds([scene()]), 0)
    assert outputs["rendered"].shape == (1, 3, 32, 48)
    task.validation_step(collate_kinds([photograph()]), 1)
    loss, scenes, nearness, light, score = (task.scores[name].compute() for name in task.SCORES)
    assert loss == pytest.approx(float(scenes + nearness) / 2)
    assert light.isnan()
    assert 5 < score < 30


def test_what_is_not_finite_stops_before_the_renderer(task):
    torch.nn.init.constant_(task.model.scale_and_centre.bias, float("nan"))
    assert not task.training_step(collate_kinds([scene()]), 0).isfinite()


def test_a_batch_of_several_kinds_is_kept_whole(task, tmp_path):
    batch = collate_kinds([scene(), photograph(), panorama()])
    stop = StopOnNonFinite(dirpath=str(tmp_path))
    data = SimpleNamespace(names=lambda _epoch, _index: ["scene", "photograph", "panorama"])
    trainer = SimpleNamespace(datamodule=data, current_epoch=2, global_step=7)
    stop.on_train_batch_start(trainer, task, batch, 0)
    with pytest.raises(InputError, match="loss of step 8"):
        stop.on_before_backward(trainer, task, torch.tensor(math.nan))
    kept = load_batch(tmp_path / "batch.safetensors")
    assert [type(part) for part in kept.batch] == [SceneBatch, NearnessBatch, LightBatch]
    torch.testing.assert_close(kept.batch[1].nearness, batch[1].nearness)
    assert kept.names == ["scene", "photograph", "panorama"]
